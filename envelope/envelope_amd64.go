//go:build gc && !purego

package envelope

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var (
	// The kernels use the three-operand forms of AVX.
	useAESNISHANI = cpuid.X86HasAES && cpuid.X86HasAVX && cpuid.X86HasSHA
	// VAES is for two messages at a time, four and sixteen, which need more registers than
	// AVX has.
	useVAES = useAESNISHANI && cpuid.X86HasVAES &&
		cpuid.X86HasAVX512F && cpuid.X86HasAVX512BW && cpuid.X86HasAVX512VL
)

const useArmv8 = false // of another architecture

var backends = impl.New("envelope").Add("AES-NI+SHA-NI", &useAESNISHANI).Add("VAES", &useVAES)
