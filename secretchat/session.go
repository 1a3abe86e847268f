package secretchat

import (
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// session is the protocol: what one side of a chat knows, and what it does with what
// comes. It has no lock and no store, and nothing that it does is final before [Chat]
// has committed it.
type session struct {
	// over is the FatalError that has ended the chat.
	over error

	allowV1   bool
	maxPacket int

	group      *bigdh.Group
	originator bool
	picture    [36]byte
	gB         *[bigdh.Size]byte // until the peer has answered it

	// key is for sending and receiving, other, if there is an exchange that needs it,
	// for receiving.
	key, other *key
	exchange   exchange
	uses       int   // of key
	keySince   int64 // in Unix time, 0 before the first Tick

	counters
	layers
	// firstV2 is the lowest number of a message that came in MTProto 2.0. What follows
	// it must as well.
	firstV2 int
	queue   queue
	history history

	// unhandled has the events of the last receive.
	unhandled []Event
}

// begin is for a session with its first key. The responder has a gB.
func (s *session) begin(k *key, group *bigdh.Group, gB *[bigdh.Size]byte) {
	s.group, s.originator, s.gB = group, gB == nil, gB
	s.picture = kdf.Visualization(&k.auth, &k.auth)
	s.key = k
	s.peer = MinLayer
	s.firstV2 = maxNumbers
}

// use takes over the options that are not part of the state.
func (s *session) use(opt *Options) {
	s.allowV1 = opt.AllowLegacyV1
	s.maxPacket = opt.MaxPacket
}

// encrypt makes a packet of what the application wants to send.
func (s *session) encrypt(message []byte) (Packet, error) {
	if s.over != nil {
		return Packet{}, s.over
	}
	m, err := s.checkContent(message)
	if err != nil {
		return Packet{}, err
	}
	s.scrub(&m.Action)
	seq := s.sent
	if err := s.number(message, &m); err != nil {
		return Packet{}, err
	}
	p := s.packet(seq)
	return p, s.renew(false)
}

// checkContent parses what the application wants to send.
func (s *session) checkContent(message []byte) (tl.Message, error) {
	size := (&tl.Layer{RandomBytes: make([]byte, randomSize)}).Size() + len(message)
	if 4+size+envelope.MaxOverhead > s.maxPacket {
		return tl.Message{}, ErrTooLong
	}
	m, err := tl.ParseMessage(message)
	if err != nil || m.Kind != tl.Text && m.Kind != tl.Service || m.Kind == tl.Service && findAction(m.Action.ID).do != nil {
		return tl.Message{}, ErrContent
	}
	if n := len(s.history.records); n >= maxOwn || n > 0 && s.history.bytes+size > maxOwnBytes {
		return tl.Message{}, ErrBacklog
	}
	return m, nil
}

// outbox returns what has to be sent and was not handed out.
func (s *session) outbox() []Packet {
	if s.over != nil || s.history.unhanded == 0 {
		return nil
	}
	packets := make([]Packet, 0, s.history.unhanded)
	for i := range s.history.records {
		if r := &s.history.records[i]; r.unsent && !r.handed {
			packets = append(packets, s.packet(s.acked+i))
		}
	}
	return packets
}

// onSent notes that the server has got a packet.
func (s *session) onSent(p *Packet) {
	if p.Seq < s.acked || p.Seq >= s.sent {
		return
	}
	r := &s.history.records[p.Seq-s.acked]
	// The peer may have asked for a message while its first packet was on the way.
	if r.handed && r.resend == p.resend {
		r.unsent, r.resend, r.handed = false, false, false
	}
}

// handled forgets the events, and reports whether there were any.
func (s *session) handled() bool {
	had := len(s.unhandled) > 0
	s.unhandled = nil
	return had
}

// end ends the chat for err, which is a FatalError.
func (s *session) end(err error) {
	s.wipe()
	s.over = err
}

// wipe erases all secrets but the events that were released.
func (s *session) wipe() {
	s.key.wipe()
	s.other.wipe()
	s.key, s.other = nil, nil
	s.exchange.wipe()
	s.queue.wipe()
	s.history.wipe()
}

// side returns ours: the originator of the chat is the client of kdf.
func (s *session) side() kdf.Side {
	if s.originator {
		return kdf.Client
	}
	return kdf.Server
}
