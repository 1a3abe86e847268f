package secretchat

import (
	"errors"
	"slices"
	"time"

	"github.com/mtcore/mtcore/bigdh"
)

// What a state consists of is written down once, in the methods code, which a coder
// uses to measure, write or read it. A state that is read has been authenticated: it is
// what we have written. Still nothing in it can do worse than to be refused.
//
// A state is a head, which every commit writes, the keys, and a record for each message of ours
// that is not acknowledged, for each of the peer's that waits, and for each event that is not
// handled. The lists of these note which of their items have changed.

// Kinds of heads, the first byte.
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

// touched are the numbers of records that have changed since the last commit.
type touched []int

func (t *touched) add(number int) {
	if *t == nil {
		*t = make(touched, 0, usuallyTouched)
	}
	*t = append(*t, number)
}

// usuallyTouched is how many records of a kind a commit changes, but for few: a message has an
// event or two, and takes the place of as many.
const usuallyTouched = 4

// settle forgets the numbers.
func (t *touched) settle() {
	if cap(*t) > usuallyTouched {
		*t = nil
	}
	*t = (*t)[:0]
}

func (t touched) append(ids []recordID, kind recordKind) []recordID {
	for _, n := range t {
		ids = append(ids, newRecordID(kind, n))
	}
	return ids
}

// code implements [source]. An Outgoing is a head alone.
func (o *Outgoing) code(w *coder, id recordID) bool {
	w.kind(stateOutgoing)
	w.group(&o.group)
	if !w.bad {
		w.exponent(&o.mine, o.group)
	}
	return true
}

// secrets are what the record of keys has and the head has not. All of them are replaced, and
// never changed, so that the record is up to date if it is of the same ones.
type secrets struct {
	key, other *key
	mine       *bigdh.PrivateKey
	gB         *[bigdh.Size]byte
}

func (s *session) secrets() secrets { return secrets{s.key, s.other, s.exchange.mine, s.gB} }

// touched appends the records that have changed since the last commit.
func (s *session) touched(ids []recordID) []recordID {
	if s.secrets() != s.stored {
		ids = append(ids, keysID)
	}
	ids = s.history.touched.append(ids, kindOwn)
	ids = s.queue.touched.append(ids, kindWaiting)
	return s.unhandled.touched.append(ids, kindEvent)
}

// settled says that what was touched is in the Store.
func (s *session) settled() {
	s.stored = s.secrets()
	s.history.touched.settle()
	s.queue.touched.settle()
	s.unhandled.touched.settle()
}

// touchAll says that nothing is in the Store.
func (s *session) touchAll() {
	s.stored = secrets{}
	for i := range s.history.records {
		s.history.touched.add(s.history.first + i)
	}
	for _, m := range s.queue.waiting {
		s.queue.touched.add(m.seq)
	}
	for i := range s.unhandled.list {
		s.unhandled.touched.add(s.unhandled.first + i)
	}
}

// code implements [source], for writing.
func (s *session) code(w *coder, id recordID) bool {
	n := id.number()
	switch id.kind() {
	case kindHead:
		s.codeHead(w)
	case kindKeys:
		if s.key == nil {
			return false
		}
		s.codeKeys(w)
	case kindOwn:
		i := n - s.history.first
		if i < 0 || i >= len(s.history.records) {
			return false
		}
		w.record(&s.history.records[i])
	case kindWaiting:
		i, found := s.queue.find(n)
		if !found {
			return false
		}
		w.incoming(&s.queue.waiting[i])
	case kindEvent:
		i := n - s.unhandled.first
		if i < 0 || i >= len(s.unhandled.list) {
			return false
		}
		w.event(&s.unhandled.list[i])
	}
	return true
}

// reader puts together a session of records that come in any order.
type reader struct {
	session *session
	head    bool // was there
	own     []numbered[record]
	waiting []numbered[incoming]
	events  []numbered[Event]
}

type numbered[T any] struct {
	number int
	item   T
}

// sorted returns the items by their numbers, if these follow on from first without a gap.
func sorted[T any](list []numbered[T], first int) (items []T, ok bool) {
	if len(list) > 0 {
		items = make([]T, 0, len(list))
	}
	slices.SortFunc(list, func(a, b numbered[T]) int { return a.number - b.number })
	for i := range list {
		if list[i].number != first+i {
			return nil, false
		}
		items = append(items, list[i].item)
	}
	return items, true
}

// read reads a record, and reports whether it is one. It keeps the content.
func (r *reader) read(id recordID, content []byte) bool {
	w := coder{mode: reading, b: content, keep: id != headID && id != keysID}
	n := id.number()
	switch id.kind() {
	case kindHead:
		r.session.codeHead(&w)
		r.head = true
		defer clear(content)
	case kindKeys:
		r.session.codeKeys(&w)
		defer clear(content)
	case kindOwn:
		m := numbered[record]{number: n}
		w.record(&m.item)
		r.own = append(r.own, m)
	case kindWaiting:
		m := numbered[incoming]{number: n}
		w.incoming(&m.item)
		w.bad = w.bad || m.item.seq != n
		r.waiting = append(r.waiting, m)
	case kindEvent:
		m := numbered[Event]{number: n}
		w.event(&m.item)
		r.events = append(r.events, m)
	}
	return !w.bad && len(w.b) == 0
}

// finish reports whether what was read is a state that a chat can be in.
func (r *reader) finish() bool {
	s := r.session
	if !r.head {
		return false
	}
	s.stored = s.secrets()
	var ok, ok2 bool
	s.history.first = s.acked
	s.history.records, ok = sorted(r.own, s.history.first)
	s.unhandled.list, ok2 = sorted(r.events, s.unhandled.first)
	if !ok || !ok2 {
		return false
	}
	slices.SortFunc(r.waiting, func(a, b numbered[incoming]) int { return a.number - b.number })
	for i := range r.waiting {
		s.queue.waiting = append(s.queue.waiting, r.waiting[i].item)
	}
	return s.complete()
}

// complete computes what follows from the records of a session that was read, and reports
// whether it is one that there can be.
func (s *session) complete() bool {
	for i := range s.history.records {
		if !s.history.records[i].parse(s.originator) {
			return false
		}
	}
	s.queue.count()
	s.history.count()
	return s.consistent()
}

func (s *session) codeHead(w *coder) {
	kind := stateChat
	if s.over != nil {
		kind = stateFailed
	}
	w.byte(&kind)
	w.bool(&s.originator)
	w.array(s.picture[:])
	w.int(&s.unhandled.first)
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

func (s *session) codeKeys(w *coder) {
	w.group(&s.group)
	w.acceptance(&s.gB)
	w.key(&s.key, s.maxPacket)
	w.key(&s.other, s.maxPacket)
	there := s.exchange.mine != nil
	w.bool(&there)
	if there && !w.bad {
		w.exponent(&s.exchange.mine, s.group)
	}
}

func (s *session) codeLive(w *coder) {
	w.int(&s.uses)
	w.int64(&s.keySince)
	s.codeExchange(w)

	w.int(&s.received)
	w.int(&s.sent)
	w.int(&s.acked)
	w.int(&s.own)
	w.int(&s.peer)
	w.int(&s.firstV2)

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

func (s *session) codeExchange(w *coder) {
	e := &s.exchange
	w.byte((*byte)(&e.state))
	w.int64(&e.id)
	w.int(&e.commit)
	w.bool(&e.usedNew)
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

// spanSize is the length of a span.
const spanSize = 3*4 + 2*8 + 2*4 + 1 + 1

func (w *coder) event(e *Event) {
	w.byte((*byte)(&e.Kind))
	w.int(&e.Seq)
	w.int(&e.Seen)
	w.int(&e.Layer)
	w.bytes(&e.Body)
	if e.Kind == EventGap {
		w.gap(e)
	}
	if w.mode == reading {
		w.parseEvent(e)
	}
}

// parseEvent sets what is in the body of an event that was read.
func (w *coder) parseEvent(e *Event) {
	if len(e.Body) == 0 {
		e.Body = nil
		return
	}
	m, err := parseMessage(e.Body)
	e.describe(&m)
	w.bad = w.bad || err != nil || e.Kind == 0
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
	w.bool(&m.asked)
	w.int64(&m.under)
	w.bytes(&m.body)
	if w.mode == reading {
		w.parseIncoming(m)
	}
}

// parseIncoming parses the body of a message that was read.
func (w *coder) parseIncoming(m *incoming) {
	var err error
	m.message, err = parseMessage(m.body)
	w.bad = w.bad || err != nil
}

// record codes a message of ours. [record.parse] has to follow.
func (w *coder) record(r *record) {
	w.bytes(&r.object)
	w.bool(&r.unsent)
	w.bool(&r.resend)
}

// consistent reports whether a state that was read is one that a chat can be in.
func (s *session) consistent() bool {
	if s.over != nil {
		return s.key == nil && len(s.history.records) == 0 && len(s.queue.waiting) == 0
	}
	hasOther := s.other != nil
	switch s.exchange.state {
	case idle:
		if hasOther {
			return false
		}
	case requested: // from idle or switched
	case accepted, switched, committed:
		if !hasOther {
			return false
		}
	default:
		return false
	}
	if s.key == nil || (s.exchange.mine != nil) != (s.exchange.state == requested) {
		return false
	}
	if s.acked < 0 || s.sent < s.acked || s.sent > maxNumbers || len(s.history.records) != s.sent-s.acked {
		return false
	}
	if s.received < 0 || s.received > maxNumbers || s.uses < 0 || s.firstV2 < 0 || s.peer < minPeer || s.own < minPeer ||
		s.renewal.givenUp < 0 || s.renewal.givenUp > maxGivenUp {
		return false
	}
	last := s.received
	for _, m := range s.queue.waiting {
		if m.seq <= last || m.seq >= maxNumbers {
			return false
		}
		last = m.seq
	}
	return len(s.queue.waiting) <= maxQueue
}
