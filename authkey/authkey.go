// Package authkey implements both sides of the exchange in which a Telegram client and a
// server agree on an MTProto authorization key. It is the first thing a client does; before
// it, everything is in the clear. Package envelope takes over from there.
//
// The package does no I/O: message bodies go in and come out, and the caller carries them.
// They travel as unencrypted messages, so the caller puts a header around each: an
// auth_key_id of eight zeros, a message id and a length. [Client.Start] returns the first
// message; after that, each side is given what the other one sent until there is a
// [Result]:
//
//	client                              server
//	req_pq_multi                 →
//	                             ←      resPQ
//	req_DH_params                →
//	                             ←      server_DH_params_ok
//	set_client_DH_params         →
//	                             ←      dh_gen_ok, or dh_gen_retry
//
// A client knows the server by its RSA key, see [TelegramKeys]. A server knows nothing
// about the client except that it has done some work, see [FactorPQ]. One that has many clients
// takes several messages at once, see [StepBatch]. A key is either permanent, or temporary and
// tied to a permanent one by [Bind].
//
// Every step happens once, in this order. Whatever is wrong with a message from the peer,
// there is one error, [ErrPeer]. Any error ends the exchange: the caller closes the
// connection and may start over. Secrets are erased at the end, after an error, and by
// Wipe. What is on the wire, when, and whether an exchange has failed is public. New
// nonces, private keys, exponents and the resulting key are secret, and no branch and no
// memory address depends on them. What crypto/x509 and crypto/rsa keep of a private key that
// they parse is out of reach, but in programs built with GOEXPERIMENT=runtimesecret.
//
// With GODEBUG=fips140=only, where the standard library refuses SHA-1, keys cannot be parsed:
// [ParsePublicKey], [ParsePrivateKey] and [TelegramKeys] panic.
//
// See https://core.telegram.org/mtproto/auth_key.
package authkey

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/pq"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

var (
	// ErrPeer says that the peer broke the protocol or gave up, or that somebody in between
	// changed what it sent. These cases cannot be told apart.
	ErrPeer = errors.New("authkey: peer broke the protocol")
	// ErrKey says that the server has none of the RSA keys that the client knows.
	ErrKey = errors.New("authkey: server has no known RSA key")
	// ErrState says that a method was called out of step: before Start, after the end,
	// after an error, or after Wipe.
	ErrState = errors.New("authkey: exchange is not at this step")
)

// Result is what an exchange produces.
type Result struct {
	// AuthKey is the authorization key.
	AuthKey kdf.AuthKey
	// Salt is the first server_salt.
	Salt int64
	// ServerTime is the server's clock, in whole seconds, when it sent its public value.
	ServerTime time.Time
	// ExpiresAt is when a temporary key expires, by the server's clock. It is zero for
	// permanent keys.
	ExpiresAt time.Time
}

// Wipe erases the key and the salt.
func (r *Result) Wipe() {
	r.AuthKey.Wipe()
	r.Salt = 0
}

// FactorPQ returns the primes p < q whose product is the big-endian number pq, which is the
// work a client has to do. It returns ErrPeer if pq is longer than eight bytes, is above
// 2^63-1, or is not the product of two different odd primes, and the error of ctx soon
// after ctx is done.
//
// It takes a fraction of a millisecond, and never more than 2^20 steps, which is a few
// milliseconds.
func FactorPQ(ctx context.Context, pqBytes []byte) (p, q uint64, err error) {
	if len(pqBytes) > 8 {
		return 0, 0, ErrPeer
	}
	var b [8]byte
	copy(b[len(b)-len(pqBytes):], pqBytes)
	p, q, err = pq.Factor(ctx, binary.BigEndian.Uint64(b[:]))
	if err == pq.ErrNumber {
		err = ErrPeer
	}
	return p, q, err
}

// minimal appends x to b as a big-endian number without leading zeros.
func minimal(b []byte, x uint64) []byte {
	var all [8]byte
	binary.BigEndian.PutUint64(all[:], x)
	i := 0
	for i < len(all) && all[i] == 0 {
		i++
	}
	return append(b, all[i:]...)
}

// exchange is the state that both sides have.
type exchange struct {
	state              state
	nonce, serverNonce tl.Int128
	newNonce           tl.Int256
	expiresIn          int32 // 0 for permanent keys
	attempts           int   // of agreeing on a key
	retryID            int64 // of the next attempt
	result             Result
}

// state is the step that comes next.
type state uint8

const (
	stateNew state = iota
	stateHello
	stateParams
	stateKey
	stateAgree // of a server, within StepBatch
	stateDone
	stateFailed
)

// maxAttempts bounds how often a server refuses a key because it already has one with the
// same id. By chance that does not happen even once.
const maxAttempts = 5

// takeResult returns a copy of the result, or ErrState before the last step is done.
func (x *exchange) takeResult() (*Result, error) {
	if x.state != stateDone {
		return nil, ErrState
	}
	r := x.result
	return &r, nil
}

// finish keeps the result and erases the new nonce, which is no longer needed.
func (x *exchange) finish(key *kdf.AuthKey, serverTime int32) {
	r := &x.result
	r.AuthKey = *key
	r.Salt = int64(binary.LittleEndian.Uint64(x.newNonce[:]) ^ binary.LittleEndian.Uint64(x.serverNonce[:]))
	r.ServerTime = time.Unix(int64(serverTime), 0)
	if x.expiresIn > 0 {
		r.ExpiresAt = r.ServerTime.Add(time.Duration(x.expiresIn) * time.Second)
	}
	clear(x.newNonce[:])
	x.state = stateDone
}

// wipe erases all secrets.
func (x *exchange) wipe() {
	clear(x.newNonce[:])
	x.result.Wipe()
	x.retryID = 0
	x.state = stateFailed
}

// sameNonces reports whether a message belongs to this exchange.
func (x *exchange) sameNonces(nonce, serverNonce *tl.Int128) bool {
	return subtle.ConstantTimeCompare(x.nonce[:], nonce[:])&
		subtle.ConstantTimeCompare(x.serverNonce[:], serverNonce[:]) == 1
}

// newNonceHash returns a hash that only somebody who knows the new nonce and the key can
// compute; n is the kind of answer:
//
//	aux_hash = SHA1( auth_key )[0:8]
//	hash     = SHA1( new_nonce || n || aux_hash )[4:20]
//
// It also returns aux_hash, by which a client names a failed attempt.
func (x *exchange) newNonceHash(key *kdf.AuthKey, n tl.Answer) (hash tl.Int128, auxHash int64) {
	keyHash := sha1.Sum(key[:])
	var b [32 + 1 + 8]byte
	copy(b[:], x.newNonce[:])
	b[32] = byte(n)
	copy(b[33:], keyHash[:8])
	all := sha1.Sum(b[:])
	hash = tl.Int128(all[4:])
	auxHash = int64(binary.LittleEndian.Uint64(keyHash[:]))
	clear(keyHash[:])
	clear(b[:])
	clear(all[:])
	sha1.Sum(nil) // overwrites the stack that the calls above used, and with it what they hashed
	return hash, auxHash
}

// The two inner messages are encrypted with keys derived from the nonces:
//
//	SHA1( data ) || data || up to 15 random bytes

const maxInnerPadding = 15

// sealInner encrypts b in place. It holds room for a hash, then the data, and has the
// capacity for the padding.
func (x *exchange) sealInner(b []byte) []byte {
	hash := sha1.Sum(b[sha1.Size:])
	copy(b, hash[:])
	n := len(b)
	b = b[:n+(-n&(ige.BlockSize-1))]
	rand.Read(b[n:])
	m := ige.Message{Dst: b, Src: b}
	kdf.TempKeys(&m.Key, &m.IV, &x.newNonce, &x.serverNonce)
	m.Encrypt()
	m.Wipe()
	return b
}

// openInner decrypts b in place and returns it: the hash, the data and the padding.
func (x *exchange) openInner(b []byte) ([]byte, error) {
	if len(b) < sha1.Size || len(b)%ige.BlockSize != 0 {
		return nil, ErrPeer
	}
	m := ige.Message{Dst: b, Src: b}
	kdf.TempKeys(&m.Key, &m.IV, &x.newNonce, &x.serverNonce)
	err := m.Decrypt()
	m.Wipe()
	if err != nil {
		panic("authkey: internal error: " + err.Error())
	}
	return b, nil
}

// checkInner reports whether the hash is that of the n bytes after it, and the rest is
// short enough to be padding.
func checkInner(plaintext []byte, n int) bool {
	data := plaintext[sha1.Size:]
	if len(data)-n > maxInnerPadding {
		return false
	}
	hash := sha1.Sum(data[:n])
	return subtle.ConstantTimeCompare(hash[:], plaintext[:sha1.Size]) == 1
}

// inSeconds returns d in seconds, rounded up, or panics.
func inSeconds(d time.Duration) int32 {
	s := (d + time.Second - 1) / time.Second
	if d < 0 || s > math.MaxInt32 {
		panic("authkey: ExpiresIn out of range")
	}
	return int32(s)
}

func checkDC(dc int) int32 {
	if int(int32(dc)) != dc {
		panic("authkey: DC out of range")
	}
	return int32(dc)
}
