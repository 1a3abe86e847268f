package adapter

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/subtle"
	"fmt"
	"io"
	"math"
	"math/big"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/pq"
	"github.com/mtcore/mtcore/internal/rsa2048"
	"github.com/mtcore/mtcore/internal/rsapad"
	"github.com/mtcore/mtcore/internal/sha1"
	"github.com/mtcore/mtcore/internal/stack"
	"github.com/mtcore/mtcore/kdf"
)

// CheckSafePrime returns an error unless p and (p-1)/2 are primes. Telegram's prime is
// recognised at once, and the verdict on other primes of 2048 bits is remembered; see
// [bigdh.NewGroup].
func CheckSafePrime(p *big.Int) error {
	if p.Sign() > 0 && p.BitLen() == 8*bigdh.Size {
		_, err := bigdh.NewGroup(p.Bytes(), 4) // 4 is a square modulo any prime.
		return err
	}
	// No group has a p of another size, and larger ones would take long to check.
	half := new(big.Int).Rsh(p, 1)
	if p.BitLen() > 8*bigdh.Size || !p.ProbablyPrime(64) || !half.ProbablyPrime(64) {
		return bigdh.ErrPrime
	}
	return nil
}

// CheckGroup returns an error unless p, big-endian, is a safe prime of 2048 bits, and g, from
// 2 to 7, generates the squares modulo p. It takes no time for Telegram's prime; see
// [bigdh.NewGroup].
func CheckGroup(p []byte, g int) error {
	_, err := bigdh.NewGroup(p, g)
	return err
}

// Exp returns base^exp mod m. For an odd m of 2048 bits and exp ≥ 0 it is constant-time: base
// and exp are secret, except for the length of an exp above 2048 bits, in steps of 256. For
// anything else it is math/big's Exp, including the nil for an inverse that does not exist. A
// base that is negative or not below m is reduced first, as in math/big.
//
// Powers of 2 to 7 modulo Telegram's prime are several times as fast as others.
func Exp(base, exp, m *big.Int) *big.Int {
	if m == nil || m.Sign() <= 0 || m.BitLen() != 8*bigdh.Size || m.Bit(0) == 0 || exp.Sign() < 0 {
		return new(big.Int).Exp(base, exp, m)
	}
	stack.Reserve48K()
	modulus := m.Bytes()
	size := max(bigdh.Size, (exp.BitLen()+255)/256*32)
	e := exp.FillBytes(make([]byte, size))
	defer clear(e)
	var x [bigdh.Size]byte
	if size == bigdh.Size && smallPower(&x, base, (*[bigdh.Size]byte)(e), modulus) {
		return new(big.Int).SetBytes(x[:])
	}
	if base.Sign() < 0 || base.Cmp(m) >= 0 {
		base = new(big.Int).Mod(base, m)
	}
	base.FillBytes(x[:])
	n, err := bigdh.NewModulus(modulus)
	if err != nil {
		panic("adapter: internal error: " + err.Error()) // It is odd and has 2048 bits.
	}
	n.Exp(&x, &x, e)
	y := new(big.Int).SetBytes(x[:])
	clear(x[:])
	return y
}

// smallPower sets y to base^e if base is a generator with Telegram's prime, for which package
// bigdh has tables. Such a base is not secret.
func smallPower(y *[bigdh.Size]byte, base *big.Int, e *[bigdh.Size]byte, modulus []byte) bool {
	if !base.IsInt64() {
		return false
	}
	group, err := bigdh.Telegram(int(base.Int64()))
	if err != nil {
		return false
	}
	if prime := group.Prime(); !bytes.Equal(prime[:], modulus) {
		return false
	}
	powerOfGenerator(y, group, e)
	return true
}

// powerOfGenerator sets y to g^e, in constant time. NewPrivateKey, which has tables of powers,
// refuses exponents whose public value no peer accepts, such as 1.
func powerOfGenerator(y *[bigdh.Size]byte, group *bigdh.Group, e *[bigdh.Size]byte) {
	if key, err := group.NewPrivateKey(e[:]); err == nil {
		*y = key.PublicKey().Bytes()
		key.Wipe()
		return
	}
	g := [bigdh.Size]byte{bigdh.Size - 1: byte(group.Generator())}
	if err := group.Exp(y, &g, e); err != nil {
		panic("adapter: internal error: " + err.Error())
	}
}

// DecomposePQ returns the primes p < q with the given product, the proof of work that servers
// ask for. It takes a bounded number of steps, about a millisecond, whatever the number, and
// returns an error unless the number is the product of two different odd primes below 2^63.
// None of this is secret.
func DecomposePQ(product *big.Int) (p, q *big.Int, err error) {
	if !product.IsUint64() {
		return nil, nil, pq.ErrNumber
	}
	a, b, err := pq.Factor(context.Background(), product.Uint64())
	if err != nil {
		return nil, nil, err
	}
	return new(big.Int).SetUint64(a), new(big.Int).SetUint64(b), nil
}

// RSAPad encrypts up to 144 bytes for a server with RSA_PAD. From random it reads the
// padding, up to 192 bytes including the data, and then 32 bytes for each key that it tries.
// It returns an error if the data is longer, if the key does not have 2048 bits, or if random
// fails. The data is secret, and the time does not depend on it.
func RSAPad(data []byte, key *rsa.PublicKey, random io.Reader) ([]byte, error) {
	if len(data) > rsapad.MaxData {
		return nil, fmt.Errorf("adapter: %d bytes of data for RSA_PAD, and %d is the most", len(data), rsapad.MaxData)
	}
	if key.N == nil || key.N.Sign() <= 0 || key.E < 0 || int64(key.E) > math.MaxUint32 {
		return nil, rsa2048.ErrKey
	}
	public, err := rsa2048.NewPublicKey(key.N.Bytes(), uint32(key.E))
	if err != nil {
		return nil, err
	}
	var out [rsapad.Size]byte
	if err := rsapad.Seal(&out, public, data, random); err != nil {
		return nil, err
	}
	return out[:], nil
}

// DecodeRSAPad is what a server does with the result of RSAPad. It returns 192 bytes, the
// data and the padding. The error is ErrDecrypt for anything that RSAPad does not return, and
// another one if the key is not valid or does not have two primes of 1024 bits each. It is
// constant-time, except that it validates the key on each call: a real server should use
// package authkey, which does so once.
func DecodeRSAPad(data []byte, key *rsa.PrivateKey) ([]byte, error) {
	stack.Reserve64K()
	private, err := rsa2048.NewPrivateKey(key)
	if err != nil {
		return nil, err
	}
	defer private.Wipe()
	var padded [rsapad.PaddedSize]byte
	switch err := rsapad.Open(&padded, private, data); err {
	case nil:
		return padded[:], nil
	case rsapad.ErrData:
		return nil, ErrDecrypt
	default:
		return nil, err
	}
}

// TempKeys returns the key and the iv, of 32 bytes each, that protect the auth-key exchange.
// It panics if newNonce has more than 32 bytes or serverNonce more than 16.
func TempKeys(newNonce, serverNonce *big.Int) (key, iv []byte) {
	stack.Reserve8K()
	var n, k, v [32]byte
	var s [16]byte
	newNonce.FillBytes(n[:])
	serverNonce.FillBytes(s[:])
	kdf.TempKeys(&k, &v, &n, &s)
	key, iv = append(key, k[:]...), append(iv, v[:]...)
	clear(n[:])
	clear(k[:])
	clear(v[:])
	return key, iv
}

// EncryptAnswer encrypts a message of the exchange, preceded by its SHA-1 and followed by 0
// to 15 bytes of padding from random. The only errors are those of random. It panics unless
// key and iv have 32 bytes.
func EncryptAnswer(random io.Reader, answer, key, iv []byte) ([]byte, error) {
	n := sha1.Size + len(answer)
	out := make([]byte, n+(-n)&(ige.BlockSize-1))
	sha1.Sum((*[sha1.Size]byte)(out), answer)
	copy(out[sha1.Size:], answer)
	if _, err := io.ReadFull(random, out[n:]); err != nil {
		return nil, err
	}
	ige.EncryptAES256Blocks(key, iv, out, out)
	return out, nil
}

// DecryptAnswer decrypts the result of EncryptAnswer. Only the hash shows how long the answer
// is: it is compared with the hash of each of the sixteen lengths that the padding allows,
// always all of them. The only error is ErrDecrypt. It panics unless key and iv have 32
// bytes.
func DecryptAnswer(data, key, iv []byte) ([]byte, error) {
	if len(data) < sha1.Size || len(data)%ige.BlockSize != 0 {
		return nil, ErrDecrypt
	}
	plain := make([]byte, len(data))
	ige.DecryptAES256Blocks(key, iv, plain, data)
	want, rest := plain[:sha1.Size], plain[sha1.Size:]
	var sum [sha1.Size]byte
	length, ok := 0, 0
	for padding := 0; padding < ige.BlockSize && padding <= len(rest); padding++ {
		n := len(rest) - padding
		sha1.Sum(&sum, rest[:n])
		match := subtle.ConstantTimeCompare(sum[:], want)
		length = subtle.ConstantTimeSelect(match&^ok, n, length)
		ok |= match
	}
	if ok != 1 {
		clear(plain)
		return nil, ErrDecrypt
	}
	return rest[:length], nil
}
