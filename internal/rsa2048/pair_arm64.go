//go:build gc && !purego

package rsa2048

import "github.com/mtcore/mtcore/internal/impl"

// useRadix64 needs no feature: each of these CPUs has the instructions.
var useRadix64 = true

var backends = impl.New("rsa2048").Add("Armv8", &useRadix64)
