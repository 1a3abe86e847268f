package authkey

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"

	"github.com/mtcore/mtcore/internal/rsa2048"
	"github.com/mtcore/mtcore/internal/secret"
	"github.com/mtcore/mtcore/internal/tl"
)

// rsaSize is the length of a modulus in bytes, the only one that MTProto has.
const rsaSize = 256

// PublicKey is the RSA key of 2048 bits by which clients know a server. It is immutable and
// safe for concurrent use.
type PublicKey struct {
	rsa         *rsa2048.PublicKey
	fingerprint int64
}

// ParsePublicKey returns the first key in a PEM text: "RSA PUBLIC KEY" (PKCS #1), the form
// in which Telegram publishes its keys, or "PUBLIC KEY" (PKIX). The modulus must have
// exactly 2048 bits, and the exponent must be odd and from 3 to 2^31-1.
func ParsePublicKey(text []byte) (*PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("authkey: no key in PEM")
	}
	switch block.Type {
	case "RSA PUBLIC KEY":
		key, err := x509.ParsePKCS1PublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("authkey: %w", err)
		}
		return newPublicKey(key)
	case "PUBLIC KEY":
		any, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("authkey: %w", err)
		}
		key, ok := any.(*rsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("authkey: %T is not an RSA key", any)
		}
		return newPublicKey(key)
	}
	return nil, fmt.Errorf("authkey: PEM of type %q is not a public key", block.Type)
}

func newPublicKey(key *rsa.PublicKey) (*PublicKey, error) {
	if key.N.BitLen() != 8*rsaSize || key.N.Bit(0) == 0 {
		return nil, fmt.Errorf("authkey: modulus is not an odd number of %d bits", 8*rsaSize)
	}
	if key.E < 3 || key.E&1 == 0 || int64(key.E) > 1<<31-1 {
		return nil, errors.New("authkey: exponent is not an odd number from 3 to 2^31-1")
	}
	public, err := rsa2048.NewPublicKey(key.N.Bytes(), uint32(key.E))
	if err != nil {
		return nil, fmt.Errorf("authkey: %w", err)
	}
	return &PublicKey{public, fingerprint(key)}, nil
}

// fingerprint returns the last 64 bits of the SHA-1 of rsa_public_key n:string e:string,
// without its constructor.
func fingerprint(key *rsa.PublicKey) int64 {
	b := tl.AppendString(nil, key.N.Bytes())
	b = tl.AppendString(b, minimal(nil, uint64(key.E)))
	hash := sha1.Sum(b)
	return int64(binary.LittleEndian.Uint64(hash[12:]))
}

// Fingerprint returns the number by which servers name the key.
func (k *PublicKey) Fingerprint() int64 { return k.fingerprint }

// PrivateKey is the RSA key of a server. It is safe for concurrent use, except by Wipe.
type PrivateKey struct {
	rsa    *rsa2048.PrivateKey
	public *PublicKey
}

// ParsePrivateKey returns the first key in a PEM text: "RSA PRIVATE KEY" (PKCS #1) or
// "PRIVATE KEY" (PKCS #8). It must have two primes of exactly 1024 bits and a public key
// that ParsePublicKey accepts. Packages crypto/x509 and crypto/rsa, which parse and check it,
// leave copies in memory.
func ParsePrivateKey(text []byte) (k *PrivateKey, err error) {
	secret.Do(func() { k, err = parsePrivateKey(text) })
	return k, err
}

func parsePrivateKey(text []byte) (*PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("authkey: no key in PEM")
	}
	defer clear(block.Bytes)
	var key *rsa.PrivateKey
	switch block.Type {
	case "RSA PRIVATE KEY":
		var err error
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, fmt.Errorf("authkey: %w", err)
		}
	case "PRIVATE KEY":
		any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("authkey: %w", err)
		}
		var ok bool
		if key, ok = any.(*rsa.PrivateKey); !ok {
			return nil, fmt.Errorf("authkey: %T is not an RSA key", any)
		}
	default:
		return nil, fmt.Errorf("authkey: PEM of type %q is not a private key", block.Type)
	}
	return newPrivateKey(key)
}

func newPrivateKey(key *rsa.PrivateKey) (*PrivateKey, error) {
	public, err := newPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	private, err := rsa2048.NewPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("authkey: %w", err)
	}
	return &PrivateKey{private, public}, nil
}

// PublicKey returns the public key, which clients need.
func (k *PrivateKey) PublicKey() *PublicKey { return k.public }

// Fingerprint returns the fingerprint of the public key.
func (k *PrivateKey) Fingerprint() int64 { return k.public.fingerprint }

// Wipe erases the key. The key, and any Server that has it, panics when used afterwards.
func (k *PrivateKey) Wipe() { k.rsa.Wipe() }

// TelegramKeys returns the keys of Telegram's servers.
func TelegramKeys() []*PublicKey { return []*PublicKey{telegramKey()} }

// TelegramTestKeys returns the keys of Telegram's test servers.
func TelegramTestKeys() []*PublicKey { return []*PublicKey{telegramTestKey()} }

var (
	telegramKey     = sync.OnceValue(func() *PublicKey { return mustParse(telegramPEM) })
	telegramTestKey = sync.OnceValue(func() *PublicKey { return mustParse(telegramTestPEM) })
)

func mustParse(text string) *PublicKey {
	key, err := ParsePublicKey([]byte(text))
	if err != nil {
		panic("authkey: internal error: " + err.Error())
	}
	return key
}

// These keys are what https://my.telegram.org shows to developers and what official apps
// contain.
const (
	telegramPEM = `-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEA6LszBcC1LGzyr992NzE0ieY+BSaOW622Aa9Bd4ZHLl+TuFQ4lo4g
5nKaMBwK/BIb9xUfg0Q29/2mgIR6Zr9krM7HjuIcCzFvDtr+L0GQjae9H0pRB2OO
62cECs5HKhT5DZ98K33vmWiLowc621dQuwKWSQKjWf50XYFw42h21P2KXUGyp2y/
+aEyZ+uVgLLQbRA1dEjSDZ2iGRy12Mk5gpYc397aYp438fsJoHIgJ2lgMv5h7WY9
t6N/byY9Nw9p21Og3AoXSL2q/2IJ1WRUhebgAdGVMlV1fkuOQoEzR7EdpqtQD9Cs
5+bfo3Nhmcyvk5ftB0WkJ9z6bNZ7yxrP8wIDAQAB
-----END RSA PUBLIC KEY-----`
	telegramTestPEM = `-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAyMEdY1aR+sCR3ZSJrtztKTKqigvO/vBfqACJLZtS7QMgCGXJ6XIR
yy7mx66W0/sOFa7/1mAZtEoIokDP3ShoqF4fVNb6XeqgQfaUHd8wJpDWHcR2OFwv
plUUI1PLTktZ9uW2WE23b+ixNwJjJGwBDJPQEQFBE+vfmH0JP503wr5INS1poWg/
j25sIWeYPHYeOrFp/eXaqhISP6G+q2IeTaWTXpwZj4LzXq5YOpk4bYEQ6mvRq7D1
aHWfYmlEGepfaYR8Q0YqvvhYtMte3ITnuSJs171+GDqpdKcSwHnd6FudwGO4pcCO
j4WcDuXc2CTHgH8gFTNhp/Y8/SpDOhvn9QIDAQAB
-----END RSA PUBLIC KEY-----`
)
