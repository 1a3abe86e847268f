package secretchat

import (
	"crypto/rand"
	"encoding/binary"
	"slices"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// Bounds of what is kept for a peer that does not acknowledge.
const (
	// maxHistory is how many messages are kept. It is not more than a peer may ask for.
	maxHistory = maxResend
	// maxOwn is how many of them may be the application's. What is between the two is
	// for the driver, so that it can always answer an honest peer.
	maxOwn = 900
	// maxOwnBytes is how long all of them may be before the application has to wait.
	maxOwnBytes = 4 << 20
)

// maxAsked is how often a peer may ask for the same message. Once does it, but for what
// gets lost; without a bound, a few bytes would have us send the whole history, again
// and again.
const maxAsked = 32

// randomSize is how many random bytes a message has, in front of everything else. The
// least is 15.
const (
	randomSize    = 31
	minRandomSize = 15
)

// record is a message of ours that the peer has not acknowledged.
type record struct {
	// object is the decryptedMessageLayer. It is encrypted, with new padding, each time
	// that it is sent.
	object []byte
	unsent bool // the server may not have got it
	resend bool // the peer has asked for it
	asked  byte // how often
	// handed says that Encrypt or Outbox has returned it, since the chat was restored.
	handed bool
}

// history has the unacknowledged messages, of which the first has number
// counters.acked.
type history struct {
	records []record
	bytes   int
	// unhanded counts the records with unsent and not handed, for Outbox.
	unhanded int
}

func (h *history) add(object []byte) {
	h.records = append(h.records, record{object: object, unsent: true})
	h.bytes += len(object)
	h.unhanded++
}

// drop forgets the first n messages.
func (h *history) drop(n int) {
	for i := range h.records[:n] {
		r := &h.records[i]
		h.bytes -= len(r.object)
		if r.unsent && !r.handed {
			h.unhanded--
		}
		clear(r.object)
	}
	h.records = slices.Delete(h.records, 0, n)
	if len(h.records) == 0 {
		h.records = nil // An idle chat needs no room for it.
	}
}

// again marks a message to be sent once more, unless it is about to be sent anyway. It
// reports whether the peer may ask for it.
func (h *history) again(i int) bool {
	r := &h.records[i]
	if r.asked == maxAsked {
		return false
	}
	r.asked++
	if r.unsent && !r.handed {
		return true
	}
	r.unsent, r.resend, r.handed = true, true, false
	h.unhanded++
	return true
}

func (h *history) replace(i int, object []byte) {
	r := &h.records[i]
	h.bytes += len(object) - len(r.object)
	clear(r.object)
	r.object = object
}

// count counts what is in a history that was restored.
func (h *history) count() {
	h.bytes, h.unhanded = 0, 0
	for _, r := range h.records {
		h.bytes += len(r.object)
		if r.unsent {
			h.unhanded++
		}
	}
}

func (h *history) wipe() {
	h.drop(len(h.records))
}

// number gives the message the next number, and puts it into the history.
func (c *Chat) number(message []byte) error {
	if c.sent == maxNumbers || c.received == maxNumbers {
		return fatal(RuleExhausted)
	}
	c.history.add(c.wrap(message, c.sent, c.received))
	c.sent++
	c.uses++
	return nil
}

// wrap returns the decryptedMessageLayer for message, with these numbers.
func (c *Chat) wrap(message []byte, seq, seen int) []byte {
	var random [randomSize]byte
	rand.Read(random[:]) // which never fails
	l := tl.Layer{
		RandomBytes: random[:],
		Layer:       int32(c.layer()),
		InSeqNo:     toWire(seen, inBit(c.originator)),
		OutSeqNo:    toWire(seq, outBit(c.originator)),
		Message:     message,
	}
	return l.Append(make([]byte, 0, l.Size()))
}

// post numbers a message of the driver's own, which Outbox will return.
//
// An honest peer acknowledges what it gets, with whatever it sends. One that makes us
// answer without doing so cannot fill the memory.
func (c *Chat) post(a *tl.Action) error {
	if len(c.history.records) == maxHistory {
		return fatal(RuleUnacknowledged)
	}
	return c.number(tl.AppendService(nil, randomInt64(), a))
}

// packet encrypts message seq, which is in the history, and notes that it was handed
// out.
func (c *Chat) packet(seq int) Packet {
	r := &c.history.records[seq-c.acked]
	if r.unsent && !r.handed {
		r.handed = true
		c.history.unhanded--
	}
	message := parseOwn(r.object)
	p := Packet{
		Seq:      seq,
		RandomID: message.RandomID,
		Service:  message.Kind == tl.Service,
		Data:     seal(c.keyFor(seq), c.side(), r.object),
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
	buf := make([]byte, 0, 4+len(object)+envelope.MaxOverhead)
	plaintext := buf[envelope.HeaderSize:envelope.HeaderSize]
	plaintext = binary.LittleEndian.AppendUint32(plaintext, uint32(len(object)))
	plaintext = append(plaintext, object...)
	packet, err := k.envelope.Seal(buf, side, plaintext, envelope.PadBucketsRandom)
	if err != nil {
		panic("secretchat: internal error: " + err.Error()) // number has checked the length
	}
	return packet
}

// makeRoom raises the limit of packets, for messages that were numbered under a higher
// one.
func (c *Chat) makeRoom() {
	for _, r := range c.history.records {
		c.maxPacket = max(c.maxPacket, 4+len(r.object)+envelope.MaxOverhead)
	}
	for _, k := range []*key{c.key, c.other} {
		if k != nil {
			k.envelope.MaxPacket = c.maxPacket
		}
	}
}

// parseOwn parses an object of ours.
func parseOwn(object []byte) tl.Message {
	l, err := tl.ParseLayer(object)
	if err == nil {
		var m tl.Message
		if m, err = tl.ParseMessage(l.Message); err == nil {
			return m
		}
	}
	panic("secretchat: internal error: " + err.Error())
}

// answerResend marks what the peer has asked for. Everything has to be there: messages
// that exist, and that it has not acknowledged.
func (c *Chat) answerResend(a *tl.Action) error {
	start, ok := fromWire(a.Start, outBit(c.originator))
	end, ok2 := fromWire(a.End, outBit(c.originator))
	if !ok || !ok2 || start > end || start < c.acked || end >= c.sent || end-start >= maxResend {
		return fatal(RuleResend)
	}
	for seq := start; seq <= end; seq++ {
		if !c.history.again(seq - c.acked) {
			return fatal(RuleResend)
		}
	}
	return nil
}

// scrub destroys the content of messages that the peer may not have got and that a,
// which is about to be sent, deletes. In the place of each, with its numbers, comes an
// order to delete it, so that there is no gap.
func (c *Chat) scrub(a *tl.Action) {
	if a.ID != tl.DeleteMessages && a.ID != tl.FlushHistory {
		return
	}
	for i := range c.history.records {
		object := c.history.records[i].object
		m := parseOwn(object)
		if m.Kind != tl.Text || a.ID == tl.DeleteMessages && !slices.Contains(a.IDs, m.RandomID) {
			continue
		}
		l, err := tl.ParseLayer(object)
		if err != nil {
			panic("secretchat: internal error: " + err.Error())
		}
		var random [randomSize]byte
		rand.Read(random[:]) // which never fails
		l.RandomBytes = random[:]
		l.Message = tl.AppendService(nil, randomInt64(), &tl.Action{ID: tl.DeleteMessages, IDs: []int64{m.RandomID}})
		c.history.replace(i, l.Append(make([]byte, 0, l.Size())))
	}
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
