//go:build !amd64 || !gc || purego

package limit

const availableVAES256, availableVAES512 = false, false

func chainsVAES256(int) { panic("limit: not available") }

func chainsVAES512(int) { panic("limit: not available") }
