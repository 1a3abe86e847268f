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
	action      tl.ActionID // 0 if it is a text

	unsent bool // the server may not have got it
	resend bool // the peer has asked for it
	// handed says that Encrypt or Outbox has returned it, since the chat was restored.
	handed bool

	// again is how often it was sent again since the time since.
	again int
	since int64
	// handedAt is when Outbox has returned it last, if it is a request, and 0 before the chat
	// was restored.
	handedAt int64
}

// own reports whether the message is the application's.
func (r *record) own() bool { return r.action == 0 || findAction(r.action).do == nil }

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
	r.kind, r.id, r.action = m.Kind, m.RandomID, m.Action.ID
	return ok
}

// history has the unacknowledged messages, of which the first has number
// counters.acked, as first says as well.
type history struct {
	first   int
	records []record
	touched touched
	bytes   int
	noops   int
	// unhanded counts the records with unsent and not handed, for Outbox, and flying those
	// with both.
	unhanded, flying int
}

// usuallyKept is how many messages there are in a chat in which each answers the one before.
const usuallyKept = 2

func (h *history) add(r record) {
	r.unsent = true
	h.touched.add(h.first + len(h.records))
	h.records = append(h.records, r)
	h.bytes += len(r.object)
	h.unhanded++
	h.countNoop(&r, 1)
}

// countNoop counts r, if it is Noop, n times.
func (h *history) countNoop(r *record, n int) {
	if r.action == tl.Noop {
		h.noops += n
	}
}

// drop forgets the first n messages, and reports whether one is the application's.
func (h *history) drop(n int) (own bool) {
	for i := range h.records[:n] {
		r := &h.records[i]
		own = own || r.own()
		h.bytes -= len(r.object)
		h.countNoop(r, -1)
		if r.unsent && r.handed {
			h.flying--
		} else if r.unsent {
			h.unhanded--
		}
		clear(r.object)
		h.touched.add(h.first + i)
	}
	h.first += n
	h.records = slices.Delete(h.records, 0, n)
	if len(h.records) == 0 && cap(h.records) > usuallyKept {
		h.records = nil // An idle chat needs no room for it.
	}
	return own
}

// handOut marks a message as handed out.
func (h *history) handOut(i int) {
	if r := &h.records[i]; r.unsent && !r.handed {
		r.handed = true
		h.unhanded--
		h.flying++
	}
}

// takeBack marks a message that was handed out as not handed out.
func (h *history) takeBack(i int) {
	if r := &h.records[i]; r.unsent && r.handed {
		r.handed = false
		h.flying--
		h.unhanded++
	}
}

// arrived marks a message as known to the server.
func (h *history) arrived(i int) {
	if r := &h.records[i]; r.unsent && r.handed {
		r.unsent, r.resend, r.handed = false, false, false
		h.flying--
		h.touched.add(h.first + i)
	}
}

// again marks a message to be sent once more.
func (h *history) again(i int) {
	r := &h.records[i]
	h.touched.add(h.first + i)
	if r.unsent {
		h.flying--
	}
	r.unsent, r.resend, r.handed = true, true, false
	h.unhanded++
}

// replace puts another message in the place of one, under its number.
func (h *history) replace(i int, m *tl.Message, object []byte) {
	r := &h.records[i]
	h.bytes += len(object) - len(r.object)
	clear(r.object)
	h.touched.add(h.first + i)
	h.countNoop(r, -1)
	r.object, r.kind, r.id, r.action = object, m.Kind, m.RandomID, m.Action.ID
	h.countNoop(r, 1)
}

// count counts what is in a history that was restored.
func (h *history) count() {
	h.bytes, h.noops, h.unhanded, h.flying = 0, 0, 0, 0
	for i := range h.records {
		r := &h.records[i]
		h.bytes += len(r.object)
		h.countNoop(r, 1)
		if r.unsent {
			h.unhanded++
		}
	}
}

func (h *history) wipe() {
	h.drop(len(h.records))
	h.records = nil
}
