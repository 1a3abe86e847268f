package secretchat

import (
	"encoding/binary"
)

// States of version 1 were one record, which each commit wrote anew:
//
//	1 || nonce(24) || XChaCha20-Poly1305( what readV1 reads )
//
// with this as additional data:
//
//	"mtcore secret chat" || 1 || chat id(8) || peer id(8)
//
// They are read, and removed by the first commit after that.

const stateVersion1 = 1

// openV1 returns what is in a state of version 1.
func (l *ledger) openV1(value []byte) (plaintext []byte, ok bool) {
	aad := append([]byte(stateDomain), stateVersion1)
	aad = binary.LittleEndian.AppendUint64(aad, uint64(l.chat))
	aad = binary.LittleEndian.AppendUint64(aad, uint64(l.peer))
	if len(value) < stateHeader || value[0] != stateVersion1 {
		return nil, false
	}
	return l.key.openSealed(value, aad)
}

// readV1 reads a state of version 1, and reports whether it is one that a chat can be in.
func (s *session) readV1(content []byte) bool {
	w := &coder{mode: reading, b: content}
	var kind byte
	w.byte(&kind)
	w.bool(&s.originator)
	w.array(s.picture[:])
	list(w, &s.unhandled.list, 17, w.eventV1)
	switch kind {
	case stateChat:
		s.readLiveV1(w)
	case stateFailed:
		s.readFailedV1(w)
	default:
		return false
	}
	s.history.first = s.acked
	return !w.bad && len(w.b) == 0 && s.complete()
}

func (s *session) readLiveV1(w *coder) {
	w.group(&s.group)
	w.acceptance(&s.gB)
	w.key(&s.key, s.maxPacket)
	w.key(&s.other, s.maxPacket)
	w.int(&s.uses)
	w.int64(&s.keySince)
	if w.bad {
		return
	}
	e := &s.exchange
	w.byte((*byte)(&e.state))
	w.int64(&e.id)
	w.int(&e.commit)
	w.bool(&e.usedNew)
	if e.state == requested {
		w.exponent(&e.mine, s.group)
	}
	// Then the new key was always used from CommitKey on.
	e.early = e.state == committed

	w.int(&s.received)
	w.int(&s.sent)
	w.int(&s.acked)
	w.int(&s.own)
	w.int(&s.peer)
	w.int(&s.firstV2)

	// There was a number up to which messages were asked for. Answers are waited for as if
	// the requests were our last message.
	var end int
	w.int(&end)
	if end > s.received {
		s.queue.asked = []span{{start: s.received, end: end - 1, request: s.sent, tries: 1}}
	}
	if e.state == requested {
		e.request = s.sent
	}
	list(w, &s.queue.waiting, 17, w.incomingV1)
	list(w, &s.history.records, 7, w.recordV1)
}

func (s *session) readFailedV1(w *coder) {
	var rule []byte
	w.bytes(&rule)
	s.over = fatal(Rule(rule))
}

func (w *coder) eventV1(e *Event) {
	w.byte((*byte)(&e.Kind))
	w.int(&e.Seq)
	w.int(&e.Seen)
	w.int(&e.Layer)
	w.bytes(&e.Body)
	w.parseEvent(e)
}

func (w *coder) incomingV1(m *incoming) {
	w.int(&m.seq)
	w.int(&m.seen)
	w.int(&m.layer)
	w.bool(&m.v1)
	w.bytes(&m.body)
	w.parseIncoming(m)
}

func (w *coder) recordV1(r *record) {
	w.bytes(&r.object)
	w.bool(&r.unsent)
	w.bool(&r.resend)
	var asked byte
	w.byte(&asked)
}
