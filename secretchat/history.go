package secretchat

import (
	"slices"

	"github.com/mtcore/mtcore/internal/tl"
)

// record is a message of ours that the peer has not acknowledged.
type record struct {
	// object is the decryptedMessageLayer. It is encrypted, with new padding, each time
	// that it is sent.
	object []byte
	// What is in it.
	layer, seen int
	kind        tl.Kind
	id          int64

	unsent bool // the server may not have got it
	resend bool // the peer has asked for it
	asked  byte // how often
	// handed says that Encrypt or Outbox has returned it, since the chat was restored.
	handed bool
}

// parse sets what is in the object, and reports whether it is one of ours.
func (r *record) parse(originator bool) bool {
	l, err := tl.ParseLayer(r.object)
	if err != nil {
		return false
	}
	m, err := tl.ParseMessage(l.Message)
	if err != nil {
		return false
	}
	seen, ok := fromWire(l.InSeqNo, inBit(originator))
	r.layer, r.seen = int(l.Layer), seen
	r.kind, r.id = m.Kind, m.RandomID
	return ok
}

// history has the unacknowledged messages, of which the first has number
// counters.acked.
type history struct {
	records []record
	bytes   int
	// unhanded counts the records with unsent and not handed, for Outbox.
	unhanded int
}

func (h *history) add(r record) {
	r.unsent = true
	h.records = append(h.records, r)
	h.bytes += len(r.object)
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

// again marks a message to be sent once more, unless it is about to be sent anyway.
func (h *history) again(i int) {
	r := &h.records[i]
	r.asked++
	if r.unsent && !r.handed {
		return
	}
	r.unsent, r.resend, r.handed = true, true, false
	h.unhanded++
}

// replace puts another message in the place of one, under its number.
func (h *history) replace(i int, kind tl.Kind, id int64, object []byte) {
	r := &h.records[i]
	h.bytes += len(object) - len(r.object)
	clear(r.object)
	r.object, r.kind, r.id = object, kind, id
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
