//go:build valgrind && linux && gc && !purego

package envelope

import (
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/kdf"
)

// TestMemcheck has sealing and opening without AES instructions. Secret are the
// authorization key and the text; whether msg_key was right is public once it was
// compared.
func TestMemcheck(t *testing.T) {
	t.Setenv("GODEBUG", "cpu.aes=off")
	if ct.Subject() && Backend() != "generic" {
		t.Fatalf("%s is in use", Backend())
	}
	text := plaintextV1(SecretChat.header(), 56)
	secret := append(newAuthKey(1)[:], text...)
	packet := referenceSeal(newAuthKey(1), kdf.Client, random(64))
	wrong := append([]byte(nil), packet...)
	wrong[len(wrong)-1] ^= 1

	seal := func(secret []byte) []byte {
		packet, _ := Seal(nil, (*kdf.AuthKey)(secret), kdf.Client, secret[kdf.AuthKeySize:], PadRandom)
		return packet
	}
	open := func(packet []byte) ct.Case {
		return ct.Case{
			Secrets: [][]byte{secret},
			Run: func(secret []byte) []byte {
				if result, err := Open(nil, (*kdf.AuthKey)(secret), kdf.Client, packet); err == nil {
					return result
				}
				return secret
			},
			Public: []string{"envelope.(*opening).finish"},
		}
	}
	// In MTProto 1.0 the length is secret as well, until it is used to cut the result.
	openV1 := func(packet []byte, public ...string) ct.Case {
		return ct.Case{
			Secrets: [][]byte{secret},
			Run: func(secret []byte) []byte {
				if result, err := OpenV1(nil, (*kdf.AuthKey)(secret), kdf.Client, packet, SecretChat); err == nil {
					return result
				}
				return secret
			},
			Public: append(public, "envelope.(*opening).finish"),
		}
	}
	sealV1 := func(secret []byte) []byte {
		packet, _ := SealV1(nil, (*kdf.AuthKey)(secret), kdf.Client, secret[kdf.AuthKeySize:])
		return packet
	}
	packetV1 := referenceSealV1(newAuthKey(1), kdf.Client, text, random(4))
	for name, c := range map[string]ct.Case{
		"Seal":          {Secrets: [][]byte{secret}, Run: seal},
		"Open, right":   open(packet),
		"Open, wrong":   open(wrong),
		"SealV1":        {Secrets: [][]byte{secret}, Run: sealV1},
		"OpenV1, right": openV1(packetV1, "envelope.trim"),
		"OpenV1, wrong": openV1(wrongV1(newAuthKey(1), text, 4)),
		"planted index": {Secrets: [][]byte{secret}, Run: planted(seal), Planted: true},
	} {
		t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
	}
}
