//go:build !(ppc64 || ppc64le || s390x) || !gc || purego

package cpuid

const StdlibHasAES = false
