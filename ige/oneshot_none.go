//go:build !amd64 || !gc || purego

package ige

// oneShotFits: only amd64 has kernels for several messages that expand their keys themselves.
func oneShotFits(sizes) bool { return false }

func oneShotPays(sizes, bool, bool) bool { return false }

func oneShotForMany() bool { return false }

func cryptOneShot([]Message, int, bool) { panic("ige: internal error: no kernels") }

func cryptMany([]Message, bool) { panic("ige: internal error: no kernels") }

func cryptTeam([]Message, []int, bool) { panic("ige: internal error: no kernels") }
