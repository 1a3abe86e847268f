//go:build !amd64 || !gc || purego

package ige

// oneShotPays: only amd64 has kernels for a few messages that expand their keys themselves.
func oneShotPays(sizes) bool { return false }

func cryptOneShot([]Message, int, bool) { panic("ige: internal error: no kernels") }
