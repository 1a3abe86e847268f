package peertest

import (
	"fmt"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

type key struct{ auth kdf.AuthKey }

// keys are those of a party.
type keys struct {
	current *key   // for sending
	old     []*key // for receiving
	fresh   *key   // of the exchange that is open

	state exchangeState
	ex    int64 // its id
	priv  *bigdh.PrivateKey
	since int64
	uses  struct{ sent, received int }
}

type exchangeState uint8

const (
	idle exchangeState = iota
	requested
	accepted
	committed // and sending under the old key, if LateSwitch
)

const week = 7 * 24 * 3600

func (p *Party) generate() *bigdh.PrivateKey {
	k, err := p.group.GenerateKey(nil)
	if err != nil {
		panic("peertest: " + err.Error())
	}
	return k
}

// agree returns the key of an exchange. A bad value ends the chat, as it would for all
// of the clients.
func (p *Party) agree(mine *bigdh.PrivateKey, g []byte) *key {
	k := new(key)
	peer, err := p.group.NewPublicKey(g)
	if err == nil {
		err = mine.DH((*[bigdh.Size]byte)(&k.auth), peer)
	}
	if err != nil {
		p.over("a bad g_a or g_b", "")
	}
	return k
}

// find returns the key of a packet, nil if there is none.
func (p *Party) find(data []byte) *key {
	if len(data) < 24 {
		return nil
	}
	candidates := append([]*key{p.current}, p.old...)
	if p.fresh != nil && !(p.CommitFirst && p.state == accepted) {
		candidates = append(candidates, p.fresh)
	}
	for _, k := range candidates {
		if k.auth.ID() == [8]byte(data) {
			return k
		}
	}
	return nil
}

// Keys returns the keys that it has, the one for sending first.
func (p *Party) Keys() (keys []*kdf.AuthKey) {
	for _, k := range append([]*key{p.current, p.fresh}, p.old...) {
		if k != nil {
			keys = append(keys, &k.auth)
		}
	}
	return keys
}

// Has reports whether it can read a packet now, as far as the key goes.
func (p *Party) Has(packet []byte) bool { return p.find(packet) != nil }

// CannotUse reports whether a packet is under the key of an exchange that it has accepted, which it
// does not use before it has processed CommitKey.
func (p *Party) CannotUse(packet []byte) bool {
	return p.fresh != nil && p.fresh.auth.ID() == [8]byte(packet) && !p.Has(packet)
}

// Renewed returns a name for the key in use for sending.
func (p *Party) Renewed() int64 { return p.current.auth.Fingerprint() }

// isDue reports whether it is time for a new key.
func (p *Party) isDue() bool {
	return p.RenewAfter > 0 && p.uses.sent+p.uses.received >= p.RenewAfter ||
		p.RenewSent > 0 && p.uses.sent >= p.RenewSent ||
		p.RenewReceived > 0 && p.uses.received >= p.RenewReceived ||
		p.Weekly && p.now-p.since >= week && p.uses.sent+p.uses.received > 0
}

// renew asks for a new key when it is time.
func (p *Party) renew() {
	if !p.isDue() || p.state != idle || p.Renews == NeverRenews || p.Renews == RenewalFails || p.end != nil {
		return
	}
	p.state, p.ex, p.priv = requested, p.id(), p.generate()
	gA := p.priv.PublicKey().Bytes()
	p.post(&tl.Action{ID: tl.RequestKey, ExchangeID: p.ex, G: gA[:]})
}

func (p *Party) onRequest(a *tl.Action) {
	if p.Renews == NeverRenews || p.Renews == RenewalFails {
		return
	}
	switch {
	case p.state == requested && a.ExchangeID == p.ex:
		p.idle()
		return
	case p.state == requested:
		if (a.ExchangeID < p.ex) != p.SmallerWins {
			return // The other side will accept ours.
		}
		if p.AbortsOwn {
			p.post(&tl.Action{ID: tl.AbortKey, ExchangeID: p.ex})
		}
	case p.state == accepted || p.state == committed:
		switch p.Busy {
		case AbortsNew:
			p.post(&tl.Action{ID: tl.AbortKey, ExchangeID: a.ExchangeID})
			return
		case LargerReplace, LargerWins:
			if a.ExchangeID < p.ex {
				return
			}
			if p.Busy == LargerReplace { // the same once more as well
				p.post(&tl.Action{ID: tl.AbortKey, ExchangeID: p.ex})
			}
		}
	}
	mine := p.generate()
	fresh := p.agree(mine, a.G)
	if p.end != nil {
		return
	}
	p.state, p.ex, p.priv, p.fresh = accepted, a.ExchangeID, nil, fresh
	gB := mine.PublicKey().Bytes()
	p.post(&tl.Action{ID: tl.AcceptKey, ExchangeID: a.ExchangeID, G: gB[:], Fingerprint: fresh.auth.Fingerprint()})
}

func (p *Party) onAccept(a *tl.Action) {
	if p.state == committed && p.LateSwitch && a.ExchangeID == p.ex {
		// It answers a second copy as it did the first.
		p.post(&tl.Action{ID: tl.CommitKey, ExchangeID: p.ex, Fingerprint: p.fresh.auth.Fingerprint()})
		return
	}
	if p.state != requested || a.ExchangeID != p.ex {
		if p.AcceptEnds {
			p.idle()
		}
		p.unknown(a)
		return
	}
	fresh := p.agree(p.priv, a.G)
	if p.end != nil {
		return
	}
	if fresh.auth.Fingerprint() != a.Fingerprint {
		p.over(fmt.Sprintf("AcceptKey has fingerprint %x, and the key %x", a.Fingerprint, fresh.auth.Fingerprint()), "")
		return
	}
	p.post(&tl.Action{ID: tl.CommitKey, ExchangeID: p.ex, Fingerprint: a.Fingerprint})
	if p.LateSwitch {
		p.state, p.fresh, p.priv = committed, fresh, nil
		return
	}
	p.use(fresh)
}

func (p *Party) onCommit(a *tl.Action) {
	if p.Renews == AsInitiator {
		return
	}
	if p.state != accepted || a.ExchangeID != p.ex || p.fresh.auth.Fingerprint() != a.Fingerprint {
		p.unknown(a)
		return
	}
	p.use(p.fresh)
	p.post(&tl.Action{ID: tl.Noop})
}

// unknown is called for AcceptKey and CommitKey out of place.
func (p *Party) unknown(a *tl.Action) {
	if p.AbortsUnknown {
		p.idle()
		p.post(&tl.Action{ID: tl.AbortKey, ExchangeID: a.ExchangeID})
	}
}

func (p *Party) onAbort(a *tl.Action) {
	if p.state != idle && a.ExchangeID == p.ex && !p.IgnoresAbort {
		p.idle()
	}
}

// idle ends an exchange without a new key.
func (p *Party) idle() {
	p.state, p.priv, p.fresh = idle, nil, nil
	if !p.CountsAll {
		p.uses.sent, p.uses.received = 0, 0
	}
}

// use has a new key used for sending.
func (p *Party) use(k *key) {
	if p.OldKey != ForEver {
		p.old = nil
	}
	if p.OldKey != NotKept {
		p.old = append(p.old, p.current)
	}
	p.current = k
	p.since = p.now
	p.idle()
	if !p.CountsOn {
		p.uses.sent, p.uses.received = 0, 0
	}
	kept := p.kept
	p.kept = nil
	for _, data := range kept {
		if p.Over() == nil {
			p.receive(data)
		}
	}
}

// arrived is called for each packet, before its turn.
func (p *Party) arrived(k *key) {
	switch {
	case p.state == accepted && k == p.fresh && !p.LateSwitch:
		// Who uses it has sent CommitKey.
		p.use(k)
		p.post(&tl.Action{ID: tl.Noop})
	case p.OldKey == UntilNew && k == p.current:
		p.old = nil
	}
}

// processed is called for each message in its turn, before what it asks for is done.
func (p *Party) processed(m *incoming) {
	switch {
	case p.OldKey != UntilProcessed:
	case p.state == idle && m.current:
		// Also if it was current when it arrived, and is not any more.
		p.old = nil
	case p.state == committed && m.key == p.fresh:
		p.use(m.key)
		p.old = nil
	}
}
