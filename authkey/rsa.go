package authkey

import (
	"crypto/rsa"
	"math/big"
)

// The two operations of RSA. For the time being they are those of package math/big, whose
// time depends on its operands.

// rsaPublic is the public operation, x^e mod n.
type rsaPublic struct {
	n [rsaSize]byte
	e uint32
}

func (k *rsaPublic) set(n *[rsaSize]byte, e uint32) { k.n, k.e = *n, e }

// apply sets x to x^e mod n, for x below n.
func (k *rsaPublic) apply(x *[rsaSize]byte) {
	b := new(big.Int).SetBytes(x[:])
	b.Exp(b, big.NewInt(int64(k.e)), new(big.Int).SetBytes(k.n[:])).FillBytes(x[:])
}

// rsaPrivate is the private operation, x^d mod n.
type rsaPrivate struct {
	key *rsa.PrivateKey
}

func (k *rsaPrivate) set(key *rsa.PrivateKey) error {
	k.key = key
	return nil
}

// apply sets x to x^d mod n, for x below n.
func (k *rsaPrivate) apply(x *[rsaSize]byte) error {
	b := new(big.Int).SetBytes(x[:])
	b.Exp(b, k.key.D, k.key.N).FillBytes(x[:])
	return nil
}
