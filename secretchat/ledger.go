package secretchat

import (
	"cmp"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"math"
	"slices"

	"golang.org/x/crypto/chacha20"
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
// The nonce is random, and long enough to be; records of one commit have nonces that follow
// on from each other, for speed. The tag is random as well, which nobody but the owner of
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

// aead returns the ChaCha20-Poly1305 that XChaCha20-Poly1305 uses for nonces that begin like this
// one. It keeps a key that is good for one commit, which nobody can erase; the cipher of package
// chacha20poly1305 for whole nonces would keep the StateKey.
func (k *StateKey) aead(nonce []byte) cipher.AEAD {
	key, err := chacha20.HChaCha20(k[:], nonce[:chacha20KeyNonce])
	if err == nil {
		defer clear(key)
		var aead cipher.AEAD
		if aead, err = chacha20poly1305.New(key); err == nil {
			return aead
		}
	}
	panic("secretchat: internal error: " + err.Error())
}

// chacha20KeyNonce is how much of a nonce goes into that key.
const chacha20KeyNonce = 16

// shortNonce is the nonce for aead.
type shortNonce [chacha20poly1305.NonceSize]byte

func (s *shortNonce) set(nonce []byte) { copy(s[4:], nonce[chacha20KeyNonce:]) }

// openSealed returns what is in a value that a Store had, which begins with a version and a nonce.
func (k *StateKey) openSealed(value, aad []byte) (plaintext []byte, ok bool) {
	nonce := value[1:stateHeader]
	var short shortNonce
	short.set(nonce)
	plaintext, err := k.aead(nonce).Open(nil, short[:], value[stateHeader:], aad)
	return plaintext, err == nil
}

// recordKind is what a record is of.
type recordKind byte

const (
	kindHead    recordKind = 'c'
	kindKeys    recordKind = 'k' // the keys and the group, number 0
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

const (
	headID = recordID(kindHead) << numberBits
	keysID = recordID(kindKeys) << numberBits
)

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
	case kindHead, kindKeys, kindOwn, kindWaiting, kindEvent:
		// int has 32 bits on some platforms.
		return id, id&(1<<numberBits-1) <= math.MaxInt32
	}
	return 0, false
}

type tag [tagSize]byte

func (t *tag) xor(other tag) { subtle.XORBytes(t[:], t[:], other[:]) }

// tagged is a record that the Store has.
type tagged struct {
	id  recordID
	tag tag
}

// ledger seals records, and knows which the Store has: those that are not to be rewritten
// with each commit.
type ledger struct {
	key        StateKey // of zeros if there is none
	chat, peer int64

	records []tagged // all but the head, sorted
	sum     tag
	// stale are keys to be removed with the next commit: of a state of version 1.
	stale [][]byte

	scratch scratch
}

// scratch is what a commit hands to methods of interfaces, for which it would have to be allocated
// each time. Between commits there is nothing of use in it.
type scratch struct {
	w     coder
	short shortNonce
	aad   [aadSize]byte
}

func newLedger(opt *Options) ledger {
	return ledger{key: opt.StateKey, chat: opt.ChatID, peer: opt.PeerID}
}

// find returns where the record is, or belongs. It is called for every change of every commit, and
// [slices.BinarySearchFunc] would call a function for each step.
func (l *ledger) find(id recordID) (i int, found bool) {
	end := len(l.records)
	for i < end {
		if middle := int(uint(i+end) / 2); l.records[middle].id < id {
			i = middle + 1
		} else {
			end = middle
		}
	}
	return i, i < len(l.records) && l.records[i].id == id
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

// batch is what a commit does to the ledger if it succeeds.
type batch struct {
	records []tagged // that have changed, but for the head; tags of zero if removed
	sum     tag
}

// batch returns the changes to the head, which come first, and to the records with these ids.
func (l *ledger) batch(s source, ids []recordID) (b batch, changes []Change) {
	// This is inlined, so that the room is on the stack of the caller.
	var room [usuallyChanged]tagged
	return l.seal(room[:0], s, ids)
}

// usuallyChanged is how many records a commit usually changes: two events, the two before, and
// an acknowledged message.
const usuallyChanged = 5

func (l *ledger) seal(records []tagged, s source, ids []recordID) (batch, []Change) {
	slices.Sort(ids)
	ids = slices.Compact(ids)

	// Measured first, so that no copy of a secret is left behind by a buffer that grows.
	w := &l.scratch.w
	*w = coder{mode: measuring}
	s.code(w, headID)
	there := 1
	for _, id := range ids {
		r := tagged{id: id}
		if s.code(w, id) {
			r.tag = tag{1} // to be drawn
			there++
		}
		records = append(records, r)
	}
	size := w.size + there*(stateHeader+tagSize+chacha20poly1305.Overhead) + (1+len(ids))*MaxKeySize

	var room [chacha20poly1305.NonceSizeX + usuallyChanged*tagSize]byte
	random := room[:]
	if n := chacha20poly1305.NonceSizeX + (there-1)*tagSize; n <= len(random) {
		random = random[:n]
	} else {
		random = make([]byte, n)
	}
	defer clear(random)
	rand.Read(random) // which never fails
	// What the Store gets is new each time. One that keeps it, which it must not, would see the
	// next state before that is sealed.
	o := sealer{scratch: &l.scratch, source: s, buf: make([]byte, 0, size)}
	o.begin(l, random[:chacha20poly1305.NonceSizeX])
	random = random[chacha20poly1305.NonceSizeX:]
	sum := l.sum
	for i := range records {
		r := &records[i]
		if j, found := l.find(r.id); found {
			sum.xor(l.records[j].tag)
		}
		if r.tag != (tag{}) {
			r.tag, random = tag(random), random[tagSize:]
			sum.xor(r.tag)
		}
	}
	changes := make([]Change, 0, 1+len(records)+len(l.stale))
	changes = append(changes, o.seal(headID, sum))
	for _, r := range records {
		if r.tag == (tag{}) {
			changes = append(changes, Change{Key: o.key(r.id)})
		} else {
			changes = append(changes, o.seal(r.id, r.tag))
		}
	}
	if len(o.buf) != size {
		panic("secretchat: internal error: size of the state")
	}
	for _, key := range l.stale {
		changes = append(changes, Change{Key: key})
	}
	*w = coder{}
	return batch{records, sum}, changes
}

// sealer seals the records of one commit.
type sealer struct {
	*scratch
	source source
	buf    []byte // what was sealed
	// nonce is that of the next record. It counts in its last eight bytes, so that the key
	// that XChaCha20 makes of the others, for ChaCha20, is the same for all records.
	nonce [chacha20poly1305.NonceSizeX]byte
	aead  cipher.AEAD // with that key
}

func (o *sealer) begin(l *ledger, nonce []byte) {
	l.appendAAD(o.aad[:0], headID)
	copy(o.nonce[:], nonce)
	o.aead = l.key.aead(nonce)
}

// key appends the key of a record.
func (o *sealer) key(id recordID) []byte {
	start := len(o.buf)
	o.buf = id.appendKey(o.buf)
	return o.buf[start:len(o.buf):len(o.buf)]
}

// seal appends a record, as XChaCha20-Poly1305 would with the nonce in it.
func (o *sealer) seal(id recordID, t tag) Change {
	key := o.key(id)
	value := len(o.buf)
	o.buf = append(o.buf, stateVersion)
	o.buf = append(o.buf, o.nonce[:]...)
	plain := len(o.buf)
	o.w = coder{mode: writing, b: append(o.buf, t[:]...)}
	o.source.code(&o.w, id)
	copy(o.aad[aadSize-MaxKeySize:], key)
	o.short.set(o.nonce[:])
	o.buf = o.aead.Seal(o.w.b[:plain], o.short[:], o.w.b[plain:], o.aad[:]) // in place
	count := o.nonce[chacha20KeyNonce:]
	binary.LittleEndian.PutUint64(count, binary.LittleEndian.Uint64(count)+1)
	return Change{Key: key, Value: o.buf[value:len(o.buf):len(o.buf)]}
}

// committed notes that the Store has made the changes.
func (l *ledger) committed(b *batch) {
	l.sum, l.stale = b.sum, nil
	// Most commits remove nothing, and then it does not matter how many records there are.
	if slices.ContainsFunc(b.records, func(r tagged) bool { return r.tag == tag{} }) {
		changed := b.records
		l.records = slices.DeleteFunc(l.records, func(r tagged) bool {
			for len(changed) > 0 && changed[0].id < r.id {
				changed = changed[1:]
			}
			return len(changed) > 0 && changed[0].id == r.id && changed[0].tag == tag{}
		})
	}
	for _, r := range b.records {
		if r.tag == (tag{}) {
			continue
		}
		if i, found := l.find(r.id); found {
			l.records[i] = r
		} else {
			l.records = slices.Insert(l.records, i, r)
		}
	}
	if cap(l.records) > 64 && len(l.records) < cap(l.records)/8 {
		l.records = slices.Clone(l.records)
	}
}

// forget returns the changes that remove the head, all records that the Store has, and
// those with these ids, which it may have.
func (l *ledger) forget(ids []recordID) []Change {
	ids = append(ids, headID, keysID)
	for _, r := range l.records {
		ids = append(ids, r.id)
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
	var aad [aadSize]byte
	plaintext, ok := l.key.openSealed(value, l.appendAAD(aad[:0], id))
	if !ok || len(plaintext) < tagSize {
		return 0, tag{}, nil, false
	}
	return id, tag(plaintext), plaintext[tagSize:], true
}

// enter notes a record that the Store has. After the last, entered follows.
func (l *ledger) enter(id recordID, t tag) {
	l.records = append(l.records, tagged{id, t})
	l.sum.xor(t)
}

func (l *ledger) entered() {
	slices.SortFunc(l.records, func(a, b tagged) int { return cmp.Compare(a.id, b.id) })
}
