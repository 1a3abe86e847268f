//go:build !(amd64 || arm64) || !gc || purego

package limit

const available = false

func chain(int) { panic("limit: not available") }

func chains(int) { panic("limit: not available") }
