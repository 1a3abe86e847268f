package secretchat

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
)

// lie is a packet that only a peer can make, and that an honest one does not.
type lie struct {
	in, out int32 // in_seq_no and out_seq_no
	random  int   // number of random bytes
	layer   uint32
	v1      bool
	message []byte
}

// truth is what a liar may build on: the next message, which has seen as much as is known
// to have been seen.
func (p *simParty) truth() lie {
	victim := inspect(p.peer.chat)
	_, message := simService(p.id(), actionNoop)
	return lie{
		in:  int32(2*victim.acked + p.index),
		out: int32(2*victim.received + 1 - p.index), random: 15, layer: minPeer, message: message,
	}
}

// simLies are rules, and how to break them. They return false if there is no way now.
var simLies = []struct {
	name string
	rule Rule
	tell func(l *lie, p *simParty, victim simInspect) bool
}{
	{"out_seq_no is the other side's", RuleParity, func(l *lie, _ *simParty, _ simInspect) bool { l.out ^= 1; return true }},
	{"in_seq_no is the other side's", RuleParity, func(l *lie, _ *simParty, _ simInspect) bool { l.in ^= 1; return true }},
	{"out_seq_no is negative", RuleParity, func(l *lie, p *simParty, _ simInspect) bool { l.out -= 1 << 30; l.out *= 2; return l.out < 0 }},
	{"in_seq_no counts what was never sent", RuleInSeqNo, func(l *lie, p *simParty, v simInspect) bool {
		l.in = int32(2*(v.sent+1) + p.index)
		return !v.asked(v.received)
	}},
	{"the same, with a message that must wait", RuleInSeqNo, func(l *lie, p *simParty, v simInspect) bool {
		l.in = int32(2*(v.sent+1) + p.index)
		l.out += 2
		return !v.has(v.received+1) && !v.asked(v.received+1)
	}},
	{"too many messages are left out", RuleGap, func(l *lie, _ *simParty, _ simInspect) bool { l.out += 2 * 1001; return true }},
	{"there are 14 random bytes", RuleRandomBytes, func(l *lie, _ *simParty, _ simInspect) bool { l.random = 14; return true }},
	{"the layer is 16", RuleLayer, func(l *lie, _ *simParty, _ simInspect) bool { l.layer = 16; return true }},
	{"the message is cut off", RuleMalformed, func(l *lie, _ *simParty, _ simInspect) bool { l.message = l.message[:8]; return true }},
	{"there is more after the message", RuleMalformed, func(l *lie, _ *simParty, _ simInspect) bool {
		l.message = append(l.message, 0, 0, 0, 0)
		return true
	}},
	{"it wants what does not exist", RuleResend, func(l *lie, p *simParty, v simInspect) bool {
		l.resend(p, v.acked, v.sent)
		return true
	}},
	{"it wants nothing", RuleResend, func(l *lie, p *simParty, v simInspect) bool {
		l.resend(p, v.sent, v.sent-1)
		return true
	}},
	{"it goes back to MTProto 1.0", RuleV1, func(l *lie, _ *simParty, v simInspect) bool { l.v1 = true; return v.received > 0 }},
	{"its g_a is 1", RulePublicValue, func(l *lie, p *simParty, v simInspect) bool {
		_, l.message = simService(p.id(), actionRequestKey, 1, 1<<30, 0x0000_01_01)
		return v.idle
	}},
}

func (l *lie) resend(p *simParty, start, end int) {
	victimBit := 1 - p.peer.index
	_, l.message = simService(p.id(), actionResend, uint32(2*start+victimBit), uint32(2*end+victimBit))
}

// lie sends the i-th lie to the peer, which must give up for the reason that is named.
func (p *simParty) lie(i int) {
	victim := inspect(p.peer.chat)
	what := simLies[i%len(simLies)]
	l := p.truth()
	if !what.tell(&l, p, victim) {
		return
	}
	object := simWords(idLayer)
	object = append(append(object, byte(l.random)), make([]byte, l.random+(-1-l.random)&3)...)
	object = append(object, simWords(l.layer, uint32(l.in), uint32(l.out))...)
	object = append(object, l.message...)
	plaintext := append(binary.LittleEndian.AppendUint32(nil, uint32(len(object))), object...)
	var packet []byte
	var err error
	if l.v1 {
		packet = simSealV1(victim.keys[0], plaintext)
	} else {
		packet, err = envelope.Seal(nil, victim.keys[0], kdf.Side(p.index), plaintext, envelope.PadMinimal)
		simMust(err)
	}

	p.w.stats.lies++
	p.peer.disk.crashIn = 0
	_, err = p.peer.chat.Receive(packet)
	fatal := (*FatalError)(nil)
	if !errors.As(err, &fatal) || fatal.Rule != what.rule {
		failf("%v lies: %s. %v does not give up because %q, but returns %v", p, what.name, p.peer, what.rule, err)
	}
	p.peer.isOver(fatal)
}

// simSealV1 encrypts as MTProto 1.0 does.
func simSealV1(k *kdf.AuthKey, plaintext []byte) []byte {
	var aesKey, iv [32]byte
	id, msgKey := k.ID(), k.MsgKeyV1(plaintext)
	k.DeriveV1(&aesKey, &iv, kdf.Client, &msgKey)
	packet := slices.Concat(id[:], msgKey[:], plaintext, make([]byte, -len(plaintext)&15))
	ige.EncryptAES256Blocks(aesKey[:], iv[:], packet[24:], packet[24:])
	return packet
}
