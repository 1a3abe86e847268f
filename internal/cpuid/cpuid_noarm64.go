//go:build !arm64 || !gc || purego

package cpuid

const (
	ARM64HasAES   = false
	ARM64HasASIMD = false
	ARM64HasDIT   = false
	ARM64HasSHA2  = false
)
