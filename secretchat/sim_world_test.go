package secretchat

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat/peertest"
)

// simWorld is the world of the simulator: two sides of a chat, each an application with a chat and a
// disk, and the network between them, which does what a schedule says. After each step
// everything that must always be true is checked, against what the world itself has
// recorded: it opens every packet and has a parser of its own. When the schedule is
// over the network becomes honest, and after some messages everything must have arrived.
type simWorld struct {
	sides     [2]*simParty
	now       time.Time
	passed    time.Duration           // in all, though the clock may have been set back
	keys      map[[8]byte]kdf.AuthKey // all there ever were
	keyNumber map[[8]byte]int         // in the order in which they came up
	sums      map[[16]byte]bool       // msg_keys of all packets
	over      bool                    // one side has given up, for a good reason
	stats     simStats
	story     *strings.Builder // what has happened, if anybody wants to read it
}

// pass has time pass.
func (w *simWorld) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.passed += d
}

func (w *simWorld) tell(format string, args ...any) {
	if w.story != nil {
		fmt.Fprintf(w.story, format+"\n", args...)
	}
}

// simStats counts what has happened, to tell whether the simulator has seen anything.
type simStats struct {
	schedules, delivered, duplicates, refused, unknownKey, crashes, resends, rekeys, deletions, lies, aborts, gaps, foreign, ends, torn int
}

func (s *simStats) add(t *simStats) {
	s.schedules += t.schedules
	s.delivered += t.delivered
	s.duplicates += t.duplicates
	s.refused += t.refused
	s.unknownKey += t.unknownKey
	s.crashes += t.crashes
	s.resends += t.resends
	s.rekeys += t.rekeys
	s.deletions += t.deletions
	s.lies += t.lies
	s.aborts += t.aborts
	s.gaps += t.gaps
	s.foreign += t.foreign
	s.ends += t.ends
	s.torn += t.torn
}

// simFailure is what the world panics with when something is true that must not be.
type simFailure struct{ error }

func failf(format string, args ...any) { panic(simFailure{fmt.Errorf(format, args...)}) }

// simParty is one side: the application, its disk and its chat.
type simParty struct {
	w     *simWorld
	index int
	peer  *simParty
	opt   Options
	disk  *simDisk
	chat  *Chat
	them  *peertest.Party // instead of chat, if it is somebody else's client

	wire    []*simPacket // under way from here
	history []*simPacket // all ever sent from here
	forget  int          // packets for which Sent will not be called
	forgot  bool         // there was one
	late    bool         // Outbox is not looked into
	// mixed says that keys do not follow on from each other as numbers do: something went out
	// after what comes after it, or again though the peer had not asked for it.
	mixed bool

	sent      map[int]*simPacket // what went out first under each number
	reported  map[int]int        // what was reported as sent, and how many commits there were by then
	attempts  map[int64][]byte   // what the application has written, and may not have been sent
	own       []ownMessage       // what it has sent, by number
	deleted   map[int64]bool     // ids of messages that it wanted to delete
	erased    map[int64]bool     // ... and that are deleted
	withdrawn map[int64]bool     // ids of messages that were withdrawn
	nextID    int64
	again     map[int]int // how often it was sent again since the clock was last set
	againAt   time.Time
	commit    int // number of CommitKey that waits for its effect, and when that was noticed
	commitAt  time.Duration

	arriving *simPacket         // what the chat is receiving
	accepted map[int]*simPacket // what has come in under each number
	prefix   int                // number below which everything has come in
	seen     map[eventKey]Event
	lastSeq  int // of what was delivered
	lastSeen int
	toldGap  bool
	nextOwn  int // how many of peer.own were delivered

	held     map[[8]byte]bool         // keys that this side has or had
	gone     map[[8]byte]bool         // keys that it has wiped
	pointers map[*kdf.AuthKey][8]byte // where the present chat object has keys
	newest   int                      // number of the newest key that the peer is known to use
}

func (p *simParty) String() string { return string("AB"[p.index]) }

type ownMessage struct {
	seq int
	id  int64
}

type eventKey struct {
	seq   int
	kind  EventKind
	layer int
}

// simPacket is a packet and what is in it.
type simPacket struct {
	data    []byte
	key     [8]byte
	seq     int
	seen    int
	layer   int
	message []byte
	id      int64
	action  uint32 // constructor of the action, 0 for a text
}

// simDisk is a Store that can crash.
type simDisk struct {
	records recordSet
	before  recordSet // the last commit, if it was torn
	after   recordSet
	commits int
	kept    int // commits that are on the disk as a whole
	crashIn int // crash at this commit from now, if positive
	mode    int
}

// Ways to crash.
const (
	crashBefore  = iota // power fails before the state is on disk
	crashAfter          // ... after
	failBefore          // Commit returns an error, and the old state is on disk
	failAfter           // ... the new one
	crashOutside        // power fails after the call that has committed, before the application did anything
	crashTorn           // power fails when a part of the changes is on disk
)

// simCrash is what Commit panics with, and errSimDisk what it returns.
type simCrash struct{}

var errSimDisk = errors.New("sim: disk error")

func (d *simDisk) Commit(_ int64, changes []Change) error {
	d.commits++
	if d.crashIn > 0 {
		if d.crashIn--; d.crashIn == 0 {
			switch d.mode {
			case crashAfter, failAfter, crashOutside:
				d.records.apply(changes)
			case crashTorn:
				d.tear(changes)
			}
			switch d.mode {
			case crashOutside:
				d.crashIn = -1 // noticed when the call returns
				return nil
			case failBefore, failAfter:
				return errSimDisk
			}
			panic(simCrash{})
		}
	}
	d.records.apply(changes)
	d.kept++
	return nil
}

// tear makes some of the changes: which, depends on how many commits there were.
func (d *simDisk) tear(changes []Change) {
	r := rand.New(rand.NewPCG(uint64(d.commits), uint64(len(changes))))
	d.before, d.after = maps.Clone(d.records), maps.Clone(d.records)
	d.after.apply(changes)
	for _, c := range changes {
		if r.IntN(2) == 0 {
			d.records.apply([]Change{c})
		}
	}
}

// repair is for a disk that a Store cannot have, which keeps parts of commits: that must be
// noticed. Then it becomes one that has kept all or nothing.
func (d *simDisk) repair(p *simParty) {
	if d.after == nil {
		return
	}
	torn := !d.records.equal(d.before) && !d.records.equal(d.after)
	opt := p.opt
	opt.Store = nil
	c, err := Restore(simChatID, d.records.all(), opt)
	if torn && (err != ErrState || c != nil) {
		failf("%v does not notice that a part of a commit is missing: %v", p, err)
	}
	if torn {
		p.w.stats.torn++
		if d.records = d.before; d.commits%2 == 0 {
			d.records = d.after
		}
	}
	d.before, d.after = nil, nil
}

// simGroup is Telegram's usual one.
var simGroup = func() *bigdh.Group {
	g, err := bigdh.Telegram(3)
	if err != nil {
		panic(err)
	}
	return g
}()

const (
	simChatID      = 77
	simMaxRounds   = 40
	simStartOfTime = 1_700_000_000
)

// runSchedule returns what has gone wrong, or nil. If story is not nil, it is told there.
func runSchedule(s *simSchedule, stats *simStats, story *strings.Builder) (err error) {
	w := &simWorld{story: story, keys: map[[8]byte]kdf.AuthKey{}, keyNumber: map[[8]byte]int{}, sums: map[[16]byte]bool{}, now: time.Unix(simStartOfTime, 0)}
	defer func() {
		switch r := recover().(type) {
		case nil:
			w.stats.schedules = 1
			stats.add(&w.stats)
		case simFailure:
			err = r.error
		default:
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	w.begin(s)
	for _, st := range s.steps {
		w.tell("%v", st)
		w.do(st)
		if w.over {
			return nil
		}
	}
	w.tell("The network becomes honest.")
	w.heal()
	return nil
}

// begin sets up the chat, honestly.
func (w *simWorld) begin(s *simSchedule) {
	for i := range w.sides {
		w.sides[i] = &simParty{
			w: w, index: i, disk: &simDisk{},
			sent: map[int]*simPacket{}, reported: map[int]int{}, attempts: map[int64][]byte{}, deleted: map[int64]bool{}, erased: map[int64]bool{}, withdrawn: map[int64]bool{},
			accepted: map[int]*simPacket{}, seen: map[eventKey]Event{}, nextID: int64(1000 * (i + 1)),
			held: map[[8]byte]bool{}, gone: map[[8]byte]bool{}, pointers: map[*kdf.AuthKey][8]byte{},
		}
	}
	a, b := w.sides[0], w.sides[1]
	a.peer, b.peer = b, a
	for i, p := range w.sides {
		p.opt = Options{ChatID: simChatID, PeerID: int64(i + 1), Store: p.disk, StateKey: StateKey{byte(i + 1)}, Layer: s.layers[i], Clock: func() time.Time { return w.now }}
		switch s.seed % 16 { // and some for the driver
		case 7, 11, 15:
			p.opt.MaxUnacknowledged = 20
		case 3:
			p.opt.MaxUnacknowledged = 3
		}
		if s.seed/16%4 == 1 {
			p.opt.AskAfter = 2 * time.Second
		}
	}
	if s.client != "" {
		w.beginWith(w.sides[s.where], s)
	} else {
		o, gA, err := Request(simGroup, a.opt)
		simMust(err)
		var gB [bigdh.Size]byte
		var fingerprint int64
		b.chat, gB, fingerprint, err = Accept(simGroup, gA[:], b.opt)
		simMust(err)
		a.chat, err = o.Complete(gB[:], fingerprint)
		simMust(err)
	}
	for _, p := range w.sides {
		p.tick()
	}
	a.flush()
	b.flush()
}

func simMust(err error) {
	if err != nil {
		failf("unexpected error: %v", err)
	}
}

// do takes a step, after which both sides send what they have to send.
func (w *simWorld) do(s simStep) {
	if p := w.sides[s.who]; findOp(s.op).onWire {
		p.doOnWire(s)
	} else {
		p.do(s)
	}
	for _, p := range w.sides {
		p.flush()
	}
}

func (p *simParty) do(s simStep) {
	w := p.w
	if p.them != nil {
		p.doThem(s)
		return
	}
	switch s.op {
	case "lie":
		if p.peer.them != nil || p.them != nil {
			return
		}
		p.lie(s.a)
	case "say":
		p.say()
	case "burst":
		for range s.a + 1 {
			p.say()
		}
	case "ttl":
		p.send(simService(p.id(), actionTTL, uint32(s.a)))
	case "read":
		if id, ok := p.received(s.a); ok {
			p.send(simService(p.id(), actionRead, simLongs(id)...))
		}
	case "screenshot":
		if id, ok := p.received(s.a); ok {
			p.send(simService(p.id(), actionScreenshot, simLongs(id)...))
		}
	case "typing":
		p.send(simService(p.id(), actionTyping, idTyping))
	case "delete":
		if n := len(p.own); n > 0 {
			id := p.own[n-1-s.a%n].id
			p.deleted[id] = true
			w.stats.deletions++
			p.send(simService(p.id(), actionDelete, simLongs(id)...))
		}
	case "withdraw":
		p.withdraw(s.a)
	case "back":
		w.now = w.now.AddDate(0, 0, -s.a)
	case "clear":
		for _, m := range p.own {
			p.deleted[m.id] = true
		}
		p.send(simService(p.id(), actionFlush))
	case "handled":
		p.call(func() error { return p.chat.Handled() })
	case "tick":
		w.pass(time.Duration(s.a) * 24 * time.Hour)
		p.tick()
	case "layer":
		p.opt.Layer = max(p.opt.Layer, simLayers[s.a%len(simLayers)])
		p.restore()
	case "restart":
		p.restore()
	case "crash":
		p.disk.crashIn, p.disk.mode = s.a+1, s.b
	case "forget":
		p.forget = s.a + 1
	case "late":
		p.late = true
	case "flush":
		p.late = false
	default:
		panic("sim: no code for step " + s.op)
	}
}

func (p *simParty) doOnWire(s simStep) {
	if s.op == "all" {
		p.deliverAll()
		return
	}
	packets := p.wire
	if s.op == "replay" {
		packets = p.history
	}
	if s.op == "foreign" {
		if p.peer.them != nil {
			return
		}
		p.peer.receiveHostile(simForeign(s.b == 1, p.peer))
		return
	}
	if len(packets) == 0 {
		return
	}
	i := s.a % len(packets)
	packet := packets[i]
	switch s.op {
	case "deliver":
		p.wire = slices.Delete(p.wire, i, i+1)
		p.peer.receive(packet)
	case "drop":
		p.wire = slices.Delete(p.wire, i, i+1)
	case "dup":
		p.wire = append(p.wire, packet)
	case "replay":
		p.peer.receive(packets[len(packets)-1-i])
	case "flip", "cut", "reflect":
		if p.peer.them == nil {
			p.peer.doForged(s, packet)
		}
	default:
		panic("sim: no code for step " + s.op)
	}
}

// doForged has p receive a packet that the other side has not made, or not so.
func (p *simParty) doForged(s simStep, packet *simPacket) {
	switch s.op {
	case "flip":
		data := bytes.Clone(packet.data)
		bit := s.b % (8 * len(data))
		data[bit/8] ^= 1 << (bit % 8)
		p.receiveHostile(data)
	case "cut":
		p.receiveHostile(bytes.Clone(packet.data[:len(packet.data)-1-s.b%len(packet.data)]))
	case "reflect":
		if p.peer.them == nil {
			p.peer.receiveHostile(bytes.Clone(packet.data))
		}
	}
}

func (p *simParty) tick() {
	if p.them != nil {
		p.them.Tick(p.w.now.Unix())
		p.look()
		return
	}
	p.call(func() error { return p.chat.Tick(p.w.now) })
}

func (p *simParty) deliverAll() {
	for len(p.wire) > 0 && !p.w.over {
		packet := p.wire[0]
		p.wire = p.wire[1:]
		p.peer.receive(packet)
	}
}

// heal makes the network and the disks honest, and lets both sides talk until
// everything has arrived.
func (w *simWorld) heal() {
	for _, p := range w.sides {
		p.disk.crashIn, p.forget, p.late = 0, 0, false
		if p.forgot && p.peer.them != nil && p.peer.them.MaxWaiting > 0 {
			// With Telegram for Android, Outbox waits for ever for an application that never says
			// what the server has got, unless that has crashed.
			p.restore()
		}
		if !w.over {
			p.flush()
		}
	}
	w.settle()
	for range simMaxRounds {
		for _, p := range w.sides {
			if w.over {
				return
			}
			if p.them != nil { // Somebody has noticed that it hears nothing.
				p.them.Restart()
			}
			p.say()
			p.tick()
			p.flush()
			w.settle()
		}
		w.pass(time.Hour)
		if !w.over && w.unfinished() == "" {
			break
		}
	}
	if w.over {
		return
	}
	if what := w.unfinished(); what != "" {
		failf("an honest network and %d more messages do not help: %s", simMaxRounds, what)
	}
	for _, p := range w.sides {
		if p.them != nil || p.peer.them != nil {
			continue
		}
		if got, want := p.chat.PeerLayer(), p.peer.opt.Layer; got != want {
			failf("%v takes the layer of %v for %d, which is %d", p, p.peer, got, want)
		}
	}
	w.rekeyOnce()
}

// rekeyOnce replaces the key once more, so that what went before cannot have broken that.
func (w *simWorld) rekeyOnce() {
	for _, p := range w.sides {
		if p.them != nil {
			w.rekeyWith(p.peer, p)
			return
		}
	}
	before := w.sides[0].chat.Fingerprint()
	for _, p := range w.sides {
		p.tick()
	}
	w.pass(8 * 24 * time.Hour)
	for _, p := range w.sides {
		p.say()
		p.tick()
		p.flush()
	}
	for range 4 {
		w.settle()
		for _, p := range w.sides {
			p.say()
			p.flush()
		}
	}
	w.settle()
	if what := w.unfinished(); what != "" {
		failf("after a week: %s", what)
	}
	if w.sides[0].chat.Fingerprint() == before {
		failf("after a week the key is the same")
	}
}

// settle delivers until nothing is under way.
func (w *simWorld) settle() {
	a, b := w.sides[0], w.sides[1]
	for n := 0; len(a.wire)+len(b.wire) > 0 && !w.over; n++ {
		if n == 1000 {
			failf("the chats talk among themselves without an end")
		}
		a.deliverAll()
		b.deliverAll()
	}
}

// unfinished tells what is not as it should be when everything has arrived.
func (w *simWorld) unfinished() string {
	for _, p := range w.sides {
		if p.them != nil {
			return w.unfinishedWith(p.peer, p)
		}
	}
	var keys [2]kdf.AuthKey
	for i, p := range w.sides {
		if p.prefix != len(p.peer.sent) {
			return fmt.Sprintf("%v waits for message %d of %d", p, p.prefix, len(p.peer.sent))
		}
		if p.nextOwn != len(p.peer.own) {
			return fmt.Sprintf("%v has delivered %d texts of %d", p, p.nextOwn, len(p.peer.own))
		}
		in := inspect(p.chat)
		if in.waiting != 0 {
			return fmt.Sprintf("%v has %d messages waiting", p, in.waiting)
		}
		if !in.idle {
			return fmt.Sprintf("%v has an exchange of keys open", p)
		}
		if len(in.keys) != 1 {
			return fmt.Sprintf("%v has %d keys", p, len(in.keys))
		}
		keys[i] = *in.keys[0]
	}
	if keys[0] != keys[1] {
		return "the keys differ"
	}
	return ""
}

// call calls the chat, which may commit, and so may crash. It reports whether the call
// has returned, without an error of the disk.
func (p *simParty) call(f func() error) (returned bool) {
	defer p.look()
	before := p.chat
	err, crashed := p.guard(f)
	if crashed || errors.Is(err, ErrStore) {
		p.w.stats.crashes++
		p.w.tell("\t%v crashes", p)
		if !crashed {
			if _, err := before.Receive(make([]byte, 64)); !errors.Is(err, ErrStore) && !errors.Is(err, ErrFatal) {
				failf("%v goes on after a disk error: %v", p, err)
			}
		}
		p.restore()
		return false
	}
	p.check(err)
	return true
}

// guard calls f and catches a crash.
func (p *simParty) guard(f func() error) (err error, crashed bool) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case simCrash:
			crashed = true
		default:
			panic(r)
		}
		if p.disk.crashIn < 0 {
			p.disk.crashIn, crashed = 0, true
		}
	}()
	return f(), false
}

// check deals with errors other than those of a disk.
func (p *simParty) check(err error) {
	var fatal *FatalError
	switch {
	case err == nil, isRefusal(err):
		return
	case errors.As(err, &fatal):
		p.gaveUp(fatal)
	default:
		failf("%v: %v", p, err)
	}
}

// gaveUp is called when the chat has. Nobody has broken a rule here, and what the network
// does can do no more than lose too much.
func (p *simParty) gaveUp(err *FatalError) {
	if them := p.peer.them; them != nil && them.Unordered && them.Copies && err.Rule == RuleInSeqNo {
		p.isOver(err) // It has counted the same twice.
		return
	}
	if waiting := len(p.accepted) - p.prefix; err.Rule != RuleGap || waiting < maxQueue-1 {
		failf("%v gives up with %d messages waiting: %v", p, waiting, err)
	}
	p.w.stats.aborts++
	p.isOver(err)
}

// isOver checks that the chat is not only over, but that nothing is left of it.
func (p *simParty) isOver(err *FatalError) {
	if again := p.chat.Err(); again == nil || again.Error() != err.Error() {
		failf("%v: Err is %v after %v", p, again, err)
	}
	if _, again := p.chat.Encrypt(simText(1, 73, "")); again == nil || again.Error() != err.Error() {
		failf("%v: Encrypt returns %v after %v", p, again, err)
	}
	p.checkWiped(nil)
	if restored, again := Restore(simChatID, p.disk.records.all(), p.opt); again != nil || !errors.Is(restored.Err(), ErrFatal) || len(inspect(restored).keys) != 0 {
		failf("%v comes to life again: %v", p, again)
	}
	p.w.over = true
}

// restore is what the application does when it starts.
func (p *simParty) restore() {
	p.disk.repair(p)
	before := p.disk.kept
	p.pointers = map[*kdf.AuthKey][8]byte{}
	p.again = nil
	for {
		_, crashed := p.guard(func() (err error) {
			p.chat, err = Restore(simChatID, p.disk.records.all(), p.opt)
			if err != nil && !errors.Is(err, ErrStore) {
				failf("%v: Restore: %v", p, err)
			}
			return err
		})
		if !crashed && p.chat != nil {
			break
		}
		p.disk.repair(p)
	}
	if fatal := (*FatalError)(nil); errors.As(p.chat.Err(), &fatal) {
		p.gaveUp(fatal) // just before the crash
		return
	}
	p.late = false
	if s := p.arriving; s != nil && p.accepted[s.seq] == nil && inspect(p.chat).has(s.seq) {
		p.accept(s) // It was committed before the crash.
	}
	for _, e := range p.chat.Unhandled() {
		if old, ok := p.seen[eventKey{e.Seq, e.Kind, e.Layer}]; ok && e.Seq >= 0 {
			if !bytes.Equal(old.Body, e.Body) {
				failf("%v: event %d is another one after a crash", p, e.Seq)
			}
			continue
		}
		p.handle(e)
	}
	p.checkDelivered()
	p.look()
	// What was reported as sent, and then something committed, is not to be sent once more.
	unsent := inspect(p.chat).unsent
	for seq, kept := range p.reported {
		if kept == before {
			delete(p.reported, seq)
		} else if unsent(seq) {
			failf("%v has forgotten that the server has message %d", p, seq)
		}
	}
}
