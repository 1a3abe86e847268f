package prove

// unproven has the kernels that are not proven, and why.
var unproven = map[string]string{}
