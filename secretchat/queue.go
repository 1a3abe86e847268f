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
	asked   bool   // we had asked for it
	under   int64  // fingerprint of the key that it came under, 0 if that is not known
	body    []byte // the DecryptedMessage, parsed as message
	message tl.Message
}

func (m *incoming) is(id tl.ActionID) bool {
	return m.message.Kind == tl.Service && m.message.Action.ID == id
}

// queue has the messages that came too early, by ascending seq.
type queue struct {
	waiting []incoming
	touched touched
	bytes   int
	since   int64 // Unix time from which on all of them have waited for the same, 0 if not known
	// asked are the ranges that were asked for and of which something is missing.
	asked []span
}

// span is a range of numbers that the peer was asked for.
type span struct {
	start, end int
	request    int // our number of Resend
	// since is when it was asked for first, and at when it was last, in Unix time.
	since, at int64
	seen      int  // messages that have come since and had seen the request
	tries     int  // how often it was asked for
	late      bool // to be asked for again
	told      bool // the application was
}

func (p *span) has(seq int) bool { return p.start <= seq && seq <= p.end }

// wasAskedFor reports whether the peer was asked for message seq.
func (q *queue) wasAskedFor(seq int) bool {
	return slices.ContainsFunc(q.asked, func(p span) bool { return p.has(seq) })
}

// open returns how many ranges an answer is waited for.
func (q *queue) open() (n int) {
	for i := range q.asked {
		if !q.asked[i].late {
			n++
		}
	}
	return n
}

// isDue reports whether message seq has to be asked for, again or for the first time.
func (q *queue) isDue(seq int) bool {
	return !slices.ContainsFunc(q.asked, func(p span) bool { return p.has(seq) && !p.late })
}

// hole returns the first range of missing messages, from number due on, that has to be
// asked for.
func (q *queue) hole(due int) (start, end int, ok bool) {
	for _, m := range q.waiting {
		start, end = due, m.seq-1
		due = m.seq + 1
		for start <= end && !q.isDue(start) {
			start++
		}
		for start <= end && !q.isDue(end) {
			end--
		}
		if start <= end {
			return start, end, true
		}
	}
	return 0, 0, false
}

// forget forgets what was asked for and has come, or was asked for again since. The next
// message is number due.
func (q *queue) forget(due int) {
	q.asked = slices.DeleteFunc(q.asked, func(p span) bool {
		for seq := max(p.start, due); seq <= p.end; seq++ {
			if !q.has(seq) && (!p.late || q.isDue(seq)) {
				return false
			}
		}
		return true
	})
	if len(q.asked) == 0 {
		q.asked = nil
	}
}

// hasV1After reports whether something waits that has come in MTProto 1.0 and has a higher
// number than seq.
func (q *queue) hasV1After(seq int) bool {
	return slices.ContainsFunc(q.waiting, func(m incoming) bool { return m.v1 && m.seq > seq })
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
	q.touched.add(m.seq)
}

// next removes and returns the first message.
func (q *queue) next() incoming {
	m := q.waiting[0]
	q.touched.add(m.seq)
	q.waiting = slices.Delete(q.waiting, 0, 1)
	q.bytes -= len(m.body)
	if len(q.waiting) == 0 {
		q.waiting = nil // An idle chat needs no room for it.
	}
	return m
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
		q.touched.add(m.seq)
	}
	*q = queue{touched: q.touched}
}
