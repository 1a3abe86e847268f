package secretchat

import (
	"errors"
	"testing"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// forge returns a packet that p could send next, with message in it, but does not note
// that it was sent. The change may make it one that p would never send.
func (p *party) forge(message []byte, change ...func(*tl.Layer)) []byte {
	return seal(p.key, p.side(), p.object(message, change...))
}

// send is forge for a message that p has sent, as far as p knows.
func (p *party) send(message []byte, change ...func(*tl.Layer)) []byte {
	packet := p.forge(message, change...)
	r := record{object: p.object(message, change...)}
	r.parse(p.originator)
	p.history.add(r)
	p.sent++
	p.packet(p.sent - 1)
	return packet
}

func (p *party) object(message []byte, change ...func(*tl.Layer)) []byte {
	l := tl.Layer{
		RandomBytes: make([]byte, minRandomSize),
		Layer:       int32(p.layer()),
		InSeqNo:     toWire(p.received, inBit(p.originator)),
		OutSeqNo:    toWire(p.sent, outBit(p.originator)),
		Message:     message,
	}
	for _, f := range change {
		f(&l)
	}
	return l.Append(nil)
}

// forgeV1 is forge in MTProto 1.0.
func (p *party) forgeV1(tb testing.TB, message []byte, change ...func(*tl.Layer)) []byte {
	tb.Helper()
	return sealV1(tb, p, p.object(message, change...))
}

func sealV1(tb testing.TB, p *party, object []byte) []byte {
	tb.Helper()
	n := len(object)
	plaintext := append([]byte{byte(n), byte(n >> 8), byte(n >> 16), 0}, object...)
	packet, err := envelope.SealV1(nil, &p.key.auth, kdf.Client, plaintext)
	if err != nil {
		tb.Fatal(err)
	}
	return packet
}

// Changes to what forge returns: d messages later, or having seen d more of the other
// side's.
func later(d int) func(*tl.Layer) { return func(l *tl.Layer) { l.OutSeqNo += 2 * int32(d) } }
func seeing(d int) func(*tl.Layer) {
	return func(l *tl.Layer) { l.InSeqNo += 2 * int32(d) }
}
func inLayer(n int32) func(*tl.Layer) { return func(l *tl.Layer) { l.Layer = n } }

// wantFatal checks that p refuses a packet for good: for that reason, now and then, and
// after a crash, and that it has wiped its keys.
func wantFatal(t *testing.T, p *party, packet []byte, want Rule) {
	t.Helper()
	k := p.key
	_, err := p.Receive(packet)
	wantDead(t, p, err, want)
	if k.auth != (kdf.AuthKey{}) {
		t.Error("the key was not wiped")
	}
}

func wantDead(t *testing.T, p *party, err error, want Rule) {
	t.Helper()
	f := (*FatalError)(nil)
	if !errors.Is(err, ErrFatal) || !errors.As(err, &f) || f.Rule != want {
		t.Errorf("error %v, want %q", err, want)
		return
	}
	for _, restarted := range []bool{false, true} {
		if restarted {
			p.restart(t)
		}
		_, err1 := p.Receive(make([]byte, 100))
		_, err2 := p.Encrypt(text(1, "x"))
		if err1 == nil || err1.Error() != err.Error() || err2 != err1 || p.Err() != err1 {
			t.Errorf("restarted %t: Receive %v, Encrypt %v, Err %v, want %v", restarted, err1, err2, p.Err(), err)
		}
		if p.key != nil || p.other != nil || p.exchange.mine != nil || p.history.records != nil || p.Outbox() != nil {
			t.Errorf("restarted %t: there is still something of the chat", restarted)
		}
	}
}

// wantRefused checks that a packet changes nothing.
func wantRefused(t *testing.T, p *party, packet []byte, want error) {
	t.Helper()
	commits, state := p.store.commits, plainState(p.Chat)
	events, err := p.Receive(packet)
	if events != nil || err != want {
		t.Errorf("Receive = %d events, %v, want %v", len(events), err, want)
	}
	if got := plainState(p.Chat); got != state || p.store.commits != commits || p.Err() != nil {
		t.Error("a refused packet has changed the chat")
	}
}
