package secretchat

import (
	"bytes"
	"errors"
	"slices"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// Receive takes a packet from the server. It returns all events that are due: none if
// the message is for the driver, or has to wait for others, and several if others have
// waited for it. They stay part of the state, for [Chat.Unhandled], until the next
// packet is received, or until [Chat.Handled].
//
// [ErrUnknownKey], [ErrDecrypt], [ErrDuplicate] and [ErrObsolete] say that the packet
// has changed nothing. A [FatalError] is final; there may be events that came before
// it.
func (c *Chat) Receive(packet []byte) ([]Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	o, err := c.open(packet)
	if err != nil {
		return nil, err
	}
	handled := c.unhandled
	c.unhandled = nil
	err = c.receive(&o)
	if isRefusal(err) {
		c.unhandled = handled // Nothing has happened.
		clear(o.body)
		return nil, err
	}
	if err == nil {
		err = c.renew(false)
	}
	if err != nil {
		err = c.fail(err)
	} else {
		err = c.commit()
	}
	if errors.Is(err, ErrStore) {
		return nil, err
	}
	return slices.Clone(c.unhandled), err
}

// isRefusal reports whether err says that a packet has changed nothing.
func isRefusal(err error) bool {
	switch err {
	case ErrUnknownKey, ErrDecrypt, ErrDuplicate, ErrObsolete:
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
func (c *Chat) open(packet []byte) (o opened, err error) {
	if len(packet) < 8 {
		return opened{}, ErrDecrypt
	}
	switch {
	case c.key.has(packet):
		o.key = c.key
	case c.other.has(packet):
		o.key = c.other
	default:
		return opened{}, ErrUnknownKey
	}
	o.version = envelope.V2
	padded, err := o.key.envelope.Open(nil, c.side().Opposite(), packet)
	if err != nil && c.mayBeV1() {
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

// mayBeV1 reports whether there is a message still to come that is allowed to be of
// MTProto 1.0: one before all that were of 2.0.
func (c *Chat) mayBeV1() bool { return c.allowV1 && c.received < c.firstV2 }

// receive does what a decrypted message asks for.
//
// The checks are in the order of https://core.telegram.org/api/end-to-end/seq_no.
// Before them, and before a message is known not to be a duplicate, nothing is done:
// what was received before may have been replaced since, by the peer, when it was
// deleted there.
func (c *Chat) receive(o *opened) error {
	if !tl.IsLayer(o.body) {
		return c.receiveBare(o)
	}
	l, err := tl.ParseLayer(o.body)
	if err != nil {
		return fatal(RuleMalformed)
	}
	seen, ok := fromWire(l.InSeqNo, inBit(!c.originator))
	seq, ok2 := fromWire(l.OutSeqNo, outBit(!c.originator))
	v1 := o.version == envelope.V1
	switch {
	case v1 && (int(l.Layer) >= layerV2 || ok2 && seq > c.firstV2):
		return ErrDecrypt // A downgrade.
	case !ok || !ok2:
		return fatal(RuleParity)
	case seq < c.received || c.queue.has(seq):
		return ErrDuplicate
	case seen > c.sent:
		// In its turn the message might pass, when we have sent more.
		return fatal(RuleInSeqNo)
	case seq-c.received > maxResend:
		return fatal(RuleGap)
	case len(l.RandomBytes) < minRandomSize:
		return fatal(RuleRandomBytes)
	case l.Layer < minWrapped:
		return fatal(RuleLayer)
	}
	m := incoming{seq: seq, seen: seen, layer: int(l.Layer), v1: v1, body: l.Message}
	if seq > c.received {
		// What waits does so without its random bytes, which can be as long as a packet.
		m.body = bytes.Clone(l.Message)
		clear(o.body)
	}
	if m.message, err = tl.ParseMessage(m.body); err != nil {
		return fatal(RuleMalformed)
	}

	if !v1 && seq < c.firstV2 {
		c.firstV2 = seq
		c.queue.dropV1(seq)
	}
	if err := c.onNewKey(o.key); err != nil {
		return err
	}
	// Who waits for a message cannot wait for the request to be in its turn.
	if m.is(tl.Resend) {
		if err := c.answerResend(&m.message.Action); err != nil {
			return err
		}
	}
	if seq > c.received {
		return c.enqueue(m)
	}
	if err := c.process(&m); err != nil {
		return err
	}
	for {
		next, ok := c.queue.next(c.received)
		if !ok {
			break
		}
		if err := c.process(&next); err != nil {
			return err
		}
	}
	return c.requestMissing()
}

// receiveBare takes a message without sequence numbers. As nothing tells when it was
// sent, all that it may do is to raise the layer.
func (c *Chat) receiveBare(o *opened) error {
	m, err := tl.ParseMessage(o.body)
	a := &m.Action
	if err != nil || m.Kind != tl.OldService || a.ID != tl.NotifyLayer || len(m.RandomBytes) < minRandomSize ||
		!c.raise(int(a.Layer)) {
		return ErrObsolete
	}
	c.emit(&incoming{seq: -1, seen: c.acked}, Event{Kind: EventLayer, Layer: c.peer})
	return nil
}

// enqueue keeps m until what is missing has come.
func (c *Chat) enqueue(m incoming) error {
	if !c.queue.add(m) {
		return fatal(RuleGap)
	}
	return c.requestMissing()
}

// requestMissing asks for what is missing before the first message that waits, unless
// that was done.
func (c *Chat) requestMissing() error {
	start, end, ok := c.queue.missing(c.received)
	if !ok {
		return nil
	}
	c.queue.requested = end + 1
	bit := outBit(!c.originator)
	return c.post(&tl.Action{ID: tl.Resend, Start: toWire(start, bit), End: toWire(end, bit)})
}

// process takes the message whose turn it is.
func (c *Chat) process(m *incoming) error {
	if m.seen < c.acked || m.seen > c.sent {
		return fatal(RuleInSeqNo)
	}
	c.received++
	c.uses++
	c.gB = nil // The peer has the key, thus it had got this.
	c.history.drop(m.seen - c.acked)
	c.acked = m.seen
	c.onSeen(m.seen)
	if c.raise(m.layer) {
		c.emit(m, Event{Kind: EventLayer, Layer: c.peer})
	}
	return c.dispatch(m)
}

// dispatch does what m says, or tells the application.
func (c *Chat) dispatch(m *incoming) error {
	if m.message.Kind == tl.Service {
		a := &m.message.Action
		switch a.ID {
		case tl.Resend, tl.Noop: // Resend was answered when it came.
			return nil
		case tl.NotifyLayer:
			if c.raise(int(a.Layer)) {
				c.emit(m, Event{Kind: EventLayer, Layer: c.peer})
			}
			return nil
		case tl.RequestKey:
			return c.onRequestKey(m)
		case tl.AcceptKey:
			return c.onAcceptKey(m)
		case tl.CommitKey:
			return c.onCommitKey(m)
		case tl.AbortKey:
			return c.onAbortKey(m)
		}
	}
	e := Event{Layer: m.layer, Body: m.body}
	e.describe(&m.message)
	c.emit(m, e)
	return nil
}

func (c *Chat) emit(m *incoming, e Event) {
	e.Seq, e.Seen = m.seq, m.seen
	c.unhandled = append(c.unhandled, e)
}

func (m *incoming) is(id tl.ActionID) bool {
	return m.message.Kind == tl.Service && m.message.Action.ID == id
}
