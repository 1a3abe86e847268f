// Package kdf derives what Telegram's MTProto derives from an authorization key:
// message keys, AES keys and ivs, fingerprints and the picture of a secret chat's key.
// It is for clients, servers and tools that speak MTProto, and no use to others; for
// something new see crypto/hkdf.
//
// MTProto 2.0, with K the authorization key, T a plaintext with its padding, and x
// standing for the side that sent it:
//
//	msg_key = SHA256( K[88+x : 120+x] || T )[8:24]
//	A       = SHA256( msg_key || K[x : x+36] )
//	B       = SHA256( K[40+x : 76+x] || msg_key )
//	key     = A[0:8] || B[8:24] || A[24:32]
//	iv      = B[0:8] || A[8:24] || B[24:32]
//
// The msg_key travels with the message and is the only check of its integrity: who
// decrypts must call [AuthKey.Verify] before any use of the plaintext, and must answer
// the same way, and as fast, whether that or something before it fails.
//
// Keys, plaintexts and whatever comes out here, but for message keys and fingerprints,
// are secret: no branch and no memory address depends on them. Lengths and sides are
// public. Copies made on the way are cleared, as far as they are this package's; the
// standard library's hashes, where they do the work, leave theirs.
//
// SHA-1 and MD5 are MTProto's choice: with GODEBUG=fips140=only, where the standard library
// refuses them, [AuthKey.ID], [AuthKey.Fingerprint], [FileFingerprint] and [Visualization]
// panic. Nothing here is approved by FIPS 140.
//
// Nothing allocates, but for pictures and their text, and for message keys of 4 KiB and
// more of plaintext where [Backend] is "generic": these cost two allocations each.
package kdf

import (
	"crypto/md5"
	stdsha1 "crypto/sha1"
	"crypto/subtle"
	"encoding/binary"

	"github.com/mtcore/mtcore/internal/kdfspec"
	"github.com/mtcore/mtcore/internal/sha1"
	"github.com/mtcore/mtcore/internal/stack"
)

// Sizes in bytes.
const (
	AuthKeySize = kdfspec.AuthKeySize
	MsgKeySize  = kdfspec.MsgKeySize
)

// Backend names the implementation that this machine uses, such as
// "AVX-512+SHA-NI", "Armv8" or "generic", which is crypto/sha256.
func Backend() string { return backends.String() }

// AuthKey is an authorization key, or the key of a secret chat: the result of a
// Diffie–Hellman exchange, big-endian and padded with zeros on the left.
type AuthKey [AuthKeySize]byte

// MsgKey is a message key: the part of a hash of a message from which, together with
// the authorization key, the keys of its encryption are derived.
type MsgKey [MsgKeySize]byte

// Side tells who sent a message, that is, its direction. A secret chat has no client and no
// server: the side that requested the chat is the Client, and the one that accepted it the
// Server. In secret chats under MTProto 1.0 both are the Client.
type Side uint8

const (
	Client Side = iota
	Server
)

// Opposite returns the other side.
func (s Side) Opposite() Side { return s ^ 1 }

// offset is the x of the formulas.
func (s Side) offset() int {
	if s > Server {
		panic("kdf: invalid side")
	}
	return 8 * int(s)
}

// MsgKey returns the message key of MTProto 2.0 for a plaintext with its padding.
func (k *AuthKey) MsgKey(side Side, padded []byte) MsgKey {
	backends.Ready()
	stack.Reserve4K()
	var m MsgKey
	msgKey(&m, k.hashPart(side), padded)
	return m
}

// hashPartSize is how much of an authorization key goes into message keys.
const hashPartSize = kdfspec.HashSize

func (k *AuthKey) hashPart(side Side) *[hashPartSize]byte {
	return kdfspec.HashPart((*[AuthKeySize]byte)(k), side.offset())
}

// Verify reports whether m is the message key of MTProto 2.0 for a plaintext with its
// padding. It takes the same time whether it is or not.
func (k *AuthKey) Verify(side Side, m *MsgKey, padded []byte) bool {
	want := k.MsgKey(side, padded)
	return subtle.ConstantTimeCompare(want[:], m[:]) == 1
}

// Derive sets key and iv to those of the message with the message key m, for
// AES-256-IGE, as MTProto 2.0 does.
func (k *AuthKey) Derive(key, iv *[32]byte, side Side, m *MsgKey) {
	backends.Ready()
	stack.Reserve4K()
	derive(key, iv, k.derivePart(side), m)
}

// derivePart returns the authorization key from byte x on. Of it 76 bytes are used;
// kernels load whole vectors.
func (k *AuthKey) derivePart(side Side) *[96]byte {
	return (*[96]byte)(k[side.offset():])
}

// ID returns the auth_key_id, in a secret chat the key_fingerprint: what precedes
// every message to tell the receiver which key it is for. It is not secret, and proves
// nothing.
func (k *AuthKey) ID() [8]byte {
	stack.Reserve4K()
	hash := stdsha1.Sum(k[:]) // faster, and there is nothing left to be copied after the last block
	id := [8]byte(hash[12:20])
	clear(hash[:])
	return id
}

// Fingerprint returns ID as a TL long: the same bytes, read in little-endian order.
func (k *AuthKey) Fingerprint() int64 {
	id := k.ID()
	return int64(binary.LittleEndian.Uint64(id[:]))
}

// Wipe erases the key.
func (k *AuthKey) Wipe() { clear(k[:]) }

// FileFingerprint returns the fingerprint of the key and the iv of a secret chat's
// file, which tells the receiver of the file that it has the right ones.
func FileFingerprint(key, iv *[32]byte) int32 {
	stack.Reserve4K()
	var both [64]byte
	copy(both[:32], key[:])
	copy(both[32:], iv[:])
	hash := md5.Sum(both[:])
	fingerprint := binary.LittleEndian.Uint32(hash[0:4]) ^ binary.LittleEndian.Uint32(hash[4:8])
	clear(both[:])
	clear(hash[:])
	return int32(fingerprint)
}

// TempKeys sets key and iv to those which protect the exchange of an authorization
// key, with N the new nonce and S the server's:
//
//	key = SHA1( N || S ) || SHA1( S || N )[0:12]
//	iv  = SHA1( S || N )[12:20] || SHA1( N || N ) || N[0:4]
func TempKeys(key, iv *[32]byte, newNonce *[32]byte, serverNonce *[16]byte) {
	stack.Reserve4K()
	n, s := newNonce[:], serverNonce[:]
	var ns, sn [48]byte
	var nn [64]byte
	concat(ns[:], n, s)
	concat(sn[:], s, n)
	concat(nn[:], n, n)
	var hashNS, hashSN, hashNN [sha1.Size]byte
	sha1.Sum(&hashNS, ns[:])
	sha1.Sum(&hashSN, sn[:])
	sha1.Sum(&hashNN, nn[:])
	var end [4]byte // since newNonce may be key or iv
	copy(end[:], n)

	concat(key[:], hashNS[:], hashSN[:12])
	concat(iv[:], hashSN[12:], hashNN[:], end[:])

	clear(ns[:])
	clear(sn[:])
	clear(nn[:])
	clear(hashNS[:])
	clear(hashSN[:])
	clear(hashNN[:])
	clear(end[:])
}

// concat fills dst with the parts, one after the other.
func concat(dst []byte, parts ...[]byte) {
	for _, part := range parts {
		dst = dst[copy(dst, part):]
	}
}
