package asm

// DIT says that the CPU has data-independent timing, FEAT_DIT. Then kernels ask for it while they
// run. Package ige sets it before the first call.
var DIT bool
