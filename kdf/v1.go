package kdf

import (
	"github.com/mtcore/mtcore/internal/sha1"
	"github.com/mtcore/mtcore/internal/stack"
)

// MTProto 1.0 is what servers still ask for when a temporary key is bound, and what old
// secret chats were encrypted with. Its message keys leave the padding out, which is
// why 2.0 exists.

// MsgKeyV1 returns the message key of MTProto 1.0 for a plaintext without padding. It
// does not depend on the authorization key:
//
//	msg_key = SHA1( plaintext )[4:20]
func (k *AuthKey) MsgKeyV1(plaintext []byte) MsgKey {
	stack.Reserve4K()
	var hash [sha1.Size]byte
	sha1.Sum(&hash, plaintext)
	return MsgKey(hash[4:20])
}

// DeriveV1 sets key and iv to those of the message with the message key m, as MTProto
// 1.0 does:
//
//	A   = SHA1( msg_key || K[x : x+32] )
//	B   = SHA1( K[32+x : 48+x] || msg_key || K[48+x : 64+x] )
//	C   = SHA1( K[64+x : 96+x] || msg_key )
//	D   = SHA1( msg_key || K[96+x : 128+x] )
//	key = A[0:8]  || B[8:20] || C[4:16]
//	iv  = A[8:20] || B[0:8]  || C[16:20] || D[0:8]
func (k *AuthKey) DeriveV1(key, iv *[32]byte, side Side, m *MsgKey) {
	stack.Reserve4K()
	part := (*[128]byte)(k[side.offset():])
	mk := m[:]
	var buf [48]byte
	var a, b, c, d [sha1.Size]byte
	concat(buf[:], mk, part[0:32])
	sha1.Sum(&a, buf[:])
	concat(buf[:], part[32:48], mk, part[48:64])
	sha1.Sum(&b, buf[:])
	concat(buf[:], part[64:96], mk)
	sha1.Sum(&c, buf[:])
	concat(buf[:], mk, part[96:128])
	sha1.Sum(&d, buf[:])

	concat(key[:], a[0:8], b[8:20], c[4:16])
	concat(iv[:], a[8:20], b[0:8], c[16:20], d[0:8])

	clear(buf[:])
	clear(a[:])
	clear(b[:])
	clear(c[:])
	clear(d[:])
}
