//go:build (amd64 || arm64) && gc && !purego

package ige

import "crypto/cipher"

func stdSchedules(cipher.Block) (nr int, enc, dec *schedule) { return 0, nil, nil }
