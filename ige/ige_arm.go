//go:build gc && !purego

package ige

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var useArmv8 = cpuid.ARMHasAES

// Of other architectures.
const (
	useAESNI = false
	useNEON  = false
)

var backends = impl.New("ige").Add("Armv8", &useArmv8)
