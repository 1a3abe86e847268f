package secretchat

import (
	"crypto/rand"
	"encoding/binary"
	"slices"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// driverRoom is how many messages of the driver's are kept for a peer that does not
// acknowledge, in addition to those of the application, so that it can always answer an
// honest peer.
const driverRoom = 100

// maxNoops is how many Noops are kept beyond all limits.
const maxNoops = 16

// blocked is what the application has wanted to send last, and could not for [ErrBacklog]: how long
// it is, 0 if there is nothing, and since when. A Noop counts as well.
type blocked struct {
	size  int
	since int64
}

// randomSize is how many random bytes a message has, in front of everything else. The
// least is 15.
const (
	randomSize    = 31
	minRandomSize = 15
)

// number gives the message, which was parsed as m, the next number, and puts it into the
// history.
func (s *session) number(message []byte, m *tl.Message, layer int) error {
	if s.sent == maxNumbers || s.received == maxNumbers {
		return fatal(RuleExhausted)
	}
	seen := s.received
	s.history.add(record{
		object: s.wrap(message, layer, s.sent, seen), layer: layer, seen: seen,
		kind: m.Kind, id: m.RandomID, action: m.Action.ID,
	})
	s.sent++
	return nil
}

// wrap returns the decryptedMessageLayer for message, with these numbers.
func (s *session) wrap(message []byte, layer, seq, seen int) []byte {
	var random [randomSize]byte
	rand.Read(random[:]) // which never fails
	l := tl.Layer{
		RandomBytes: random[:],
		Layer:       int32(layer),
		InSeqNo:     toWire(seen, inBit(s.originator)),
		OutSeqNo:    toWire(seq, outBit(s.originator)),
		Message:     message,
	}
	return l.Append(make([]byte, 0, l.Size()))
}

// post numbers a message of the driver's own, which Outbox will return.
//
// An honest peer acknowledges what it gets, with whatever it sends. One that makes us
// answer without doing so cannot fill the memory.
func (s *session) post(a *tl.Action) error {
	if s.kept() >= s.maxKept {
		return fatal(RuleUnacknowledged)
	}
	m := tl.Message{Kind: tl.Service, RandomID: randomInt64(), Action: *a}
	return s.number(tl.AppendService(nil, m.RandomID, a), &m, s.layer())
}

// kept returns how many messages there are, for limits: all but Noops, as long as those are few.
func (s *session) kept() int { return len(s.history.records) - min(s.history.noops, maxNoops) }

// block notes that there was no room for a message of this size.
func (s *session) block(size int) {
	if s.blocked.size == 0 {
		s.blocked.since = s.now()
	}
	s.blocked.size = size
}

// breakSilence sends Noop in place of an application that has been unable to send anything for a
// while. It might have said that messages of the peer have come, or shown the peer that some of
// ours are missing. If the peer is as full as we are, and so as silent, neither would ever get
// beyond that.
//
// A peer that is off, or only reads, gets maxNoops, ever more rarely. They take no room from
// requests, nor from answers.
func (s *session) breakSilence() error {
	b := &s.blocked
	if b.size == 0 || !s.isFull(b.size) {
		*b = blocked{}
		return nil
	}
	now, noops := s.now(), s.history.noops
	b.since = min(b.since, now) // in case the clock was wrong
	if noops >= maxNoops || s.kept() >= s.maxKept || now-b.since < askAfter<<min(noops, askDoubled) {
		return nil
	}
	b.since = now
	return s.post(&tl.Action{ID: tl.Noop})
}

// packetPadding is that of all packets.
const packetPadding = envelope.PadBucketsRandom

// packet encrypts message seq, which is in the history, and notes that it was handed
// out.
func (s *session) packet(seq int) Packet {
	r := &s.history.records[seq-s.acked]
	s.history.handOut(seq - s.acked)
	if r.action == tl.Resend {
		r.handedAt = s.now()
	}
	p := Packet{
		Seq:      seq,
		RandomID: r.id,
		Service:  r.kind == tl.Service,
		Data:     seal(s.keyFor(seq), s.side(), r.object),
		resend:   r.resend,
	}
	if r.resend {
		p.RandomID = randomInt64()
	}
	return p
}

// seal encrypts a decryptedMessageLayer:
//
//	key_fingerprint(8) || msg_key(16) || IGE( length(4) || object || padding )
func seal(k *key, side kdf.Side, object []byte) []byte {
	// There is room for the longest padding, or the plaintext would stay behind in a buffer that is
	// too small; and for no more, since the packet is kept until it is sent.
	buf := make([]byte, 0, packetPadding.Room(4+len(object)))
	plaintext := buf[envelope.HeaderSize:envelope.HeaderSize]
	plaintext = binary.LittleEndian.AppendUint32(plaintext, uint32(len(object)))
	plaintext = append(plaintext, object...)
	packet, err := k.envelope.Seal(buf, side, plaintext, packetPadding)
	if err != nil {
		panic("secretchat: internal error: " + err.Error()) // number has checked the length
	}
	return packet
}

// makeRoom raises limits, for messages that were numbered under higher ones.
func (s *session) makeRoom() {
	s.maxKept = max(s.maxKept, len(s.history.records)+driverRoom)
	for _, r := range s.history.records {
		s.maxPacket = max(s.maxPacket, 4+len(r.object)+envelope.MaxOverhead)
	}
	for _, k := range []*key{s.key, s.other} {
		if k != nil {
			k.envelope.MaxPacket = s.maxPacket
		}
	}
}

// withdraw destroys the content of message seq, which is the application's, and sees to it that
// an order to delete it is sent in its place.
func (s *session) withdraw(seq int) error {
	if s.over != nil {
		return s.over
	}
	i := seq - s.acked
	if i < 0 || i >= len(s.history.records) || !s.history.records[i].own() {
		return ErrWithdraw
	}
	s.replace(seq, &tl.Action{ID: tl.DeleteMessages, IDs: []int64{s.history.records[i].id}})
	s.history.takeBack(i)
	return nil
}

// scrub destroys the content of messages that the peer may not have got and that a,
// which is about to be sent, deletes. In the place of each, with its numbers, comes an
// order to delete it, so that there is no gap.
func (s *session) scrub(a *tl.Action) {
	if a.ID != tl.DeleteMessages && a.ID != tl.FlushHistory {
		return
	}
	for i := range s.history.records {
		r := &s.history.records[i]
		if r.kind != tl.Text || a.ID == tl.DeleteMessages && !slices.Contains(a.IDs, r.id) {
			continue
		}
		s.replace(s.acked+i, &tl.Action{ID: tl.DeleteMessages, IDs: []int64{r.id}})
	}
}

// replace has an action sent in the place of message seq, with its numbers.
func (s *session) replace(seq int, a *tl.Action) {
	r := &s.history.records[seq-s.acked]
	m := tl.Message{Kind: tl.Service, RandomID: randomInt64(), Action: *a}
	s.history.replace(seq-s.acked, &m, s.wrap(tl.AppendService(nil, m.RandomID, a), r.layer, seq, r.seen))
}

// randomInt64 returns an id that nobody can guess, and that is not 0.
func randomInt64() int64 {
	var b [8]byte
	for {
		rand.Read(b[:]) // which never fails
		if id := int64(binary.LittleEndian.Uint64(b[:])); id != 0 {
			return id
		}
	}
}
