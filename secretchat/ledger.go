package secretchat

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"math"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"
)

// A record is, under the key kind(1) || number(7, big-endian),
//
//	version(1) || nonce(24) || XChaCha20-Poly1305( tag(16) || what state.go writes )
//
// with these as additional data, so that it fits in one place of one chat with one peer:
//
//	"mtcore secret chat" || version(1) || chat id(8) || peer id(8) || key(8)
//
// The nonce is random, and long enough to be. So is the tag, which nobody but the owner of
// the key gets to see. The tag of the head is the exclusive or of those of all other
// records, with which it commits to them: a set of records that was put together from those
// of different commits has a sum that is as random as the tags in which it differs, and
// passes for genuine with probability 2^-128. To keep the sum up to date takes the old and
// the new tags of what changes, however many records there are. A tree of hashes would take
// a path to its root with each, to prove what nobody asks for: that single records belong
// to the set. The tags are secret because otherwise, given old versions of enough records,
// a set with the right sum could be computed; the tags of Poly1305, which are not, would not
// do.

const (
	stateVersion = 2
	stateHeader  = 1 + chacha20poly1305.NonceSizeX
	stateDomain  = "mtcore secret chat"
	tagSize      = 16
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

// recordKind is what a record is of.
type recordKind byte

const (
	kindHead    recordKind = 'c'
	kindOwn     recordKind = 'o' // a message of ours, by its number
	kindWaiting recordKind = 'w' // one of the peer's that waits for others, by its number
	kindEvent   recordKind = 'e' // an event, by a number that counts them
)

// recordID is the place of a record in a chat: its key, as a number.
type recordID uint64

const numberBits = 56

func newRecordID(kind recordKind, number int) recordID {
	return recordID(kind)<<numberBits | recordID(number)
}

const headID = recordID(kindHead) << numberBits

func (id recordID) kind() recordKind { return recordKind(id >> numberBits) }

func (id recordID) number() int { return int(id & (1<<numberBits - 1)) }

func (id recordID) appendKey(b []byte) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(id))
}

func parseKey(key []byte) (id recordID, ok bool) {
	if len(key) != MaxKeySize {
		return 0, false
	}
	id = recordID(binary.BigEndian.Uint64(key))
	switch id.kind() {
	case kindHead, kindOwn, kindWaiting, kindEvent:
		// int has 32 bits on some platforms.
		return id, id&(1<<numberBits-1) <= math.MaxInt32
	}
	return 0, false
}

type tag [tagSize]byte

func (t *tag) xor(other tag) { subtle.XORBytes(t[:], t[:], other[:]) }

// ledger seals records, and knows which the Store has: those that are not to be rewritten
// with each commit.
type ledger struct {
	aead       cipher.AEAD // nil if there is no StateKey
	chat, peer int64

	tags map[recordID]tag // of all records but the head
	sum  tag
	most int // how many tags there were at most, in this map
	// stale are keys to be removed with the next commit: of a state of version 1.
	stale [][]byte
}

func newLedger(opt *Options) ledger {
	return ledger{aead: opt.StateKey.aead(), chat: opt.ChatID, peer: opt.PeerID}
}

// aadSize is the length of the additional data.
const aadSize = len(stateDomain) + 1 + 8 + 8 + MaxKeySize

// appendAAD appends the additional data of a record.
func (l *ledger) appendAAD(b []byte, id recordID) []byte {
	b = append(b, stateDomain...)
	b = append(b, stateVersion)
	b = binary.LittleEndian.AppendUint64(b, uint64(l.chat))
	b = binary.LittleEndian.AppendUint64(b, uint64(l.peer))
	return id.appendKey(b)
}

// A source has the contents of records.
type source interface {
	// code codes the content of a record, or returns false if it does not exist any more.
	code(w *coder, id recordID) bool
}

// batch is what a commit changes, and does to the ledger if it succeeds.
type batch struct {
	changes []Change
	ids     []recordID // of the changes but that of the head, which comes first
	tags    []tag      // the new ones, zero for what was removed
	sum     tag
}

// batch returns the head, and what has become of the records with these ids.
func (l *ledger) batch(s source, ids []recordID) (b batch) {
	slices.Sort(ids)
	b.ids = slices.Compact(ids)
	b.changes = make([]Change, 0, 1+len(b.ids)+len(l.stale))
	b.tags = make([]tag, len(b.ids))
	b.sum = l.sum

	// Measured first, so that no copy of a secret is left behind by a buffer that grows.
	var w coder
	size := 0
	add := func(id recordID) (exists bool) {
		w = coder{mode: measuring}
		exists = s.code(&w, id)
		if exists {
			size += stateHeader + tagSize + w.size + chacha20poly1305.Overhead
		}
		size += MaxKeySize
		return exists
	}
	add(headID)
	for i, id := range b.ids {
		b.sum.xor(l.tags[id])
		if add(id) {
			rand.Read(b.tags[i][:]) // which never fails
			b.sum.xor(b.tags[i])
		}
	}

	buf := make([]byte, size+aadSize)
	buf, aad := buf[:0:size], buf[size:size]
	put := func(id recordID, t tag) {
		start := len(buf)
		buf = id.appendKey(buf)
		key := buf[start:len(buf):len(buf)]
		if t == (tag{}) && id != headID {
			b.changes = append(b.changes, Change{Key: key})
			return
		}
		value := len(buf)
		buf = append(buf, stateVersion)
		buf = buf[:len(buf)+chacha20poly1305.NonceSizeX]
		nonce := buf[value+1:]
		rand.Read(nonce) // which never fails
		plain := len(buf)
		w = coder{mode: writing, b: append(buf, t[:]...)}
		s.code(&w, id)
		aad = l.appendAAD(aad[:0], id)
		buf = l.aead.Seal(w.b[:plain], nonce, w.b[plain:], aad) // in place
		b.changes = append(b.changes, Change{Key: key, Value: buf[value:len(buf):len(buf)]})
	}
	put(headID, b.sum)
	for i, id := range b.ids {
		put(id, b.tags[i])
	}
	if len(buf) != size {
		panic("secretchat: internal error: size of the state")
	}
	for _, key := range l.stale {
		b.changes = append(b.changes, Change{Key: key})
	}
	return b
}

// committed notes that the Store has made the changes.
func (l *ledger) committed(b *batch) {
	l.sum, l.stale = b.sum, nil
	for i, id := range b.ids {
		if b.tags[i] == (tag{}) {
			delete(l.tags, id)
			continue
		}
		if l.tags == nil {
			l.tags = make(map[recordID]tag)
		}
		l.tags[id] = b.tags[i]
	}
	l.most = max(l.most, len(l.tags))
	if l.most > 64 && len(l.tags) < l.most/8 { // Maps do not shrink.
		tags := make(map[recordID]tag, len(l.tags))
		for id, t := range l.tags {
			tags[id] = t
		}
		l.tags, l.most = tags, len(tags)
	}
	if len(l.tags) == 0 {
		l.tags, l.most = nil, 0
	}
}

// forget returns the changes that remove the head, all records that the Store has, and
// those with these ids, which it may have.
func (l *ledger) forget(ids []recordID) []Change {
	ids = append(ids, headID)
	for id := range l.tags {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	changes := make([]Change, 0, len(ids)+len(l.stale))
	for _, id := range ids {
		changes = append(changes, Change{Key: id.appendKey(make([]byte, 0, MaxKeySize))})
	}
	for _, key := range l.stale {
		changes = append(changes, Change{Key: key})
	}
	return changes
}

// open returns what is in a record. The content is the caller's.
func (l *ledger) open(key, value []byte) (id recordID, t tag, content []byte, ok bool) {
	id, ok = parseKey(key)
	if !ok || len(value) < stateHeader || value[0] != stateVersion {
		return 0, tag{}, nil, false
	}
	aad := l.appendAAD(make([]byte, 0, aadSize), id)
	plaintext, err := l.aead.Open(nil, value[1:stateHeader], value[stateHeader:], aad)
	if err != nil || len(plaintext) < tagSize {
		return 0, tag{}, nil, false
	}
	return id, tag(plaintext), plaintext[tagSize:], true
}

// enter notes a record that the Store has.
func (l *ledger) enter(id recordID, t tag) {
	if l.tags == nil {
		l.tags = make(map[recordID]tag)
	}
	l.tags[id] = t
	l.most = len(l.tags)
	l.sum.xor(t)
}
