//go:build !arm || !gc || purego

package cpuid

const ARMHasAES = false
