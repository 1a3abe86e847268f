//go:build !amd64 || !gc || purego

package limit

const availableVAES512 = false

func chainsVAES512(int) { panic("limit: not available") }
