package authkey

import (
	"crypto/rand"
	"fmt"

	"github.com/mtcore/mtcore/internal/rsapad"
)

const (
	maxRSAPadData = rsapad.MaxData
	paddedSize    = rsapad.PaddedSize
)

// rsaPad sets out to the encrypted data.
func (k *PublicKey) rsaPad(out *[rsaSize]byte, data []byte) {
	if err := rsapad.Seal(out, k.rsa, data, system{}); err != nil {
		panic("authkey: internal error: " + err.Error())
	}
}

// openRSAPad sets padded to the data and what followed it. The error is ErrPeer, unless the
// hardware is broken.
func (k *PrivateKey) openRSAPad(padded *[paddedSize]byte, data []byte) error {
	err := rsapad.Open(padded, k.rsa, data)
	if err == rsapad.ErrData {
		return ErrPeer
	}
	if err != nil {
		return fmt.Errorf("authkey: %w", err)
	}
	return nil
}

// system reads crypto/rand, which ends the program rather than fail.
type system struct{}

func (system) Read(b []byte) (int, error) { return rand.Read(b) }
