package secretchat

import (
	"time"

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

	refuseV1  bool
	maxPacket int
	clock     func() time.Time
	askAfter  int64 // seconds that messages wait before the one that is missing is asked for
	ticked    int64 // what Tick says, while it runs
	// How many messages there may be before the application's are refused, and how long all
	// may be together; and how many before the driver's are.
	maxOwn, maxOwnBytes, maxKept int

	group      *bigdh.Group
	originator bool
	picture    [36]byte
	gB         *[bigdh.Size]byte // until the peer has answered it

	// key is for sending and receiving, other, if there is an exchange that needs it,
	// for receiving.
	key, other *key
	exchange   exchange
	renewal    renewal
	uses       int   // of key, by the application
	keySince   int64 // in Unix time, 0 before the first Tick
	wiped      int64 // fingerprint of the key before, 0 if there was none

	counters
	layers
	// firstV2 is the lowest number of a message that came in MTProto 2.0. What follows
	// it must as well.
	firstV2 int
	toldV1  bool
	queue   queue
	history history
	blocked blocked
	answer  answer

	// unhandled has the events of the last receive.
	unhandled events

	// stored are the secrets that the Store has.
	stored secrets
}

// begin is for a session with its first key. The responder has a gB.
func (s *session) begin(k *key, group *bigdh.Group, gB *[bigdh.Size]byte) {
	s.group, s.originator, s.gB = group, gB == nil, gB
	s.picture = kdf.Visualization(&k.auth, &k.auth)
	s.key = k
	s.peer = minPeer
	s.firstV2 = maxNumbers
}

// use takes over the options that are not part of the state.
func (s *session) use(opt *Options) {
	s.refuseV1 = opt.RefuseV1
	s.maxPacket = opt.MaxPacket
	s.clock = opt.Clock
	s.askAfter = int64((opt.AskAfter + time.Second - 1) / time.Second)
	s.maxOwn, s.maxOwnBytes = opt.MaxUnacknowledged, opt.MaxUnacknowledgedBytes
	s.maxKept = s.maxOwn + driverRoom
}

// now returns the time, in Unix time.
func (s *session) now() int64 { return max(s.clock().Unix(), s.ticked) }

// encrypt makes a packet of what the application wants to send.
func (s *session) encrypt(message []byte) (Packet, error) {
	if s.over != nil {
		return Packet{}, s.over
	}
	m, message, layer, err := s.checkContent(message)
	if err != nil {
		return Packet{}, err
	}
	s.scrub(&m.Action)
	seq := s.sent
	if err := s.number(message, &m, layer); err != nil {
		return Packet{}, err
	}
	s.uses++
	p := s.packet(seq)
	return p, s.renew(false)
}

// checkContent parses what the application wants to send, and returns it in the form of the
// layer to wrap it in.
func (s *session) checkContent(message []byte) (m tl.Message, form []byte, layer int, err error) {
	const more = 8 // the flags that a text of layer 17 does not have, and the longer size of a document
	size := (&tl.Layer{RandomBytes: make([]byte, randomSize)}).Size() + more + len(message)
	if 4+size+envelope.MaxOverhead > s.maxPacket {
		return tl.Message{}, nil, 0, ErrTooLong
	}
	layer, ok := s.layer(), false
	m, err = tl.ParseMessage(message)
	switch m.Kind {
	case tl.Text:
		message, layer, ok = s.form(tl.Message73(message))
	case tl.Service:
		ok = findAction(m.Action.ID).do == nil
	}
	if err != nil || !ok {
		return tl.Message{}, nil, 0, ErrContent
	}
	if s.isFull(size) {
		s.block(size)
		return tl.Message{}, nil, 0, ErrBacklog
	}
	return m, message, layer, nil
}

// isFull reports whether too much is not acknowledged for a message of this size.
func (s *session) isFull(size int) bool {
	n := s.kept()
	return n >= s.maxOwn || n > 0 && s.history.bytes+size > s.maxOwnBytes
}

// maxFlying is how many packets are handed out to Telegram for Android, which announces
// layers above those that are published, before the server has confirmed one: it ends the
// chat when a fifth message waits for one that is missing.
const maxFlying = 4

// maxPiece is how many packets are handed out at once. A peer can ask for all that it has not
// acknowledged with a few bytes.
const maxPiece = 1000

// outbox returns what has to be sent and was not handed out.
func (s *session) outbox() []Packet {
	if s.over != nil || s.history.unhanded == 0 {
		return nil
	}
	n := min(s.history.unhanded, maxPiece)
	if s.peer > LatestLayer {
		n = min(n, maxFlying-s.history.flying)
	}
	if n <= 0 {
		return nil
	}
	packets := make([]Packet, 0, n)
	for i := range s.history.records {
		if r := &s.history.records[i]; r.unsent && !r.handed && len(packets) < n {
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
		s.history.arrived(p.Seq - s.acked)
	}
}

// handled forgets the events, and reports whether there were any.
func (s *session) handled() bool {
	had := len(s.unhandled.list) > 0
	s.unhandled.clear()
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
