package adapter

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/srpcore"
	"github.com/mtcore/mtcore/internal/stack"
)

// SRP returns the A and M1 with which a client proves that it knows a password: see package
// srp. The modulus p and B are big-endian, and so is random, the client's secret exponent of
// up to 256 bytes. The client must make sure that it is random; the server knows the random
// bytes of account.password.
//
// The error is bigdh's if p is not a safe prime of 2048 bits, or if g is not a generator
// with it. Otherwise it is an error if B does not have 248 to 256 bytes, is 0 or not below p,
// or was chosen so that A and M1 would reveal something about the password; or if the exponent
// has more than 256 bytes. An empty password is treated like any other, since clients have their own
// ways to say that there is none. Passwords and exponents are secret, except for their
// lengths.
func SRP(password, salt1, salt2, p []byte, g int, srpB, random []byte) (a, m1 []byte, err error) {
	stack.Reserve64K()
	group, err := bigdh.NewGroup(p, g)
	if err != nil {
		return nil, nil, err
	}
	params := &srpcore.Params{Group: group, Salt1: salt1, Salt2: salt2}
	b, err := params.ParseB(srpB)
	if err != nil {
		return nil, nil, err
	}
	if len(random) > bigdh.Size {
		return nil, nil, fmt.Errorf("adapter: exponent of %d bytes, and %d is the most", len(random), bigdh.Size)
	}
	var x [sha256.Size]byte
	defer clear(x[:])
	if err := params.HashPassword(context.Background(), &x, salt1, password); err != nil {
		return nil, nil, err
	}
	var exponent [bigdh.Size]byte
	defer clear(exponent[:])
	copy(exponent[bigdh.Size-len(random):], random)
	var public [bigdh.Size]byte
	powerOfGenerator(&public, group, &exponent)
	proof, err := params.Prove(&x, &exponent, &public, &b)
	if err != nil {
		return nil, nil, err
	}
	return public[:], proof[:], nil
}

// SRPVerifier returns the verifier of a new password, and the salt1 that goes with it: the
// server's, followed by 32 bytes from random. The errors are those of SRP, and those of
// random.
func SRPVerifier(password, salt1, salt2, p []byte, g int, random io.Reader) (verifier, newSalt []byte, err error) {
	stack.Reserve48K()
	group, err := bigdh.NewGroup(p, g)
	if err != nil {
		return nil, nil, err
	}
	newSalt = slices.Concat(salt1, make([]byte, srpcore.SaltSize))
	if _, err := io.ReadFull(random, newSalt[len(salt1):]); err != nil {
		return nil, nil, err
	}
	params := &srpcore.Params{Group: group, Salt1: newSalt, Salt2: salt2}
	var x [sha256.Size]byte
	defer clear(x[:])
	if err := params.HashPassword(context.Background(), &x, newSalt, password); err != nil {
		return nil, nil, err
	}
	var v [srpcore.Size]byte
	params.Verifier(&v, &x)
	return v[:], newSalt, nil
}
