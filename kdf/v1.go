package kdf

import "crypto/sha1"

// MTProto 1.0 is what servers still ask for when a temporary key is bound, and what old
// secret chats were encrypted with. Its message keys leave the padding out, which is
// why 2.0 exists.

// MsgKeyV1 returns the message key of MTProto 1.0 for a plaintext without padding. It
// does not depend on the authorization key:
//
//	msg_key = SHA1( plaintext )[4:20]
func (k *AuthKey) MsgKeyV1(plaintext []byte) MsgKey {
	hash := sha1.Sum(plaintext)
	m := MsgKey(hash[4:20])
	clear(hash[:])
	return m
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
	part := (*[128]byte)(k[side.offset():])
	mk := m[:]
	var buf [48]byte
	concat(buf[:], mk, part[0:32])
	a := sha1.Sum(buf[:])
	concat(buf[:], part[32:48], mk, part[48:64])
	b := sha1.Sum(buf[:])
	concat(buf[:], part[64:96], mk)
	c := sha1.Sum(buf[:])
	concat(buf[:], mk, part[96:128])
	d := sha1.Sum(buf[:])

	concat(key[:], a[0:8], b[8:20], c[4:16])
	concat(iv[:], a[8:20], b[0:8], c[16:20], d[0:8])

	clear(buf[:])
	clear(a[:])
	clear(b[:])
	clear(c[:])
	clear(d[:])
}
