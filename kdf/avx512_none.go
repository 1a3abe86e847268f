//go:build arm64 && gc && !purego

package kdf

// What kdf_asm.go would call if useAVX512 were not a constant here. The compiler leaves the
// calls out.

func worthWide(jobs []Job) bool { panic(errNoAVX512) }

func msgKeyAVX512(jobs []Job, order []uint8) (rest []uint8) { panic(errNoAVX512) }

func deriveBatchAVX512(jobs []Job) (rest []Job) { panic(errNoAVX512) }

const errNoAVX512 = "kdf: internal error: no AVX-512"
