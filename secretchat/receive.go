package secretchat

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// receive does what a packet asks for, and returns the events.
func (s *session) receive(packet []byte) ([]Event, error) {
	if s.over != nil {
		return nil, s.over
	}
	o, err := s.open(packet)
	if err != nil {
		return nil, err
	}
	handled := s.unhandled
	s.unhandled.clear()
	err = s.process(&o)
	if isRefusal(err) {
		s.unhandled = handled // Nothing has happened.
		clear(o.body)
		return nil, err
	}
	if err == nil {
		err = s.renew(false)
	}
	return slices.Clip(s.unhandled.list), err // which add does not change
}

// isRefusal reports whether err says that a packet has changed nothing.
func isRefusal(err error) bool {
	switch err {
	case ErrUnknownKey, ErrReplacedKey, ErrDecrypt, ErrDuplicate, ErrObsolete:
		return true
	}
	return false
}

// opened is what was in a packet.
type opened struct {
	key     *key
	version envelope.Version
	body    []byte
}

// open decrypts a packet. Whether the fingerprint is known is public; of all the rest
// there is one error, after the same work.
func (s *session) open(packet []byte) (o opened, err error) {
	if len(packet) < 8 {
		return opened{}, ErrDecrypt
	}
	switch {
	case s.key.has(packet):
		o.key = s.key
	case s.other.has(packet):
		o.key = s.other
	case s.wiped != 0 && s.wiped == int64(binary.LittleEndian.Uint64(packet)):
		return opened{}, ErrReplacedKey
	default:
		return opened{}, ErrUnknownKey
	}
	o.version = envelope.V2
	padded, err := o.key.envelope.Open(nil, s.side().Opposite(), packet)
	if err != nil {
		o.version = envelope.V1
		// MTProto 1.0 has one direction only.
		padded, err = o.key.envelope.OpenV1(nil, kdf.Client, packet, envelope.SecretChat)
	}
	if err != nil {
		return opened{}, ErrDecrypt
	}
	o.body, err = envelope.SecretChat.Body(o.version, padded)
	if err != nil {
		clear(padded)
		return opened{}, ErrDecrypt
	}
	return o, nil
}

// process does what a decrypted message asks for.
//
// The checks are in the order of https://core.telegram.org/api/end-to-end/seq_no.
// Before them, and before a message is known not to be a duplicate, nothing is done:
// what was received before may have been replaced since, by the peer, when it was
// deleted there.
func (s *session) process(o *opened) error {
	if !tl.IsLayer(o.body) {
		return s.receiveBare(o)
	}
	l, err := tl.ParseLayer(o.body)
	if err != nil {
		return fatal(RuleMalformed)
	}
	seen, ok := fromWire(l.InSeqNo, inBit(!s.originator))
	seq, ok2 := fromWire(l.OutSeqNo, outBit(!s.originator))
	v1 := o.version == envelope.V1
	switch {
	case !ok || !ok2:
		return fatal(RuleParity)
	case seq < s.received || s.queue.has(seq):
		return ErrDuplicate
	case v1 && (s.refuseV1 || seq > s.firstV2) || !v1 && s.queue.hasV1After(seq):
		return s.refuse(v1) // A downgrade.
	case seen > s.sent && !s.queue.wasAskedFor(seq):
		// It is checked now, for in its turn it might pass, when we have sent more.
		return fatal(RuleInSeqNo)
	case seq-s.received > maxQueue:
		return fatal(RuleGap)
	case len(l.RandomBytes) < minRandomSize:
		return fatal(RuleRandomBytes)
	case l.Layer < minWrapped:
		return fatal(RuleLayer)
	}
	m := incoming{
		seq: seq, seen: seen, layer: int(l.Layer), v1: v1, asked: s.queue.wasAskedFor(seq),
		under: o.key.fingerprint(), body: l.Message,
	}
	if seq > s.received {
		// What waits does so without its random bytes, which can be as long as a packet.
		m.body = bytes.Clone(l.Message)
		clear(o.body)
	}
	if m.message, err = parseMessage(m.body); err != nil {
		return fatal(RuleMalformed)
	}

	if v1 {
		s.tellLegacy()
	} else {
		s.firstV2 = min(s.firstV2, seq)
	}
	if err := s.onKey(&m, o.key); err != nil {
		return err
	}
	// Who waits for a message cannot wait for the request to be in its turn.
	if m.is(tl.Resend) {
		if err := s.answerResend(&m.message.Action); err != nil {
			return err
		}
	}
	s.onProgress(&m)
	if seq > s.received {
		return s.enqueue(m)
	}
	if err := s.take(&m); err != nil {
		return err
	}
	for s.queue.has(s.received) {
		next := s.queue.next()
		if err := s.take(&next); err != nil {
			return err
		}
	}
	if len(s.queue.waiting) > 0 {
		s.queue.since = s.now()
	}
	s.tellGap()
	return s.requestMissing()
}

// parseMessage parses a DecryptedMessage that has come in a decryptedMessageLayer. An
// action in the form of layer 8, which is not for there, is an action all the same:
// telethon-secret-chat sends all of its own so.
func parseMessage(b []byte) (tl.Message, error) {
	m, err := tl.ParseMessage(b)
	if m.Kind == tl.OldService {
		m.Kind = tl.Service
	}
	return m, err
}

// refuse ends the chat at a message of MTProto 1.0, which has come or waits.
func (s *session) refuse(v1 bool) error {
	if v1 && s.refuseV1 {
		s.emit(s.unnumbered(), Event{Kind: EventRefused})
	}
	return fatal(RuleV1)
}

// tellLegacy tells the application, once, that the peer uses MTProto 1.0.
func (s *session) tellLegacy() (news bool) {
	if s.toldV1 {
		return false
	}
	s.toldV1 = true
	s.emit(s.unnumbered(), Event{Kind: EventLegacy})
	return true
}

// unnumbered stands for a message in events that belong to none.
func (s *session) unnumbered() *incoming { return &incoming{seq: -1, seen: s.acked} }

// receiveBare takes a message without sequence numbers. As nothing tells when it was
// sent, all that it may do is to raise the layer.
func (s *session) receiveBare(o *opened) error {
	m, err := tl.ParseMessage(o.body)
	a := &m.Action
	if err != nil || m.Kind != tl.OldService || a.ID != tl.NotifyLayer || len(m.RandomBytes) < minRandomSize {
		return ErrObsolete
	}
	v1 := o.version == envelope.V1
	if v1 && s.refuseV1 {
		return s.refuse(true)
	}
	raised := s.raise(int(a.Layer))
	if raised {
		s.emit(s.unnumbered(), Event{Kind: EventLayer, Layer: s.peer})
	}
	if news := v1 && s.tellLegacy(); !news && !raised {
		return ErrObsolete
	}
	return nil
}

// take takes the message whose turn it is.
func (s *session) take(m *incoming) error {
	// What was asked for may have the in_seq_no of today, as from Telegram for iOS, which is
	// more than that of what has waited for it; or one that says nothing, as from Android
	// in the place of what was deleted there. Later messages acknowledge the same.
	if m.asked {
		m.seen = s.acked
	}
	m.seen = max(m.seen, s.acked)
	s.received++
	s.gB = nil // The peer has the key, thus it had got this.
	own := s.history.drop(m.seen - s.acked)
	s.acked = m.seen
	if own {
		s.emit(m, Event{Kind: EventAcknowledged})
	}
	s.onTurn(m)
	s.peerLayer(m)
	if err := s.dispatch(m); err != nil {
		return err
	}
	return s.onSilence(m)
}

// dispatch does what m says, or tells the application.
func (s *session) dispatch(m *incoming) error {
	if m.message.Kind == tl.Service {
		if do := findAction(m.message.Action.ID).do; do != nil {
			return do(s, m)
		}
	}
	s.uses++
	e := Event{Layer: m.layer, Body: m.body}
	e.describe(&m.message)
	s.emit(m, e)
	return nil
}

// onNothing is for messages that have no effect in their turn.
func (s *session) onNothing(*incoming) error { return nil }

func (s *session) emit(m *incoming, e Event) {
	e.Seq, e.Seen = m.seq, m.seen
	s.unhandled.add(e)
}
