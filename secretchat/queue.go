package secretchat

import (
	"slices"

	"github.com/mtcore/mtcore/internal/tl"
)

// incoming is a decrypted message with a number that was not processed before.
type incoming struct {
	seq     int // out_seq_no
	seen    int // in_seq_no
	layer   int
	v1      bool   // it came in MTProto 1.0
	body    []byte // the DecryptedMessage, parsed as message
	message tl.Message
}

func (m *incoming) is(id tl.ActionID) bool {
	return m.message.Kind == tl.Service && m.message.Action.ID == id
}

// queue has the messages that came too early, by ascending seq.
type queue struct {
	waiting []incoming
	bytes   int
	// requested is the number up to which missing messages were asked for.
	requested int
}

func (q *queue) find(seq int) (i int, found bool) {
	return slices.BinarySearchFunc(q.waiting, seq, func(m incoming, seq int) int { return m.seq - seq })
}

func (q *queue) has(seq int) bool {
	_, found := q.find(seq)
	return found
}

// insert puts m in its place.
func (q *queue) insert(m incoming) {
	i, _ := q.find(m.seq)
	q.waiting = slices.Insert(q.waiting, i, m)
	q.bytes += len(m.body)
}

// next removes and returns the message with number seq, if it is there.
func (q *queue) next(seq int) (m incoming, ok bool) {
	if len(q.waiting) == 0 || q.waiting[0].seq != seq {
		return incoming{}, false
	}
	m = q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	q.bytes -= len(m.body)
	if len(q.waiting) == 0 {
		q.waiting = nil // An idle chat needs no room for it.
	}
	return m, true
}

// drop removes what f reports, and returns how many messages that were.
func (q *queue) drop(f func(*incoming) bool) (n int) {
	before := len(q.waiting)
	q.waiting = slices.DeleteFunc(q.waiting, func(m incoming) bool {
		if !f(&m) {
			return false
		}
		q.bytes -= len(m.body)
		clear(m.body)
		return true
	})
	return before - len(q.waiting)
}

// count counts what is in a queue that was restored.
func (q *queue) count() {
	q.bytes = 0
	for _, m := range q.waiting {
		q.bytes += len(m.body)
	}
}

func (q *queue) wipe() {
	for _, m := range q.waiting {
		clear(m.body)
	}
	*q = queue{}
}
