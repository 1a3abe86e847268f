package secretchat

import (
	"time"

	"github.com/mtcore/mtcore/internal/tl"
)

// What may be missing, what may wait for it, and how often it is asked for.
const (
	// maxQueue is how many messages wait, and maxQueueBytes how long they are together.
	maxQueue      = 1000
	maxQueueBytes = 16 << 20
	// maxSpans is how many ranges are asked for at a time. What is missing beyond them is
	// asked for when one of them has come.
	maxSpans = 16

	// A request, or the answer to it, is taken for lost after askAgain messages of the peer
	// that had seen the request, up to maxTries times; at each askAgainAt-th message that
	// waits, since with a hole on each side nothing is ever seen; and after a time that
	// doubles with each try, which no longer counts after maxUnseen tries of which the peer
	// has not seen the last one: it may be off, and has them when it comes back.
	askAgain   = 3
	maxTries   = 5
	askAgainAt = 16
	askAfter   = 30 // seconds
	askDoubled = 7  // how often that doubles
	maxUnseen  = 16

	// toldTries is after how many requests without an answer the application is told.
	toldTries = 3
)

// A message is sent again maxAgain times within againTime seconds, whoever asks for it and
// why. Without a bound, a few bytes would have us send the whole history, again and again;
// and each answer has Telegram for iOS ask once more.
const (
	maxAgain  = 3
	againTime = 30
)

// requestTime is for how many seconds a request of ours may be under way.
const requestTime = 5

// What the peer has asked for is sent again if its in_seq_no says that it still has not got
// it, maxReminders times within reminderTime seconds: that of Telegram for Android says so for
// as long as we send nothing new.
const (
	maxReminders = 6
	reminderTime = 600
)

// answer is what the peer has asked for and may not have got: something between messages
// start and end, without that.
type answer struct {
	start, end int
	reminders  int   // that are left
	since      int64 // when there were all of them, in Unix time
}

// enqueue keeps m until what is missing has come.
func (s *session) enqueue(m incoming) error {
	q := &s.queue
	if len(q.waiting) == maxQueue || q.bytes+len(m.body) > maxQueueBytes {
		return fatal(RuleGap)
	}
	if len(q.waiting) == 0 {
		q.since = s.now()
	}
	q.insert(m)
	if len(q.waiting)%askAgainAt == 0 {
		for i := range q.asked {
			q.asked[i].late = true
		}
	}
	s.tellGap()
	return s.requestMissing()
}

// requestMissing asks for what is missing before the messages that wait, as far as that
// was not done, or is to be done again. Half of the driver's room is left for what a peer makes it
// say: neither time nor a burst of which much is lost ends a chat by our requests.
func (s *session) requestMissing() error {
	q := &s.queue
	if s.isEarly() {
		return nil
	}
	for asked := false; q.open() < maxSpans && s.kept() < s.maxKept-driverRoom/2; asked = true {
		start, end, ok := q.hole(s.received)
		if !ok {
			break
		}
		if !asked {
			s.sendFirstTwo()
		}
		next := span{start: start, end: end, request: s.sent, since: s.now(), at: s.now(), tries: 1}
		for _, p := range q.asked {
			if p.start <= end && start <= p.end {
				next.tries = max(next.tries, p.tries+1)
				next.since = min(next.since, p.since)
				next.told = next.told || p.told
			}
		}
		q.asked = append(q.asked, next)
		bit := outBit(!s.originator)
		if err := s.post(&tl.Action{ID: tl.Resend, Start: toWire(start, bit), End: toWire(end, bit)}); err != nil {
			return err
		}
	}
	q.forget(s.received)
	return nil
}

// isEarly reports whether what is missing may come by itself, and the application wants to wait for
// that. Times are in whole seconds, so that one more has to pass.
func (s *session) isEarly() bool {
	q := &s.queue
	if s.askAfter == 0 || len(q.waiting) >= askAgainAt {
		return false
	}
	passed := s.now() - q.since
	return passed >= 0 && passed <= s.askAfter
}

// sendFirstTwo sends our first two unacknowledged messages again to a peer that acts on
// requests in their turn only, and asks for its own holes once: with a hole on each side,
// each would wait for the other. That is Telegram for Android, which alone announces a layer
// above those that are published; others count copies.
func (s *session) sendFirstTwo() {
	if s.peer <= LatestLayer {
		return
	}
	for seq := s.acked; seq < min(s.acked+2, s.sent); seq++ {
		s.sendAgain(seq)
	}
}

// tellGap tells the application of what is missing in spite of several requests.
func (s *session) tellGap() {
	q := &s.queue
	q.forget(s.received)
	for i := range q.asked {
		p := &q.asked[i]
		if p.told || p.tries < toldTries || p.tries == toldTries && !p.late {
			continue
		}
		p.told = true
		e := Event{Kind: EventGap, From: max(p.start, s.received), To: p.end, Since: time.Unix(p.since, 0)}
		for q.has(e.From) {
			e.From++
		}
		for q.has(e.To) {
			e.To--
		}
		s.emit(s.unnumbered(), e)
	}
}

// onProgress looks at what m, which may have to wait, says of our messages and requests.
func (s *session) onProgress(m *incoming) {
	if m.asked {
		return // What it has seen is of another time.
	}
	for i := range s.queue.asked {
		p := &s.queue.asked[i]
		if m.seen <= p.request || p.late || p.tries >= maxTries {
			continue
		}
		if p.seen++; p.seen >= askAgain {
			p.late = true
		}
	}
	// One that says that it still waits for what it has asked for gets it again. Telegram
	// for Android has an in_seq_no that is one too low.
	a := &s.answer
	if m.is(tl.Resend) || m.seen+1 < a.start || m.seen >= a.end {
		return
	}
	if now := s.now(); now-a.since >= reminderTime || now < a.since {
		a.reminders, a.since = maxReminders, now
	}
	for seq := max(m.seen, a.start, s.acked); seq < min(m.seen+2, a.end) && a.reminders > 0; seq++ {
		if s.sendAgain(seq) {
			a.reminders--
		}
	}
}

// askInTime has what was asked for long ago asked for again. The application is told with the
// next message, if it is.
func (s *session) askInTime() error {
	now := s.now()
	for i := range s.queue.asked {
		p := &s.queue.asked[i]
		p.at = min(p.at, now) // in case the clock was wrong
		if p.tries < maxUnseen || p.request < s.acked {
			p.late = p.late || now-p.at >= askAfter<<min(p.tries-1, askDoubled)
		}
	}
	return s.requestMissing()
}

// answerResend has what the peer has asked for sent again, but for what it has got since:
// requests can be late, and there may be one for each message that has had to wait. What was
// never sent nobody can have missed.
func (s *session) answerResend(a *tl.Action) error {
	start, ok := fromWire(a.Start, outBit(s.originator))
	end, ok2 := fromWire(a.End, outBit(s.originator))
	if !ok || !ok2 || start > end || end >= s.sent {
		return fatal(RuleResend)
	}
	if start = max(start, s.acked); start > end {
		return nil
	}
	next := answer{start: start, end: end + 1, reminders: maxReminders, since: s.now()}
	if a := s.answer; a.end > s.acked { // This request may be the older one.
		next.start, next.end = min(start, a.start), max(end+1, a.end)
	}
	s.answer = next
	for seq := start; seq <= end; seq++ {
		s.sendAgain(seq)
	}
	return nil
}

// sendAgain has message seq sent again, unless it is about to be sent anyway, or that was done
// too often a short while ago.
//
// In the place of a request of ours goes Noop, and a new request if it is still needed:
// Telegram for iOS stops for good at a request, a second copy of one included, for what it
// has dropped since. Nor is it sent again while the first copy may be under way, which would
// be the second then.
func (s *session) sendAgain(seq int) bool {
	r := &s.history.records[seq-s.acked]
	if r.unsent && !r.handed {
		return false
	}
	now := s.now()
	if r.action == tl.Resend && now >= r.handedAt && now-r.handedAt < requestTime {
		return false
	}
	if now-r.since >= againTime || now < r.since {
		r.since, r.again = now, 0
	}
	if r.again == maxAgain {
		return false
	}
	r.again++
	if r.action == tl.Resend {
		s.replace(seq, &tl.Action{ID: tl.Noop})
		for i := range s.queue.asked {
			if p := &s.queue.asked[i]; p.request == seq {
				p.late = true
			}
		}
	}
	s.history.again(seq - s.acked)
	return true
}
