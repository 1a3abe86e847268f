package secretchat

import (
	"errors"
	"time"
)

// What a state consists of is written down once, in the methods code, which a coder
// uses to measure, write or read it. A state that is read has been authenticated: it is
// what we have written. Still nothing in it can do worse than to be refused.

// Kinds of states, the first byte.
const (
	stateOutgoing byte = iota + 1
	stateChat
	stateFailed
)

func (w *coder) kind(want byte) {
	kind := want
	w.byte(&kind)
	w.bad = w.bad || kind != want
}

func (o *Outgoing) code(w *coder) {
	w.kind(stateOutgoing)
	w.group(&o.group)
	if w.bad {
		return
	}
	w.exponent(&o.mine, o.group)
}

func (s *session) code(w *coder) {
	kind := stateChat
	if s.over != nil {
		kind = stateFailed
	}
	w.byte(&kind)
	w.bool(&s.originator)
	w.array(s.picture[:])
	list(w, &s.unhandled, eventSize, w.event)
	switch kind {
	case stateChat:
		s.codeLive(w)
	case stateFailed:
		s.codeFailed(w)
	default:
		w.bad = true
	}
}

// codeFailed codes what ended the chat.
func (s *session) codeFailed(w *coder) {
	var rule []byte
	if f := (*FatalError)(nil); errors.As(s.over, &f) {
		rule = []byte(f.Rule)
	}
	w.bytes(&rule)
	if w.mode == reading {
		s.over = fatal(Rule(rule))
	}
}

func (s *session) codeLive(w *coder) {
	w.group(&s.group)
	w.acceptance(&s.gB)
	w.key(&s.key, s.maxPacket)
	w.key(&s.other, s.maxPacket)
	w.int(&s.uses)
	w.int64(&s.keySince)
	if w.bad {
		return
	}
	s.codeExchange(w)

	w.int(&s.received)
	w.int(&s.sent)
	w.int(&s.acked)
	w.int(&s.own)
	w.int(&s.peer)
	w.int(&s.firstV2)

	if w.version == 1 {
		s.codeRequested(w)
	} else {
		s.codeRules(w)
	}
	list(w, &s.queue.waiting, incomingSize, w.incoming)
	list(w, &s.history.records, recordSize, func(r *record) { w.record(r, s.originator) })
	if w.mode == reading {
		s.queue.count()
		s.history.count()
	}
}

func (s *session) codeExchange(w *coder) {
	e := &s.exchange
	w.byte((*byte)(&e.state))
	w.int64(&e.id)
	w.int(&e.commit)
	w.bool(&e.usedNew)
	if e.state == requested {
		w.exponent(&e.mine, s.group)
	}
	if w.version == 1 {
		// Then the new key was always used from CommitKey on.
		e.early = e.state == committed
		return
	}
	w.int(&e.request)
	w.int64(&e.at)
	w.int(&e.ignored)
	w.int(&e.silent)
	w.int64(&e.silentAt)
	w.bool(&e.early)
	there := e.theirs != nil
	w.bool(&there)
	if there {
		if w.mode == reading {
			e.theirs = new(request)
		}
		w.int64(&e.theirs.id)
		w.bytes(&e.theirs.gA)
	}
}

// codeRules codes what the rules of resending and renewal have to remember.
func (s *session) codeRules(w *coder) {
	w.int64(&s.wiped)
	w.int64(&s.renewal.last)
	w.bool(&s.renewal.hasLast)
	w.int(&s.renewal.givenUp)
	w.int64(&s.renewal.notBefore)
	w.bool(&s.toldV1)
	w.int(&s.answer.start)
	w.int(&s.answer.end)
	w.int(&s.answer.reminders)
	w.int64(&s.answer.since)
	list(w, &s.queue.asked, spanSize, func(p *span) {
		w.int(&p.start)
		w.int(&p.end)
		w.int(&p.request)
		w.int64(&p.since)
		w.int64(&p.at)
		w.int(&p.seen)
		w.int(&p.tries)
		w.bool(&p.late)
		w.bool(&p.told)
	})
}

// codeRequested reads what version 1 had of what was asked for: the number up to which that
// was done. Answers are waited for as if the requests were our last message.
func (s *session) codeRequested(w *coder) {
	end := 0
	w.int(&end)
	if end > s.received {
		s.queue.asked = []span{{start: s.received, end: end - 1, request: s.sent, tries: 1}}
	}
	if s.exchange.state == requested {
		s.exchange.request = s.sent
	}
}

// Least sizes of the items in lists.
const (
	eventSize    = 1 + 4 + 4 + 4 + 4
	spanSize     = 3*4 + 2*8 + 2*4 + 1 + 1
	incomingSize = 4 + 4 + 4 + 1 + 4
	recordSize   = 4 + 1 + 1
)

// event codes an event. What is in its body is parsed again.
func (w *coder) event(e *Event) {
	w.byte((*byte)(&e.Kind))
	w.int(&e.Seq)
	w.int(&e.Seen)
	w.int(&e.Layer)
	w.bytes(&e.Body)
	if e.Kind == EventGap {
		w.gap(e)
	}
	if w.mode != reading {
		return
	}
	if len(e.Body) == 0 {
		e.Body = nil
		return
	}
	m, err := parseMessage(e.Body)
	w.bad = w.bad || err != nil
	e.describe(&m)
	w.bad = w.bad || e.Kind == 0
}

func (w *coder) gap(e *Event) {
	since := e.Since.Unix()
	w.int(&e.From)
	w.int(&e.To)
	w.int64(&since)
	if w.mode == reading {
		e.Since = time.Unix(since, 0)
	}
}

func (w *coder) incoming(m *incoming) {
	w.int(&m.seq)
	w.int(&m.seen)
	w.int(&m.layer)
	w.bool(&m.v1)
	if w.version > 1 {
		w.bool(&m.asked)
		w.int64(&m.under)
	}
	w.bytes(&m.body)
	if w.mode == reading {
		var err error
		m.message, err = parseMessage(m.body)
		w.bad = w.bad || err != nil
	}
}

func (w *coder) record(r *record, originator bool) {
	w.bytes(&r.object)
	w.bool(&r.unsent)
	w.bool(&r.resend)
	if w.version == 1 {
		var asked byte
		w.byte(&asked)
	}
	if w.mode == reading {
		w.bad = !r.parse(originator) || w.bad
	}
}

// consistent reports whether a state that was read is one that a chat can be in.
func (s *session) consistent() bool {
	if s.over != nil {
		return true
	}
	needsOther := false
	switch s.exchange.state {
	case idle, requested:
	case accepted, switched, committed:
		needsOther = true
	default:
		return false
	}
	if s.key == nil || (s.other != nil) != needsOther {
		return false
	}
	if s.acked < 0 || s.sent < s.acked || s.sent > maxNumbers || len(s.history.records) != s.sent-s.acked {
		return false
	}
	if s.received < 0 || s.uses < 0 || s.firstV2 < 0 || s.peer < minPeer || s.own < minPeer ||
		s.renewal.givenUp < 0 || s.renewal.givenUp > maxGivenUp {
		return false
	}
	last := s.received
	for _, m := range s.queue.waiting {
		if m.seq <= last {
			return false
		}
		last = m.seq
	}
	return len(s.queue.waiting) <= maxQueue
}
