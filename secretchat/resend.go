package secretchat

import "github.com/mtcore/mtcore/internal/tl"

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
	// maxAsked is how often a peer may ask for the same message. Once does it, but for
	// what gets lost; without a bound, a few bytes would have us send the whole history,
	// again and again.
	maxAsked = 32
)

// enqueue keeps m until what is missing has come. Now and then it forgets that messages
// were asked for.
func (s *session) enqueue(m incoming) error {
	q := &s.queue
	if len(q.waiting) == maxQueue || q.bytes+len(m.body) > maxQueueBytes {
		return fatal(RuleGap)
	}
	q.insert(m)
	if len(q.waiting)%askAgain == 0 {
		q.requested = 0
	}
	return s.requestMissing()
}

// requestMissing asks for what is missing before the first message that waits, unless
// that was done.
func (s *session) requestMissing() error {
	q := &s.queue
	if len(q.waiting) == 0 {
		return nil
	}
	start, end := max(s.received, q.requested), q.waiting[0].seq-1
	if start > end {
		return nil
	}
	q.requested = end + 1
	bit := outBit(!s.originator)
	return s.post(&tl.Action{ID: tl.Resend, Start: toWire(start, bit), End: toWire(end, bit)})
}

// answerResend marks what the peer has asked for. Everything has to be there: messages
// that exist, and that it has not acknowledged.
func (s *session) answerResend(a *tl.Action) error {
	start, ok := fromWire(a.Start, outBit(s.originator))
	end, ok2 := fromWire(a.End, outBit(s.originator))
	if !ok || !ok2 || start > end || start < s.acked || end >= s.sent || end-start >= maxResend {
		return fatal(RuleResend)
	}
	for seq := start; seq <= end; seq++ {
		if s.history.records[seq-s.acked].asked == maxAsked {
			return fatal(RuleResend)
		}
		s.history.again(seq - s.acked)
	}
	return nil
}

// dropV1 removes what waits, came in MTProto 1.0 and has a higher number than seq. It is
// missing again then.
func (s *session) dropV1(seq int) {
	if s.queue.drop(func(m *incoming) bool { return m.v1 && m.seq > seq }) > 0 {
		s.queue.requested = 0
	}
}
