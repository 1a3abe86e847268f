//go:build (amd64 || arm) && gc && !purego

package ige

// The software AES, under the names that ige_asm.go dispatches to without AES
// instructions: where there is none in assembly, the one in Go.

func expandSoftware(enc, dec *schedule, key *[KeySize]byte) { expandGeneric(enc, dec, key[:]) }

func encryptSoftware(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	encryptGeneric(nr, xk, iv, dst, src)
}

func decryptSoftware(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	decryptGeneric(nr, xk, iv, dst, src)
}

func encryptMessageSoftware(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	encryptMessageGeneric(key, iv, dst, src)
}

func decryptMessageSoftware(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	decryptMessageGeneric(key, iv, dst, src)
}
