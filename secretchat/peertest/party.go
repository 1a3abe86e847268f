package peertest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// Party is a client, in one chat.
type Party struct {
	*Ways
	// Delivered are the texts that have reached its user, in order, and Deleted the ids
	// that it was told to delete.
	Delivered []Text
	Deleted   []int64

	originator bool
	group      *bigdh.Group
	random     *rand.Rand
	now        int64 // in Unix time
	created    int64 // first time that it was told
	mine       *bigdh.PrivateKey
	end        *End
	stopped    *End

	keys
	sent     []*outgoing
	acked    int // largest in_seq_no
	received int
	waiting  []*incoming
	all      map[int]bool // numbers that were processed, if Unordered
	shown    map[int]bool // numbers of texts that were delivered
	kept     [][]byte     // packets under unknown keys

	told      int  // layer that the other side has announced
	wrapped   int  // largest layer of a wrapper
	announced bool // Announces has been
	gotV2     bool

	asked    map[int]bool // starts, for OncePerStart
	askedTo  int          // for OncePerHole
	pending  [][2]int     // for PerBatch
	gap      *oneGap      // that is being closed, for OneGap
	answered map[int]bool // starts
	deaf     bool         // for Fails
	failed   bool         // an answer has
	unread   [][]byte     // what has come while it was deaf
	out      []Packet
}

// Text is a text message.
type Text struct {
	Seq  int
	ID   int64
	Body string
}

// Packet is what a party sends.
type Packet struct {
	Seq   int // number of the message, -1 if it has none
	Data  []byte
	Again bool // it was sent before
}

// End is why a chat is over.
type End struct {
	Why string
	// Known is what this client is known to do, by which the chat ends though nobody has
	// broken a rule. It is empty if the other side is to blame.
	Known string
}

func (e *End) String() string { return e.Why }

type outgoing struct {
	seq, seen, layer int
	id               int64
	message          []byte // nil if the row is deleted, or dropped
	text             bool
	deleted          bool // by the user, who wants it deleted there as well
	key              *key
	data             []byte
}

// oneGap is a range that is missing.
type oneGap struct {
	start, end int
	next       int // number after what waits
}

type incoming struct {
	seq, seen, layer int
	key              *key
	current          bool // the key was that in use for sending when it arrived
	message          []byte
}

// Find returns the ways of the client with that name, nil if there is none.
func Find(name string) *Ways {
	for _, w := range Clients {
		if w.Name == name {
			return w
		}
	}
	return nil
}

// New returns a client that has no chat yet. What it draws is from seed, but for keys.
func New(ways *Ways, group *bigdh.Group, seed uint64) *Party {
	return &Party{
		Ways: ways, group: group, random: rand.New(rand.NewPCG(seed, 1)),
		all: map[int]bool{}, shown: map[int]bool{}, asked: map[int]bool{}, answered: map[int]bool{},
	}
}

// Request begins a chat.
func (p *Party) Request() (gA [bigdh.Size]byte) {
	p.originator = true
	p.mine = p.generate()
	return p.mine.PublicKey().Bytes()
}

// Accept takes g_a.
func (p *Party) Accept(gA []byte) (gB [bigdh.Size]byte, fingerprint int64) {
	mine := p.generate()
	p.current = p.agree(mine, gA)
	p.keys.since = p.now
	p.begin()
	return mine.PublicKey().Bytes(), p.current.auth.Fingerprint()
}

// Complete takes what Accept of the other side has returned.
func (p *Party) Complete(gB []byte, fingerprint int64) {
	p.current = p.agree(p.mine, gB)
	p.keys.since = p.now
	if p.current.auth.Fingerprint() != fingerprint {
		p.over("another fingerprint at the handshake", "")
		return
	}
	p.begin()
}

func (p *Party) begin() {
	if p.FirstAnnounces != 0 && !p.originator {
		a := &tl.Action{ID: tl.NotifyLayer, Layer: int32(p.FirstAnnounces)}
		if p.BareFirst {
			p.send(&outgoing{seq: -1, layer: 8, message: oldService(p.id(), p.bytes(15), a)}, false)
		} else {
			p.number(p.FirstAnnounces, p.id(), p.service(a), false)
		}
		return
	}
	p.announce()
}

func (p *Party) announce() {
	p.announced = true
	p.post(&tl.Action{ID: tl.NotifyLayer, Layer: int32(p.Announces)})
}

// Over returns why the chat is over for this party, and nil as long as it is not. A party
// that has stopped processing messages counts as over.
func (p *Party) Over() *End {
	if p.end != nil {
		return p.end
	}
	return p.stopped
}

func (p *Party) over(why, known string) {
	if p.end == nil {
		p.end = &End{p.Name + ": " + why, known}
	}
}

func (p *Party) stop(why, known string) {
	if p.stopped == nil {
		p.stopped = &End{p.Name + " stops: " + why, known}
	}
}

// Sent returns how many messages it has numbered, Received how many of the other's it
// counts, and Missing whether it waits for something.
func (p *Party) Sent() int     { return len(p.sent) }
func (p *Party) Received() int { return p.received }
func (p *Party) Missing() bool { return len(p.waiting) > 0 || len(p.kept) > 0 }

// Failed reports whether it has run into a mistake of its own, after which it may never be well
// again.
func (p *Party) Failed() bool { return p.failed || p.hasFailed() }

// hasFailed reports whether it would ask for a new key, and cannot.
func (p *Party) hasFailed() bool { return p.Renews == RenewalFails && p.isDue() }

// Out returns what is to be sent, and forgets it.
func (p *Party) Out() []Packet {
	out := p.out
	p.out = nil
	return out
}

// Say sends a text.
func (p *Party) Say(id int64, text string) {
	if p.end != nil {
		return
	}
	p.number(p.layer(), id, p.text(id, 0, text), true)
	if !p.CountsAll {
		p.uses.sent++
		p.renew()
	}
}

// Delete has the i-th last text deleted on both sides, and returns its id.
func (p *Party) Delete(i int) (id int64, ok bool) {
	if p.end != nil {
		return 0, false
	}
	for _, o := range slices.Backward(p.sent) {
		if !o.text || o.deleted {
			continue
		}
		if i > 0 {
			i--
			continue
		}
		o.deleted = true
		p.post(&tl.Action{ID: tl.DeleteMessages, IDs: []int64{o.id}})
		return o.id, true
	}
	return 0, false
}

// Refused says that the server has refused a message for good.
func (p *Party) Refused(seq int) {
	if p.Answers == Today { // It drops the number.
		p.sent[seq].message = nil
	}
}

// Restart forgets what it remembers only as long as the program runs.
func (p *Party) Restart() {
	clear(p.asked)
	clear(p.answered)
	unread := p.unread
	p.deaf, p.unread = false, nil
	p.Receive(unread...)
}

// Tick tells the time, in Unix time.
func (p *Party) Tick(now int64) {
	if p.now = now; p.created == 0 {
		p.created, p.since = now, now
	}
	if p.end != nil {
		return
	}
	if !p.CountsAll {
		p.renew()
	}
	for len(p.pending) > 0 {
		p.askLate()
	}
}

func (p *Party) post(a *tl.Action) { p.number(p.layer(), p.id(), p.service(a), false) }

// number gives a message its number and sends it.
func (p *Party) number(layer int, id int64, message []byte, text bool) {
	if p.CountsAll {
		p.uses.sent++
		if p.hasFailed() {
			return
		}
		defer p.renew()
	}
	o := &outgoing{seq: len(p.sent), seen: p.seen(), layer: layer, id: id, message: message, text: text}
	p.sent = append(p.sent, o)
	p.send(o, false)
}

// seen returns in_seq_no.
func (p *Party) seen() int {
	if p.OneLow {
		return max(0, p.received-1)
	}
	return p.received
}

// layer returns that of a wrapper.
func (p *Party) layer() int {
	told := p.told
	if p.Knows != nil && told != 0 && !slices.Contains(p.Knows, told) {
		told = p.Knows[len(p.Knows)-1]
	}
	if told == 0 || p.Confirmed && len(p.sent) < 2 {
		return p.Starts
	}
	return min(p.Most, max(p.Least, told))
}

// send encrypts o, which may have been sent before.
func (p *Party) send(o *outgoing, again bool) {
	object := o.message
	if o.seq >= 0 {
		l := tl.Layer{
			RandomBytes: p.bytes(p.RandomBytes[p.random.IntN(len(p.RandomBytes))]),
			Layer:       int32(o.layer),
			InSeqNo:     int32(2*o.seen + p.inBit()),
			OutSeqNo:    int32(2*o.seq + 1 - p.inBit()),
			Message:     o.message,
		}
		object = l.Append(nil)
	}
	if o.key == nil {
		o.key = p.current
	}
	key := p.current
	if p.Answers == Today {
		key = o.key
	}
	data := p.seal(key, object, p.sendsV1(o.layer))
	if o.data == nil {
		o.data = data
	}
	p.out = append(p.out, Packet{o.seq, data, again})
}

// inBit is the lowest bit of in_seq_no. That of out_seq_no is the other.
func (p *Party) inBit() int {
	if p.originator {
		return 0
	}
	return 1
}

func (p *Party) sendsV1(layer int) bool {
	switch p.V1 {
	case V1Below47:
		return layer < 47
	case V1UntilV2:
		return !p.gotV2 && p.told < 73
	}
	return false
}

// seal encrypts, with as much padding as this client has.
func (p *Party) seal(k *key, object []byte, v1 bool) []byte {
	plaintext := append(binary.LittleEndian.AppendUint32(nil, uint32(len(object))), object...)
	id := k.auth.ID()
	var aesKey, iv [32]byte
	var msgKey kdf.MsgKey
	if v1 {
		msgKey = k.auth.MsgKeyV1(plaintext)
		plaintext = append(plaintext, p.bytes(-len(plaintext)&15)...)
		k.auth.DeriveV1(&aesKey, &iv, kdf.Client, &msgKey)
	} else {
		n := p.MinPadding + p.random.IntN(p.MaxPadding-p.MinPadding+1)
		n += -(len(plaintext) + n) & 15
		if n > 1024 {
			n -= 16
		}
		plaintext = append(plaintext, p.bytes(n)...)
		msgKey = k.auth.MsgKey(p.side(), plaintext)
		k.auth.Derive(&aesKey, &iv, p.side(), &msgKey)
	}
	packet := append(append(id[:], msgKey[:]...), plaintext...)
	ige.EncryptAES256Blocks(aesKey[:], iv[:], packet[24:], packet[24:])
	return packet
}

func (p *Party) side() kdf.Side {
	if p.originator {
		return kdf.Client
	}
	return kdf.Server
}

// Receive takes packets, of which the server has sent all together.
func (p *Party) Receive(packets ...[]byte) {
	for _, data := range packets {
		if p.deaf {
			p.unread = append(p.unread, data)
		} else if p.Over() == nil {
			p.receive(data)
		}
	}
	if p.Over() == nil && p.Asks == PerBatch {
		if len(p.waiting) > 0 {
			p.pending = append(p.pending, [2]int{p.received, p.waiting[0].seq - 1})
		}
		for range p.random.IntN(3) {
			p.askLate()
		}
	}
}

// askLate sends the oldest request that is to be sent.
func (p *Party) askLate() {
	if len(p.pending) > 0 {
		p.ask(p.pending[0][0], p.pending[0][1])
		p.pending = p.pending[1:]
	}
}

func (p *Party) receive(data []byte) {
	k := p.find(data)
	if k == nil {
		switch p.UnknownKey {
		case Kept:
			p.kept = append(p.kept, data)
		case Discarded:
			p.over("a packet under a key that it does not have", "an unknown fingerprint discards the chat")
		}
		return
	}
	object, v1, err := open(&k.auth, p.side().Opposite(), data)
	if err != nil || v1 && !p.ReadsV1 {
		return
	}
	p.gotV2 = p.gotV2 || !v1
	p.arrived(k)
	if p.CountsAll {
		p.uses.received++
		if p.hasFailed() {
			return
		}
		p.renew()
	}
	l, err := tl.ParseLayer(object)
	if err != nil {
		if a := action(object); a != nil && a.ID == tl.NotifyLayer {
			p.tell(int(a.Layer))
		}
		return
	}
	if p.Knows != nil && !slices.Contains(p.Knows, int(l.Layer)) {
		p.stop(fmt.Sprintf("wrapper %d", l.Layer), "")
		return
	}
	m := &incoming{seq: int(l.OutSeqNo >> 1), seen: int(l.InSeqNo >> 1), layer: int(l.Layer), key: k, current: k == p.current, message: l.Message}
	if p.Checks {
		switch {
		case len(l.RandomBytes) < 15:
			p.over("random bytes are missing", "")
			return
		case int(l.OutSeqNo)&1 != p.inBit() || int(l.InSeqNo)&1 != 1-p.inBit() || m.seen > len(p.sent):
			p.over(fmt.Sprintf("in_seq_no %d, out_seq_no %d, and it has sent %d", l.InSeqNo, l.OutSeqNo, len(p.sent)), "")
			return
		}
	}
	if p.Unordered {
		if p.Copies || !p.all[m.seq] {
			p.all[m.seq] = true
			p.process(m)
		}
		return
	}
	if a := action(m.message); a != nil && a.ID == tl.Resend && (!p.InTurn && m.seq >= p.received || p.Again && m.seq < p.received) {
		p.answer(a)
		if p.Over() != nil {
			return
		}
		if p.deaf { // It has counted a message whose turn it was, and does not keep another.
			if m.seq == p.received {
				p.process(m)
			}
			return
		}
	}
	switch {
	case m.seq < p.received:
		return
	case m.seq > p.received:
		p.wait(m)
		return
	}
	p.process(m)
	p.drain(m.seq)
}

// open decrypts a packet.
func open(auth *kdf.AuthKey, from kdf.Side, data []byte) (object []byte, v1 bool, err error) {
	version := envelope.V2
	padded, err := envelope.Open(nil, auth, from, data)
	if err != nil {
		version = envelope.V1
		if padded, err = envelope.OpenV1(nil, auth, kdf.Client, data, envelope.SecretChat); err != nil {
			return nil, false, err
		}
	}
	object, err = envelope.SecretChat.Body(version, padded)
	return object, version == envelope.V1, err
}

// wait keeps what came too early.
func (p *Party) wait(m *incoming) {
	i, found := slices.BinarySearchFunc(p.waiting, m.seq, func(m *incoming, seq int) int { return m.seq - seq })
	if found && !p.Copies {
		return
	}
	if p.OneGap {
		if p.gap == nil {
			p.gap = &oneGap{p.received, m.seq - 1, m.seq}
		}
		switch {
		case m.seq < p.gap.next:
			return // It thinks that this is a copy.
		case m.seq > p.gap.next:
			p.over("a second gap", "it discards the chat at a second gap while it waits for the first to be closed")
			return
		}
		p.gap.next++
	}
	if p.MaxWaiting > 0 && len(p.waiting) == p.MaxWaiting {
		p.over("too many messages wait", "Android ends the chat on the fifth waiting message")
		return
	}
	p.waiting = slices.Insert(p.waiting, i, m)
	switch p.Asks {
	case OncePerHole:
		if end := p.waiting[0].seq - 1; p.askedTo <= end {
			p.ask(max(p.received, p.askedTo), end)
			p.askedTo = end + 1
		}
	case OncePerStart:
		if !p.asked[p.received] {
			p.asked[p.received] = true
			p.ask(p.received, m.seq-1)
		}
	case PerMessage:
		p.ask(p.gap.start, p.gap.end)
	}
}

// drain processes what has waited for message seq.
func (p *Party) drain(seq int) {
	if p.OneGap && (p.gap == nil || seq != p.gap.end) {
		return
	}
	p.gap = nil
	for len(p.waiting) > 0 && p.waiting[0].seq <= p.received && p.end == nil {
		m := p.waiting[0]
		p.waiting = p.waiting[1:]
		p.process(m)
	}
	if len(p.waiting) == 0 {
		return
	}
	if end := p.waiting[0].seq - 1; p.Asks == OncePerHole && p.askedTo <= end {
		p.ask(max(p.received, p.askedTo), end)
		p.askedTo = end + 1
	}
}

func (p *Party) ask(start, end int) {
	bit := p.inBit() // of the other's out_seq_no
	p.post(&tl.Action{ID: tl.Resend, Start: int32(2*start + bit), End: int32(2*end + bit)})
}

// answer answers Resend.
func (p *Party) answer(a *tl.Action) {
	start, end := int(a.Start>>1), int(a.End>>1)
	switch p.Answers {
	case SameCiphertext:
		if int(a.Start)&1 != 1-p.inBit() || start > end || end >= len(p.sent) || end-start > 1000 {
			p.over(fmt.Sprintf("Resend %d to %d, and it has sent %d", a.Start, a.End, len(p.sent)), "")
			return
		}
		for _, o := range p.sent[start : end+1] {
			p.out = append(p.out, Packet{o.seq, o.data, true})
		}
	case TwiceEach:
		if p.answered[start] || end-start >= 10_000 {
			return
		}
		p.answered[start] = true
		for seq := start; seq <= end; seq++ {
			o := &outgoing{seq: seq, seen: seq + 1, layer: p.layer(), message: p.service(&tl.Action{ID: tl.DeleteMessages, IDs: []int64{p.id()}})}
			if seq < len(p.sent) && !p.sent[seq].deleted {
				o = p.sent[seq]
			}
			p.send(o, true)
			p.send(o, true)
		}
	case Fails:
		p.deaf, p.failed = true, true
	case Today:
		for seq := start; seq <= end; seq++ {
			if seq >= len(p.sent) || p.sent[seq].message == nil {
				p.stop(fmt.Sprintf("asked for number %d, which it does not have", seq),
					"iOS stops processing for good when asked for a number that it has not")
				return
			}
			again := *p.sent[seq]
			again.seen = p.seen()
			if again.deleted {
				again.message = p.service(&tl.Action{ID: tl.DeleteMessages, IDs: []int64{again.id}})
			}
			p.send(&again, true)
		}
	}
}

// process takes a message in its turn, or what it thinks that is.
func (p *Party) process(m *incoming) {
	if p.NoFalling && m.seen < p.acked {
		p.over(fmt.Sprintf("in_seq_no falls from %d to %d", p.acked, m.seen), "")
		return
	}
	if p.Checks && m.layer < p.wrapped {
		p.over(fmt.Sprintf("the layer falls from %d to %d", p.wrapped, m.layer), "")
		return
	}
	p.wrapped = m.layer
	if p.Repeats == WhenRaised && m.layer > p.told {
		p.tell(m.layer)
		p.tellAgain()
	}
	if p.Unordered {
		p.received++
	} else {
		p.received = max(p.received, m.seq+1)
	}
	p.acked = max(p.acked, m.seen)
	if p.Answers == Today { // What is acknowledged is dropped.
		for _, o := range p.sent[:min(p.acked, len(p.sent))] {
			o.message = nil
		}
	}
	p.tell(m.layer)
	if p.Repeats == EachMessage {
		p.tellAgain()
	}
	p.processed(m)
	p.dispatch(m)
	if !p.CountsAll {
		p.renew()
	}
}

// tell notes a layer of the other side.
func (p *Party) tell(layer int) {
	if layer > p.told || p.Downwards && layer >= 17 {
		p.told = layer
	}
}

// tellAgain tells the other side its layer once more. It is that of messages, if less.
func (p *Party) tellAgain() {
	if p.now-p.created <= 15 {
		return
	}
	layer := p.Announces
	if p.Downwards {
		layer = min(layer, p.layer())
	}
	p.post(&tl.Action{ID: tl.NotifyLayer, Layer: int32(layer)})
}

func (p *Party) dispatch(m *incoming) {
	a := action(m.message)
	if a == nil {
		if id, body, ok := parseText(m.message); ok && !p.shown[m.seq] {
			p.shown[m.seq] = true
			if !p.CountsAll {
				p.uses.received++
			}
			p.Delivered = append(p.Delivered, Text{m.seq, id, body})
		}
		return
	}
	switch a.ID {
	case tl.NotifyLayer:
		raised := int(a.Layer) > p.told
		p.tell(int(a.Layer))
		if !p.announced {
			p.announce()
		} else if p.Repeats == EachMessage || p.Repeats == WhenRaised && raised {
			p.tellAgain()
		}
	case tl.DeleteMessages:
		p.Deleted = append(p.Deleted, a.IDs...)
	case tl.Resend:
		if p.InTurn {
			p.answer(a)
		}
	case tl.RequestKey:
		p.onRequest(a)
	case tl.AcceptKey:
		p.onAccept(a)
	case tl.CommitKey:
		p.onCommit(a)
	case tl.AbortKey:
		p.onAbort(a)
	}
}

func (p *Party) service(a *tl.Action) []byte {
	if p.OldService {
		return oldService(p.id(), p.bytes(15), a)
	}
	return tl.AppendService(nil, p.id(), a)
}

func (p *Party) id() int64 { return int64(p.random.Uint64() | 1) }

func (p *Party) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(p.random.Uint32())
	}
	return b
}
