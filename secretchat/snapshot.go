package secretchat

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed state is
//
//	version(1) || nonce(24) || XChaCha20-Poly1305( what state.go writes )
//
// with these as additional data, so that it fits one chat with one peer:
//
//	"mtcore secret chat" || version(1) || chat id(8) || peer id(8)
//
// The nonce is random, and long enough to be.

const (
	stateVersion = 2
	stateHeader  = 1 + chacha20poly1305.NonceSizeX
	stateDomain  = "mtcore secret chat"
)

// aead returns the cipher that seals states, or nil if there is no key.
func (k *StateKey) aead() cipher.AEAD {
	if k.isZero() {
		return nil
	}
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic("secretchat: internal error: " + err.Error())
	}
	return aead
}

func stateAAD(version byte, chat, peer int64) []byte {
	aad := append([]byte(stateDomain), version)
	aad = binary.LittleEndian.AppendUint64(aad, uint64(chat))
	return binary.LittleEndian.AppendUint64(aad, uint64(peer))
}

// sealState seals what code writes.
func sealState(aead cipher.AEAD, chat, peer int64, code func(*coder)) []byte {
	if aead == nil {
		panic("secretchat: a snapshot needs Options.StateKey")
	}
	// Measured first, so that no copy of a secret is left behind by a buffer that
	// grows.
	measured := coder{version: stateVersion, mode: measuring}
	code(&measured)

	sealed := make([]byte, stateHeader, stateHeader+measured.size+aead.Overhead())
	sealed[0] = stateVersion
	nonce := sealed[1:stateHeader]
	rand.Read(nonce) // which never fails

	w := coder{version: stateVersion, mode: writing, b: sealed}
	code(&w)
	if len(w.b) != stateHeader+measured.size {
		panic("secretchat: internal error: size of the state")
	}
	plaintext := w.b[stateHeader:]
	return aead.Seal(sealed, nonce, plaintext, stateAAD(stateVersion, chat, peer)) // in place
}

// openState has code read a sealed state, and reports whether it was one.
func openState(aead cipher.AEAD, chat, peer int64, sealed []byte, code func(*coder)) bool {
	if aead == nil {
		panic("secretchat: to restore a state needs Options.StateKey")
	}
	if len(sealed) < stateHeader || sealed[0] < 1 || sealed[0] > stateVersion {
		return false
	}
	version := sealed[0]
	plaintext, err := aead.Open(nil, sealed[1:stateHeader], sealed[stateHeader:], stateAAD(version, chat, peer))
	if err != nil {
		return false
	}
	r := coder{version: version, mode: reading, b: plaintext}
	code(&r)
	clear(plaintext)
	return !r.bad && len(r.b) == 0
}

// Snapshot returns the sealed state, for callers without a [Store], who need it
// whenever Complete, Accept, Restore, Encrypt, Receive, Handled or Tick has returned, and
// before anything is done with what it returned, or with what Outbox returns then. After
// [ErrStore] and [ErrDiscarded] there is nothing to keep, and it is nil.
func (c *Chat) Snapshot() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil
	}
	return c.snapshot()
}

func (c *Chat) snapshot() []byte {
	return sealState(c.aead, c.id, c.peerID, c.code)
}

// Restore returns the chat with this state, which [Store] got or [Chat.Snapshot]
// returned, or [ErrState]. A chat that has failed is restored as such: see [Chat.Err].
//
// If Options.Layer is higher than before, the peer will be told. If it is lower, the
// one before stays.
func Restore(state []byte, opt Options) (*Chat, error) {
	opt.check()
	c := new(Chat)
	c.use(&opt)
	if !openState(c.aead, c.id, c.peerID, state, c.code) || !c.consistent() {
		return nil, ErrState
	}
	c.makeRoom()
	if c.over != nil || opt.Layer <= c.own {
		return c, nil
	}
	if err := c.do(func() (bool, error) { return true, c.announce(opt.Layer) }); err != nil {
		return nil, err
	}
	return c, nil
}

// Snapshot returns the sealed state, for callers without a [Store], or nil if the
// exchange is over.
func (o *Outgoing) Snapshot() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mine == nil {
		return nil
	}
	return sealState(o.opt.StateKey.aead(), o.opt.ChatID, o.opt.PeerID, o.code)
}

// RestoreOutgoing is [Restore] for a chat that the peer has not accepted. It returns
// [ErrState] for the state of a chat.
func RestoreOutgoing(state []byte, opt Options) (*Outgoing, error) {
	opt.check()
	o := &Outgoing{opt: opt}
	if !openState(opt.StateKey.aead(), opt.ChatID, opt.PeerID, state, o.code) {
		return nil, ErrState
	}
	return o, nil
}
