package secretchat

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat/peertest"
)

// One of the two sides of the simulator's world may be somebody else's client, out of
// package peertest. The world looks into its packets as well, but what it does is its own
// business: only its end has to be explained by what the client is known for.

// beginWith sets up the chat between a client at p and us.
func (w *simWorld) beginWith(p *simParty, s *simSchedule) {
	w.stats.foreign++
	p.them = peertest.New(peertest.Find(s.client), simGroup, s.seed)
	if s.seed%2 == 0 { // For some, the first key is old when it is first used.
		p.them.Tick(w.now.AddDate(0, 0, -8).Unix())
	}
	us := p.peer
	if p.index == 0 {
		gA := p.them.Request()
		var gB [bigdh.Size]byte
		var fingerprint int64
		var err error
		us.chat, gB, fingerprint, err = Accept(simGroup, gA[:], us.opt)
		simMust(err)
		p.them.Complete(gB[:], fingerprint)
		return
	}
	o, gA, err := Request(simGroup, us.opt)
	simMust(err)
	gB, fingerprint := p.them.Accept(gA[:])
	us.chat, err = o.Complete(gB[:], fingerprint)
	simMust(err)
}

// doThem takes a step of a client.
func (p *simParty) doThem(s simStep) {
	switch s.op {
	case "say", "typing", "read", "screenshot", "ttl":
		p.say()
	case "burst":
		for range s.a + 1 {
			p.say()
		}
	case "delete":
		if id, ok := p.them.Delete(s.a); ok {
			p.deleted[id] = true
			p.w.stats.deletions++
		}
	case "tick":
		p.tick()
	case "restart", "crash":
		p.them.Restart()
	}
}

func (p *simParty) sayThem(id int64) {
	p.them.Say(id, fmt.Sprintf("%v says %d", p, id))
}

// flushThem puts on their way what the client sends.
func (p *simParty) flushThem() {
	p.look()
	for _, packet := range p.them.Out() {
		s := p.openThem(packet.Data)
		if s == nil {
			continue
		}
		p.w.tell("\t%v sends %v", p, s)
		p.wire = append(p.wire, s)
		p.history = append(p.history, s)
		if s.seq >= 0 && p.sent[s.seq] == nil {
			p.sent[s.seq] = s
			if !slices.Contains(driverActions, s.action) {
				p.own = append(p.own, ownMessage{s.seq, s.id})
			}
		} else if s.seq >= 0 {
			p.noteAgain(s)
		}
	}
	p.isOverThem()
}

// openThem takes a packet of a client apart.
func (p *simParty) openThem(data []byte) *simPacket {
	s := &simPacket{data: bytes.Clone(data), key: [8]byte(data), seq: -1}
	key, side := p.w.keys[s.key], kdf.Side(p.index)
	version := envelope.V2
	padded, err := envelope.Open(nil, &key, side, data)
	if err != nil {
		version = envelope.V1
		padded, err = envelope.OpenV1(nil, &key, kdf.Client, data, envelope.SecretChat)
		simMust(err)
	}
	body, err := envelope.SecretChat.Body(version, padded)
	simMust(err)
	l, err := tl.ParseLayer(body)
	if err != nil {
		return s // a message without a number
	}
	s.layer, s.seen, s.seq, s.message = int(l.Layer), int(l.InSeqNo>>1), int(l.OutSeqNo>>1), l.Message
	m, err := tl.ParseMessage(l.Message)
	simMust(err)
	s.id, s.action = m.RandomID, uint32(m.Action.ID)
	return s
}

// receiveThem has the client receive one of our packets.
func (p *simParty) receiveThem(s *simPacket) {
	p.them.Receive(bytes.Clone(s.data))
	p.w.tell("\t%v receives %v, has got %d", p, s, p.them.Received())
	p.look()
	p.isOverThem()
	p.checkDeliveredThem()
}

// isOverThem checks why the client has ended the chat, if it has.
func (p *simParty) isOverThem() {
	end := p.them.Over()
	if end == nil || p.w.over {
		return
	}
	if end.Known == "" {
		failf("%v ends the chat, for a good reason: %s", p, end.Why)
	}
	p.w.stats.ends++
	p.w.over = true
}

// checkDeliveredThem checks that what the client's user sees is what we have written, in
// its order unless the client has none.
func (p *simParty) checkDeliveredThem() {
	texts := p.them.Delivered
	if len(texts) == 0 {
		return
	}
	last := texts[len(texts)-1]
	if want := fmt.Sprintf("%v says %d", p.peer, last.ID); last.Body != want || p.peer.sent[last.Seq] == nil || p.peer.sent[last.Seq].id != last.ID {
		failf("%v delivers message %d as %q, want %q", p, last.Seq, last.Body, want)
	}
	if n := len(texts); n > 1 && last.Seq <= texts[n-2].Seq && !p.them.Unordered {
		failf("%v delivers message %d after %d", p, last.Seq, texts[n-2].Seq)
	}
}

func (p *simParty) lookThem() {
	for _, k := range p.them.Keys() {
		id := k.ID()
		if !p.held[id] && !p.peer.held[id] {
			p.w.keyNumber[id] = len(p.w.keyNumber)
		}
		p.w.keys[id] = *k
		p.held[id] = true
	}
}

// unfinishedWith tells what is not as it should be between us and a client when everything
// has arrived.
func (w *simWorld) unfinishedWith(us, p *simParty) string {
	them := p.them
	in := inspect(us.chat)
	if them.Failed() {
		return ""
	}
	// What some clients have lost they never send again; the application must know.
	never := them.Answers == peertest.NoAnswer || them.Answers == peertest.Fails || them.Answers == peertest.TwiceEach
	if us.prefix != len(p.sent) && !(never && us.toldGap) {
		return fmt.Sprintf("%v waits for message %d of %d", us, us.prefix, len(p.sent))
	}
	if us.prefix == len(p.sent) && us.nextOwn != len(p.own) {
		return fmt.Sprintf("%v has delivered %d texts of %d", us, us.nextOwn, len(p.own))
	}
	if them.Missing() {
		return fmt.Sprintf("%v waits for message %d of %d", p, them.Received(), len(us.sent))
	}
	if !them.Unordered && them.Received() != len(us.sent) {
		return fmt.Sprintf("%v has got %d messages of %d", p, them.Received(), len(us.sent))
	}
	if them.CountsOn {
		return "" // It is in another exchange at any time.
	}
	if len(in.keys) > 2 || !slices.ContainsFunc(them.Keys(), func(k *kdf.AuthKey) bool { return *k == *in.keys[0] }) {
		return fmt.Sprintf("%v sends under a key that %v does not have", us, p)
	}
	if !slices.ContainsFunc(in.keys, func(k *kdf.AuthKey) bool { return *k == *them.Keys()[0] }) {
		return fmt.Sprintf("%v sends under a key that %v does not have", p, us)
	}
	return ""
}

// rekeyWith has some months pass, in which the key must be replaced, if the client does so
// at all and hears us.
func (w *simWorld) rekeyWith(us, p *simParty) {
	if p.them.Renews != peertest.Renewing || p.them.Failed() || us.prefix != len(p.sent) {
		return
	}
	before := us.chat.Fingerprint()
	for range 20 {
		if us.chat.Fingerprint() != before {
			break
		}
		w.pass(8 * 24 * time.Hour)
		for range 4 {
			for _, side := range w.sides {
				side.say()
				side.tick()
				side.flush()
				w.settle()
			}
			if w.over {
				return
			}
		}
	}
	if what := w.unfinishedWith(us, p); what != "" {
		failf("after some months: %s", what)
	}
	if us.chat.Fingerprint() == before {
		failf("after some months the key is the same")
	}
}
