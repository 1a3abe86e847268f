package authkey

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// Binding is what auth.bindTempAuthKey says about a temporary key, apart from the two keys.
//
// See https://core.telegram.org/method/auth.bindTempAuthKey.
type Binding struct {
	// Nonce is random. Bind sets it, and the request carries it too.
	Nonce int64
	// SessionID is the id of the session in which the request is sent, with the temporary
	// key.
	SessionID int64
	// MsgID is the id of the message in which the request is sent.
	MsgID int64
	// ExpiresAt is when the temporary key expires, see Result. The request carries it too.
	ExpiresAt time.Time
}

const (
	bindHeader = 16 + 8 + 4 + 4 // random || msg_id || seq_no || length
	bindInner  = 40
)

// Bind sets b.Nonce and returns the encrypted_message of auth.bindTempAuthKey: 104 bytes
// with which a client proves that it has both keys. They alone are still encrypted as in
// MTProto 1.0, with the permanent key. Bind returns an error if ExpiresAt, in seconds since
// 1970, is not a positive number of at most 31 bits.
func Bind(perm, temp *kdf.AuthKey, b *Binding) ([]byte, error) {
	if t := b.ExpiresAt.Unix(); t <= 0 || t > math.MaxInt32 {
		return nil, errors.New("authkey: ExpiresAt out of range")
	}
	var nonce [8]byte
	rand.Read(nonce[:])
	b.Nonce = int64(binary.LittleEndian.Uint64(nonce[:]))
	inner := b.inner(perm, temp.Fingerprint())
	return sealBinding(perm, b.MsgID, &inner)
}

func (b *Binding) inner(perm *kdf.AuthKey, tempKeyID int64) tl.BindAuthKeyInner {
	return tl.BindAuthKeyInner{
		Nonce:         b.Nonce,
		TempKeyID:     tempKeyID,
		PermKeyID:     perm.Fingerprint(),
		TempSessionID: b.SessionID,
		ExpiresAt:     int32(b.ExpiresAt.Unix()),
	}
}

func sealBinding(perm *kdf.AuthKey, msgID int64, inner *tl.BindAuthKeyInner) ([]byte, error) {
	var plaintext [bindHeader + bindInner]byte
	rand.Read(plaintext[:16])
	b := binary.LittleEndian.AppendUint64(plaintext[:16], uint64(msgID))
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, bindInner)
	return envelope.SealV1(nil, perm, kdf.Client, inner.Append(b))
}

// OpenBind is the server's side: it checks an encrypted_message against b, which holds what
// the request and the message around it say. It returns ErrPeer if anything differs.
func OpenBind(perm, temp *kdf.AuthKey, b *Binding, encryptedMessage []byte) error {
	plaintext, err := envelope.OpenV1(nil, perm, kdf.Client, encryptedMessage, envelope.CloudChat)
	if err != nil || len(plaintext) != bindHeader+bindInner {
		return ErrPeer
	}
	inner, err := tl.ParseBindAuthKeyInner(plaintext[bindHeader:])
	msgID := int64(binary.LittleEndian.Uint64(plaintext[16:]))
	seqNo := binary.LittleEndian.Uint32(plaintext[24:])
	if err != nil || inner != b.inner(perm, temp.Fingerprint()) || msgID != b.MsgID || seqNo != 0 {
		return ErrPeer
	}
	return nil
}
