package secretchat

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/kdf"
)

func (p *simParty) id() int64 { p.nextID++; return p.nextID }

// received returns the id of the a-th last message that the application has received.
func (p *simParty) received(a int) (id int64, ok bool) {
	if p.nextOwn == 0 {
		return 0, false
	}
	return p.peer.own[p.nextOwn-1-a%p.nextOwn].id, true
}

func (p *simParty) say() {
	id := p.id()
	if p.them != nil {
		p.sayThem(id)
		return
	}
	p.send(id, simText(id, p.chat.Layer(), fmt.Sprintf("%v says %d", p, id)))
}

// withdraw takes back the a-th last message of the application's.
func (p *simParty) withdraw(a int) {
	if len(p.own) == 0 {
		return
	}
	m := p.own[len(p.own)-1-a%len(p.own)]
	if p.deleted[m.id] {
		return
	}
	p.deleted[m.id] = true
	known := inspect(p.chat).acked > m.seq
	var err error
	returned := p.call(func() error {
		if err = p.chat.Withdraw(m.seq); err == ErrWithdraw {
			return nil
		}
		return err
	})
	switch {
	case !returned:
	case (err == nil) == known:
		failf("%v withdraws message %d, which the peer is known to have: %t: %v", p, m.seq, known, err)
	case err == nil:
		p.withdrawn[m.id] = true
		p.w.stats.deletions++
	}
}

// send has the chat encrypt a message of the application's. If there is a crash, and
// Outbox does not have it afterwards, it never existed.
func (p *simParty) send(id int64, message []byte) {
	p.attempts[id] = message
	var packet Packet
	backlog := false
	returned := p.call(func() (err error) {
		packet, err = p.chat.Encrypt(message)
		if err == ErrBacklog && p.opt.MaxUnacknowledged > 0 {
			backlog = true
			return nil
		}
		return err
	})
	if backlog {
		delete(p.attempts, id)
	} else if returned && !p.w.over {
		p.emit(packet)
		if last := p.own[len(p.own)-1]; last.id != id || last.seq != packet.Seq {
			failf("%v: Encrypt returns another message", p)
		}
	}
}

// flush sends what the chat itself has to send, or sends again.
func (p *simParty) flush() {
	if p.them != nil {
		p.flushThem()
		return
	}
	if p.late || p.w.over {
		return
	}
	for {
		packets := p.chat.Outbox()
		if n := len(packets); n > 4 && p.chat.PeerLayer() > LatestLayer {
			failf("%v sends %d packets at once to Telegram for Android", p, n)
		}
		for _, packet := range packets {
			p.emit(packet)
		}
		if len(packets) == 0 {
			break
		}
	}
	// With Telegram for Android, what was not reported as sent holds up the rest. A client that
	// counts what comes as it comes acknowledges what was never sent.
	ordered := p.peer.them == nil || !p.peer.them.Unordered
	if got, want := len(p.sent), inspect(p.chat).sent; got != want && ordered && p.chat.PeerLayer() <= LatestLayer {
		failf("%v has made %d messages, and handed out %d", p, want, got)
	}
}

// emit puts a packet on its way, and looks into it.
func (p *simParty) emit(packet Packet) {
	s := p.open(packet.Data)
	if p.w.sums[[16]byte(s.data[8:24])] {
		failf("%v sends the same packet twice, padding included", p)
	}
	p.w.sums[[16]byte(s.data[8:24])] = true
	if s.seq != packet.Seq {
		failf("%v: Packet.Seq is %d, for message %d", p, packet.Seq, s.seq)
	}
	if isService := s.action != 0; packet.Service != isService {
		failf("%v: Packet.Service of message %d is %t", p, s.seq, packet.Service)
	}
	first := p.sent[s.seq]
	if first == nil {
		p.mixed = p.mixed || p.sent[s.seq+1] != nil
		if packet.RandomID != s.id {
			failf("%v: Packet.RandomID of message %d is %d, want %d", p, s.seq, packet.RandomID, s.id)
		}
		p.sent[s.seq] = s
		p.number(s)
	} else {
		p.checkAgain(first, s)
		p.noteAgain(s)
		if packet.resend {
			p.checkAsked(s)
		}
	}
	if p.peer.them == nil && !p.peer.held[s.key] {
		failf("%v sends under a key that %v does not have", p, p.peer)
	}
	p.checkNewKey(s)
	switch s.action {
	case actionResend:
		p.w.stats.resends++
	case actionCommitKey:
		p.w.stats.rekeys++
		if number := p.w.keyNumber[s.key]; number+1 == len(p.w.keyNumber) && number > p.newest {
			failf("%v sends CommitKey under the new key", p)
		}
	}
	if p.w.keyNumber[s.key] < p.newest {
		failf("%v sends message %d under a key older than what %v uses", p, s.seq, p.peer)
	}
	p.w.tell("\t%v sends %v", p, s)
	p.wire = append(p.wire, s)
	p.history = append(p.history, s)
	delete(p.reported, s.seq)
	if p.forget > 0 {
		p.forget--
		p.forgot = true
	} else {
		p.chat.Sent(packet)
		p.reported[s.seq] = p.disk.kept
	}
}

// number notes a message that is new. If it is the application's, it must be what that
// wanted to send.
func (p *simParty) number(s *simPacket) {
	if before := p.sent[s.seq-1]; before != nil && before.seen > s.seen {
		failf("%v: in_seq_no falls from %d to %d at message %d", p, before.seen, s.seen, s.seq)
	}
	message, ok := p.attempts[s.id]
	if !ok {
		if !slices.Contains(driverActions, s.action) {
			failf("%v sends a message that nobody has written: number %d, action %#x", p, s.seq, s.action)
		}
		return
	}
	if !bytes.Equal(s.message, message) {
		failf("%v: message %d is not what was written", p, s.seq)
	}
	delete(p.attempts, s.id)
	i, _ := slices.BinarySearchFunc(p.own, s.seq, func(m ownMessage, seq int) int { return m.seq - seq })
	p.own = slices.Insert(p.own, i, ownMessage{s.seq, s.id})

	// From now on, what is deleted must not be sent any more.
	for _, m := range p.own[:i] {
		if s.action == actionFlush || s.action == actionDelete && deletes(s, m.id) {
			p.erased[m.id] = true
		}
	}
}

// deletes reports whether s is the order to delete the message with this id.
func deletes(s *simPacket, id int64) bool {
	return s.action == actionDelete && bytes.HasSuffix(s.message, simWords(simLongs(id)...))
}

// checkAgain checks what is sent under a number that was used: the same, or the order to
// delete it.
func (p *simParty) checkAgain(first, s *simPacket) {
	if s.seen != first.seen || s.layer != first.layer {
		failf("%v: message %d has another in_seq_no or layer when it is sent again", p, s.seq)
	}
	switch {
	case first.action == actionResend && s.action == actionNoop:
	case !bytes.Equal(s.message, first.message):
		if !deletes(s, first.id) || !p.deleted[first.id] {
			failf("%v uses number %d again, for something else:\n%x\n%x", p, s.seq, first.message, s.message)
		}
	case first.action == 0 && p.erased[first.id] || p.withdrawn[first.id]:
		failf("%v sends message %d again, which was deleted", p, s.seq)
	}
}

// checkNewKey checks that the new key is not used for a client that needs CommitKey for it before
// that is known to have arrived, unless the new one itself is used up or old.
func (p *simParty) checkNewKey(s *simPacket) {
	if p.commit < 0 || p.w.passed-p.commitAt >= maxAge || p.peer.them == nil {
		return
	}
	commit := p.sent[p.commit]
	if commit == nil || inspect(p.chat).sent-1-p.commit+p.prefix-commit.seen > maxUses {
		return
	}
	if p.peer.them.CannotUse(s.data) {
		failf("%v uses the new key at once, which %v cannot before it has CommitKey", p, p.peer)
	}
}

// checkAsked checks what is sent again since the peer may not have it: no requests, and nothing
// more than three times before the clock goes on, once more after a restart, and once when it is
// withdrawn.
func (p *simParty) checkAsked(s *simPacket) {
	if s.action == actionResend {
		failf("%v sends its request %d again, which Telegram for iOS may not be able to answer", p, s.seq)
	}
	if p.again == nil || !p.againAt.Equal(p.w.now) {
		p.again, p.againAt = map[int]int{}, p.w.now
	}
	if p.again[s.seq]++; p.again[s.seq] > 5 {
		failf("%v sends message %d again without an end", p, s.seq)
	}
}

// noteAgain notes if a message is sent again of which the peer has not said that it is missing.
func (p *simParty) noteAgain(s *simPacket) {
	if p.peer.them == nil && !inspect(p.peer.chat).asked(s.seq) {
		p.mixed = true
	}
}

// receive takes a packet that the peer has made.
func (p *simParty) receive(s *simPacket) {
	if p.them != nil {
		p.receiveThem(s)
		return
	}
	commits, acked := p.disk.commits, inspect(p.chat).acked
	holds := slices.ContainsFunc(inspect(p.chat).keys, func(k *kdf.AuthKey) bool { return k.ID() == s.key })
	p.arriving = s
	var events []Event
	var err error
	returned := p.call(func() error {
		events, err = p.chat.Receive(bytes.Clone(s.data))
		return err
	})
	p.arriving = nil
	p.w.tell("\t%v receives %v: %d events, %v", p, s, len(events), err)
	if p.w.over {
		return
	}
	if !returned { // The server has not been told that it has arrived.
		p.peer.wire = slices.Insert(p.peer.wire, 0, s)
		return
	}
	switch err {
	case nil:
		if p.accepted[s.seq] != nil {
			failf("%v accepts message %d twice", p, s.seq)
		}
		if p.disk.commits == commits {
			failf("%v does not commit message %d", p, s.seq)
		}
		p.accept(s)
		p.checkAcknowledged(acked, events)
	case ErrDuplicate:
		if p.accepted[s.seq] == nil {
			failf("%v takes message %d for a duplicate", p, s.seq)
		}
		p.w.stats.duplicates++
	case ErrUnknownKey, ErrReplacedKey:
		known := p.w.keyNumber[s.key] == p.w.keyNumber[inspect(p.chat).keys[0].ID()]-1
		if !known && err == ErrReplacedKey && p.peer.them != nil {
			known = true // Others have numbers for keys of exchanges that came to nothing.
		}
		if known != (err == ErrReplacedKey) && len(inspect(p.chat).keys) == 1 {
			failf("%v: %v, for key %d of %d", p, err, p.w.keyNumber[s.key], len(p.w.keyNumber))
		}
		if err == ErrReplacedKey && p.accepted[s.seq] == nil && !p.peer.mixed {
			failf("%v has wiped the key of message %d, which it has not got", p, s.seq)
		}
		if holds {
			failf("%v does not know the key of message %d, which it has", p, s.seq)
		}
		p.w.stats.unknownKey++
	default:
		failf("%v: message %d: %v", p, s.seq, err)
	}
	if err != nil && (len(events) > 0 || p.disk.commits != commits) {
		failf("%v: %v, but there are %d events and %d commits", p, err, len(events), p.disk.commits-commits)
	}
	p.handleAll(events)
}

// checkAcknowledged checks that the application is told when the peer has got what it has sent.
func (p *simParty) checkAcknowledged(before int, events []Event) {
	now := inspect(p.chat).acked
	want := slices.ContainsFunc(p.own, func(m ownMessage) bool { return before <= m.seq && m.seq < now })
	if got := slices.ContainsFunc(events, func(e Event) bool { return e.Kind == EventAcknowledged }); got != want {
		failf("%v has told the application that its messages up to %d have arrived: %t, and before %d", p, now, got, before)
	}
}

// receiveHostile takes a packet that the peer has not made.
func (p *simParty) receiveHostile(data []byte) {
	commits := p.disk.commits
	events, err := p.chat.Receive(data)
	if err != ErrDecrypt && err != ErrUnknownKey && err != ErrReplacedKey {
		failf("%v: a packet that was tampered with: %v", p, err)
	}
	if len(events) > 0 || p.disk.commits != commits {
		failf("%v: a packet that was tampered with has an effect", p)
	}
	p.w.stats.refused++
	p.look()
}

// accept notes that a message has arrived.
func (p *simParty) accept(s *simPacket) {
	p.accepted[s.seq] = s
	p.newest = max(p.newest, p.w.keyNumber[s.key])
	for p.accepted[p.prefix] != nil {
		p.prefix++
	}
}

// handleAll is the application's handling of what a call has returned.
func (p *simParty) handleAll(events []Event) {
	for _, e := range events {
		if _, ok := p.seen[eventKey{e.Seq, e.Kind, e.Layer}]; ok && e.Seq >= 0 {
			failf("%v delivers message %d twice", p, e.Seq)
		}
		p.handle(e)
	}
	p.checkDelivered()
}

func (p *simParty) handle(e Event) {
	if e.Kind == 0 {
		failf("%v delivers an event of no kind: %+v", p, e)
	}
	p.w.stats.delivered++
	p.seen[eventKey{e.Seq, e.Kind, e.Layer}] = e
	if e.Seq == -1 && (e.Kind == EventKeyChanged || e.Kind == EventLegacy) {
		return // CommitKey is missing, or this is the first packet of MTProto 1.0.
	}
	if e.Kind == EventGap {
		p.w.stats.gaps++
		p.toldGap = true
		if e.From < p.prefix-1 || e.To < e.From || p.accepted[e.From] != nil && e.From >= p.prefix {
			failf("%v misses messages %d to %d, and has the first %d", p, e.From, e.To, p.prefix)
		}
		return
	}
	s := p.accepted[e.Seq]
	if s == nil || e.Seq >= p.prefix || e.Seq < p.lastSeq {
		failf("%v delivers event %d of message %d after message %d, and waits for message %d", p, e.Kind, e.Seq, p.lastSeq, p.prefix)
	}
	p.lastSeq = e.Seq
	// What was asked for does not say what it has seen.
	if e.Seen < p.lastSeen || e.Seen > max(p.lastSeen, s.seen) {
		failf("%v delivers event %d of message %d with Seen %d, after %d, and it has seen %d", p, e.Kind, e.Seq, e.Seen, p.lastSeen, s.seen)
	}
	p.lastSeen = e.Seen
	if e.Kind == EventLayer || e.Kind == EventKeyChanged || e.Kind == EventAcknowledged {
		return
	}
	if p.nextOwn == len(p.peer.own) || p.peer.own[p.nextOwn].seq != e.Seq {
		failf("%v delivers message %d, which is not what comes next", p, e.Seq)
	}
	p.nextOwn++
	if !bytes.Equal(e.Body, s.message) || e.Layer != s.layer || e.RandomID != s.id {
		failf("%v delivers message %d as something else: %+v, want %+v", p, e.Seq, e, *s)
	}
	if want := eventKinds[s.action]; e.Kind != want {
		failf("%v delivers message %d as event %d, want %d", p, e.Seq, e.Kind, want)
	}
}

// checkDelivered checks that everything is delivered that can be.
func (p *simParty) checkDelivered() {
	if got := inspect(p.chat).received; got != p.prefix {
		failf("%v counts %d messages, and has got %d without a gap", p, got, p.prefix)
	}
	if p.nextOwn < len(p.peer.own) && p.peer.own[p.nextOwn].seq < p.prefix {
		failf("%v does not deliver message %d", p, p.peer.own[p.nextOwn].seq)
	}
}

// look looks for new keys, and at what has become of old ones.
func (p *simParty) look() {
	if p.w.over {
		return
	}
	if p.them != nil {
		p.lookThem()
		return
	}
	if commit := inspect(p.chat).commit; p.commit != commit {
		p.commit, p.commitAt = commit, p.w.passed
	}
	keys := inspect(p.chat).keys
	if len(keys) < 1 || len(keys) > 2 {
		failf("%v has %d keys", p, len(keys))
	}
	for _, k := range keys {
		id := k.ID()
		if old, ok := p.w.keys[id]; ok && old != *k {
			failf("the sides have different keys of one fingerprint")
		}
		if p.gone[id] {
			failf("%v has a key again that was wiped", p)
		}
		if !p.held[id] && !p.peer.held[id] {
			p.w.keyNumber[id] = len(p.w.keyNumber)
		}
		p.w.keys[id] = *k
		p.held[id] = true
		p.pointers[k] = id
	}
	p.checkWiped(keys)
}

// checkWiped checks that nothing is left of keys that are not among those in use.
func (p *simParty) checkWiped(inUse []*kdf.AuthKey) {
	for k, id := range p.pointers {
		if slices.Contains(inUse, k) {
			continue
		}
		if *k != (kdf.AuthKey{}) {
			failf("%v has not wiped a key that is out of use", p)
		}
		delete(p.pointers, k)
		p.gone[id] = true
	}
}

// What follows knows the formats of packets, independently of what the package does.

// Constructors.
const (
	idLayer     = 0x1be31789
	idText45    = 0x36b091de
	idText73    = 0x91cc4674
	idService17 = 0x73164160
	idVector    = 0x1cb5c415

	actionTTL        = 0xa1733aec
	actionRead       = 0x0c4f40be
	actionDelete     = 0x65614304
	actionScreenshot = 0x8ac1f475
	actionFlush      = 0x6719e45c
	actionTyping     = 0xccb27641
	actionResend     = 0x511110b0
	actionNotify     = 0xf3048883
	actionRequestKey = 0xf3c9611b
	actionAcceptKey  = 0x6fe1735b
	actionAbortKey   = 0xdd05ec6b
	actionCommitKey  = 0xec2e0b9b
	actionNoop       = 0xa82fdd63

	idTyping = 0x16bf744e // sendMessageTypingAction
)

var driverActions = []uint32{actionResend, actionNotify, actionRequestKey, actionAcceptKey, actionAbortKey, actionCommitKey, actionNoop}

// eventKinds are the events for actions, or for a text, which is 0.
var eventKinds = map[uint32]EventKind{
	0: EventMessage, actionTTL: EventSetTTL, actionRead: EventRead, actionDelete: EventDelete,
	actionScreenshot: EventScreenshot, actionFlush: EventFlushHistory, actionTyping: EventTyping,
}

func (s *simPacket) String() string {
	what := map[uint32]string{
		0: "text", actionTTL: "SetMessageTTL", actionRead: "ReadMessages", actionDelete: "DeleteMessages",
		actionScreenshot: "ScreenshotMessages", actionFlush: "FlushHistory", actionTyping: "Typing", actionResend: "Resend",
		actionNotify: "NotifyLayer", actionRequestKey: "RequestKey", actionAcceptKey: "AcceptKey",
		actionAbortKey: "AbortKey", actionCommitKey: "CommitKey", actionNoop: "Noop",
	}[s.action]
	if s.action == actionResend {
		what += fmt.Sprintf(" %d to %d", s.message[16]/2, s.message[20]/2)
	}
	return fmt.Sprintf("%d %s (seen %d, key %x)", s.seq, what, s.seen, s.key[:2])
}

// open decrypts a packet that p has made, and takes it apart.
func (p *simParty) open(data []byte) *simPacket {
	s := &simPacket{data: bytes.Clone(data), key: [8]byte(data)}
	if !slices.ContainsFunc(inspect(p.chat).keys, func(k *kdf.AuthKey) bool { return k.ID() == s.key }) {
		failf("%v sends under a key that it does not have", p)
	}
	key, side := p.w.keys[s.key], kdf.Side(p.index)
	padded, err := envelope.Open(nil, &key, side, data)
	simMust(err)
	body, err := envelope.SecretChat.Body(envelope.V2, padded)
	simMust(err)

	random := int(body[4])
	header := 4 + (1+random+3)&^3 // after the random bytes
	if id := binary.LittleEndian.Uint32(body); id != idLayer || random < 15 || random > 253 || len(body) < header+12+16 {
		failf("%v sends %x", p, body)
	}
	var fields [3]int
	for i := range fields {
		fields[i] = int(int32(binary.LittleEndian.Uint32(body[header+4*i:])))
	}
	s.layer, s.seen, s.seq, s.message = fields[0], fields[1]>>1, fields[2]>>1, body[header+12:]
	if in, out := fields[1]&1, fields[2]&1; in != p.index || out != 1-p.index {
		failf("%v sends in_seq_no %d and out_seq_no %d", p, fields[1], fields[2])
	}
	if s.seen > p.prefix {
		failf("%v acknowledges %d messages, and has %d", p, s.seen, p.prefix)
	}
	if s.layer < MinLayer || s.layer > p.opt.Layer || p.peer.them == nil && s.layer > p.peer.opt.Layer {
		failf("%v sends in layer %d", p, s.layer)
	}
	switch id := binary.LittleEndian.Uint32(s.message); id {
	case idText45, idText73:
		s.id = int64(binary.LittleEndian.Uint64(s.message[8:]))
	case idService17:
		s.id = int64(binary.LittleEndian.Uint64(s.message[4:]))
		s.action = binary.LittleEndian.Uint32(s.message[12:])
	default:
		failf("%v sends %x", p, s.message)
	}
	return s
}

func simText(id int64, layer int, text string) []byte {
	constructor := uint32(idText73)
	if layer < 73 {
		constructor = idText45
	}
	b := simWords(constructor, 0, uint32(id), uint32(id>>32), 0)
	b = append(append(b, byte(len(text))), text...)
	return append(b, make([]byte, -len(b)&3)...)
}

func simService(id int64, action uint32, fields ...uint32) (int64, []byte) {
	return id, append(simWords(idService17, uint32(id), uint32(id>>32), action), simWords(fields...)...)
}

func simLongs(ids ...int64) []uint32 {
	words := []uint32{idVector, uint32(len(ids))}
	for _, id := range ids {
		words = append(words, uint32(id), uint32(id>>32))
	}
	return words
}

func simWords(words ...uint32) (b []byte) {
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// simForeign returns a packet of another chat, which may look as if it were for p's.
func simForeign(ours bool, p *simParty) []byte {
	other := kdf.AuthKey{1, 2, 3}
	_, message := simService(1, actionFlush)
	packet, err := envelope.Seal(nil, &other, kdf.Side(p.peer.index), append(simWords(uint32(len(message))), message...), envelope.PadRandom)
	simMust(err)
	if ours {
		id := inspect(p.chat).keys[0].ID()
		copy(packet, id[:])
	}
	return packet
}
