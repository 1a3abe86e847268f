package secretchat

import (
	"encoding/binary"
	"errors"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
)

// What a state consists of is written down once, in the methods code, which a coder
// uses to measure, write or read it. A state that is read has been authenticated: it is
// what we have written. Still nothing in it can do worse than to be refused.

type coderMode uint8

const (
	measuring coderMode = iota
	writing
	reading
)

// coder measures, writes or reads what its methods are given the addresses of.
type coder struct {
	mode coderMode
	size int    // when measuring
	b    []byte // what was written, or is left to read
	bad  bool   // when reading
}

// array codes the bytes of an array.
func (s *coder) array(p []byte) {
	switch s.mode {
	case measuring:
		s.size += len(p)
	case writing:
		s.b = append(s.b, p...)
	case reading:
		if s.bad || len(p) > len(s.b) {
			s.bad = true
			clear(p)
			return
		}
		copy(p, s.b)
		s.b = s.b[len(p):]
	}
}

func (s *coder) int64(p *int64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(*p))
	s.array(b[:])
	if s.mode == reading {
		*p = int64(binary.LittleEndian.Uint64(b[:]))
	}
}

// int codes a number from -1 to 2^31 - 1.
func (s *coder) int(p *int) {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], uint32(*p))
	s.array(b[:])
	if s.mode == reading {
		n := int32(binary.LittleEndian.Uint32(b[:]))
		s.bad = s.bad || n < -1
		*p = int(n)
	}
}

func (s *coder) byte(p *byte) {
	b := [1]byte{*p}
	s.array(b[:])
	if s.mode == reading {
		*p = b[0]
	}
}

func (s *coder) bool(p *bool) {
	var b byte
	if *p {
		b = 1
	}
	s.byte(&b)
	if s.mode == reading {
		s.bad = s.bad || b > 1
		*p = b == 1
	}
}

// bytes codes a slice, of which it reads a copy.
func (s *coder) bytes(p *[]byte) {
	n := len(*p)
	s.count(&n, 1)
	if s.mode == reading {
		*p = make([]byte, n)
	}
	s.array(*p)
}

// count codes the length of what follows, of which each takes size bytes at least.
func (s *coder) count(n *int, size int) {
	s.int(n)
	if s.mode == reading && (s.bad || *n < 0 || *n > len(s.b)/size) {
		s.bad = true
		*n = 0
	}
}

// list codes a list by coding its items, each of which takes minSize bytes at least.
func list[T any](s *coder, p *[]T, minSize int, code func(*T)) {
	n := len(*p)
	s.count(&n, minSize)
	if s.mode == reading {
		*p = nil
		if n > 0 {
			*p = make([]T, n)
		}
	}
	for i := range *p {
		code(&(*p)[i])
	}
}

// Kinds of states, the first byte.
const (
	stateOutgoing byte = iota + 1
	stateChat
	stateFailed
)

func (s *coder) kind(want byte) {
	kind := want
	s.byte(&kind)
	s.bad = s.bad || kind != want
}

// group codes p and g. A state may hold any group that was checked once; it is checked
// again.
func (s *coder) group(p **bigdh.Group) {
	var prime [bigdh.Size]byte
	var g int
	if s.mode != reading {
		prime, g = (*p).Prime(), (*p).Generator()
	}
	s.array(prime[:])
	s.int(&g)
	if s.mode == reading && !s.bad {
		var err error
		*p, err = bigdh.NewGroup(prime[:], g)
		s.bad = err != nil
	}
}

// acceptance codes g_b, or nil.
func (s *coder) acceptance(p **[bigdh.Size]byte) {
	there := *p != nil
	s.bool(&there)
	if !there {
		return
	}
	if s.mode == reading {
		*p = new([bigdh.Size]byte)
	}
	s.array((*p)[:])
}

// exponent codes a private key of the group.
func (s *coder) exponent(p **bigdh.PrivateKey, group *bigdh.Group) {
	var x [bigdh.Size]byte
	if s.mode == writing {
		x = (*p).Bytes()
	}
	s.array(x[:])
	if s.mode == reading && !s.bad {
		var err error
		*p, err = group.NewPrivateKey(x[:])
		s.bad = err != nil
	}
	clear(x[:])
}

// key codes a key, or nil.
func (s *coder) key(p **key, maxPacket int) {
	there := *p != nil
	s.bool(&there)
	if !there {
		return
	}
	if s.mode == reading {
		*p = new(key)
	}
	s.array((*p).auth[:])
	if s.mode == reading {
		(*p).prepare(maxPacket)
	}
}

func (o *Outgoing) code(s *coder) {
	s.kind(stateOutgoing)
	s.group(&o.group)
	if s.bad {
		return
	}
	s.exponent(&o.mine, o.group)
}

func (c *Chat) code(s *coder) {
	kind := stateChat
	if c.err != nil {
		kind = stateFailed
	}
	s.byte(&kind)
	s.bool(&c.originator)
	s.array(c.picture[:])
	list(s, &c.unhandled, eventSize, s.event)
	switch kind {
	case stateChat:
		c.codeLive(s)
	case stateFailed:
		c.codeFailed(s)
	default:
		s.bad = true
	}
}

// codeFailed codes what ended the chat.
func (c *Chat) codeFailed(s *coder) {
	var rule []byte
	if f := (*FatalError)(nil); errors.As(c.err, &f) {
		rule = []byte(f.Rule)
	}
	s.bytes(&rule)
	if s.mode == reading {
		c.err = fatal(Rule(rule))
	}
}

func (c *Chat) codeLive(s *coder) {
	s.group(&c.group)
	s.acceptance(&c.gB)
	s.key(&c.key, c.maxPacket)
	s.key(&c.other, c.maxPacket)
	s.int(&c.uses)
	s.int64(&c.keySince)
	if s.bad {
		return
	}
	c.codeExchange(s)

	s.int(&c.received)
	s.int(&c.sent)
	s.int(&c.acked)
	s.int(&c.own)
	s.int(&c.peer)
	s.int(&c.firstV2)

	s.int(&c.queue.requested)
	list(s, &c.queue.waiting, incomingSize, s.incoming)
	list(s, &c.history.records, recordSize, s.record)
	if s.mode == reading {
		c.queue.count()
		c.history.count()
	}
}

func (c *Chat) codeExchange(s *coder) {
	e := &c.exchange
	s.byte((*byte)(&e.state))
	s.int64(&e.id)
	s.int(&e.commit)
	s.bool(&e.usedNew)
	if e.state == requested {
		s.exponent(&e.mine, c.group)
	}
}

// Least sizes of the items in lists.
const (
	eventSize    = 1 + 4 + 4 + 4 + 4
	incomingSize = 4 + 4 + 4 + 1 + 4
	recordSize   = 4 + 1 + 1 + 1
)

// event codes an event. What is in its body is parsed again.
func (s *coder) event(e *Event) {
	s.byte((*byte)(&e.Kind))
	s.int(&e.Seq)
	s.int(&e.Seen)
	s.int(&e.Layer)
	s.bytes(&e.Body)
	if s.mode != reading {
		return
	}
	if len(e.Body) == 0 {
		e.Body = nil
		return
	}
	m, err := tl.ParseMessage(e.Body)
	s.bad = s.bad || err != nil
	e.describe(&m)
}

func (s *coder) incoming(m *incoming) {
	s.int(&m.seq)
	s.int(&m.seen)
	s.int(&m.layer)
	s.bool(&m.v1)
	s.bytes(&m.body)
	if s.mode == reading {
		var err error
		m.message, err = tl.ParseMessage(m.body)
		s.bad = s.bad || err != nil
	}
}

func (s *coder) record(r *record) {
	s.bytes(&r.object)
	s.bool(&r.unsent)
	s.bool(&r.resend)
	s.byte(&r.asked)
	if s.mode == reading {
		l, err := tl.ParseLayer(r.object)
		if err == nil {
			_, err = tl.ParseMessage(l.Message)
		}
		s.bad = s.bad || err != nil
	}
}

// consistent reports whether a state that was read is one that a chat can be in.
func (c *Chat) consistent() bool {
	if c.err != nil {
		return true
	}
	needsOther := false
	switch c.exchange.state {
	case idle, requested:
	case accepted, switched, committed:
		needsOther = true
	default:
		return false
	}
	if c.key == nil || (c.other != nil) != needsOther {
		return false
	}
	if c.acked < 0 || c.sent < c.acked || c.sent > maxNumbers || len(c.history.records) != c.sent-c.acked {
		return false
	}
	if c.received < 0 || c.uses < 0 || c.firstV2 < 0 || c.peer < MinLayer || c.own < MinLayer {
		return false
	}
	last := c.received
	for _, m := range c.queue.waiting {
		if m.seq <= last {
			return false
		}
		last = m.seq
	}
	return len(c.queue.waiting) <= maxQueue
}
