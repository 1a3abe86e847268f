package secretchat

import (
	"slices"

	"github.com/mtcore/mtcore/internal/tl"
)

// What may be missing, and what may wait for it.
const (
	// maxResend is how many messages one side asks the other for, or gives it.
	maxResend = 1000
	// maxQueue is how many messages wait, and maxQueueBytes how long they are together.
	maxQueue      = 64
	maxQueueBytes = 4 << 20
	// askAgain is after how many messages that wait a request, or the answer to it, is
	// taken for lost.
	askAgain = maxQueue / 4
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

// add puts m in its place, and reports whether there was room. Now and then it forgets
// that messages were asked for.
func (q *queue) add(m incoming) bool {
	if len(q.waiting) == maxQueue || q.bytes+len(m.body) > maxQueueBytes {
		return false
	}
	i, _ := q.find(m.seq)
	q.waiting = slices.Insert(q.waiting, i, m)
	q.bytes += len(m.body)
	if len(q.waiting)%askAgain == 0 {
		q.requested = 0
	}
	return true
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

// dropV1 removes what came in MTProto 1.0 and has a higher number than seq. It is missing
// again then.
func (q *queue) dropV1(seq int) {
	q.waiting = slices.DeleteFunc(q.waiting, func(m incoming) bool {
		drop := m.v1 && m.seq > seq
		if drop {
			q.bytes -= len(m.body)
			q.requested = 0
			clear(m.body)
		}
		return drop
	})
}

// missing returns the range of messages to ask for, given the next number due: what is
// missing before the first that waits and was not asked for.
func (q *queue) missing(due int) (start, end int, ok bool) {
	if len(q.waiting) == 0 {
		return 0, 0, false
	}
	start, end = max(due, q.requested), q.waiting[0].seq-1
	return start, end, start <= end
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
