package secretchat

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

// The simulator has two sides chat over a network that loses, doubles, reorders, repeats
// and forges packets, on disks that fail, at the worst of times. TestSim runs as many
// schedules as there is time for in CI. For more:
//
//	go test ./secretchat -run 'TestSim$' -v -sim.duration 2h
//
// A failure is printed with the shortest schedule that has it. That can be run again, by
// pasting it:
//
//	go test ./secretchat -run 'TestSim$' -sim.replay "$(cat)"
//
// Three quarters of the time go into Diffie–Hellman, which is not what is tested here. With
// -sim.fast the package is built with something else in its place.
var (
	simFast     = flag.Bool("sim.fast", false, "build anew without powers, and run several times as many schedules in the same time")
	simRuns     = flag.Int("sim.n", 0, "number of schedules, 4000 by default, and 60 with -short")
	simDuration = flag.Duration("sim.duration", 0, "go on with new schedules for so long, from a random seed")
	simSeed     = flag.Uint64("sim.seed", 1, "seed of the first schedule")
	simClient   = flag.String("sim.client", "any", "who is on the other side: one of peertest's clients, ours, or any")
	simReplay   = flag.String("sim.replay", "", "schedule to run instead")
)

func TestSim(t *testing.T) {
	if *simReplay != "" {
		replay(t, *simReplay)
		return
	}
	if *simFast {
		runFast(t)
		return
	}
	n, seed, end := *simRuns, *simSeed, time.Now().Add(*simDuration)
	if n == 0 {
		n = 4000
		if testing.Short() {
			n = 60
		}
	}
	if *simDuration > 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	var stats simStats
	for i := 0; i < n || time.Now().Before(end); i++ {
		s := generate(seed + uint64(i))
		err := simulate(t, s, &stats)
		if err == nil {
			continue
		}
		s = shrink(s, 3000, func(s *simSchedule) bool { return simulate(t, s, new(simStats)) != nil })
		t.Errorf("%v\nThe shortest schedule found for that or something else to go wrong:\n%s", err, s)
		replay(t, s.String())
		return
	}
	t.Logf("%+v", stats)
	if stats.seldom() && n >= 250 && *simClient == "any" {
		t.Errorf("the simulator has not seen enough to tell: %+v", stats)
	}
}

// simEdit is a change to a file of this package, or of another by its path from here.
type simEdit struct{ file, old, new string }

// withoutPowers has public values and keys of package bigdh be hashes: what two sides agree
// on is still the same for both, and for nobody else.
var withoutPowers = []simEdit{
	{"../bigdh/key.go", "g.expGenerator(&public.y, &k.x)", `h := sha3.NewSHAKE128()
	h.Write(k.x[:])
	h.Read(public.y[:])
	public.y[0] = 0x40`},
	{"../bigdh/key.go", "return k.public.group.Exp(secret, &peer.y, &k.x)", `a, b := k.public.y, peer.y
	for i := range a {
		a[i], b[i] = min(a[i], b[i]), max(a[i], b[i])
	}
	h := sha3.NewSHAKE128()
	h.Write(a[:])
	h.Write(b[:])
	h.Read(secret[:])
	return nil`},
}

// overlay makes changes for go's -overlay, and returns the file for it.
func overlay(t *testing.T, edits ...simEdit) string {
	t.Helper()
	dir := t.TempDir()
	changed, replace := map[string]string{}, map[string]string{}
	for i, e := range edits {
		path, err := filepath.Abs(e.file)
		if err != nil {
			t.Fatal(err)
		}
		source, ok := changed[path]
		if !ok {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			source = string(b)
			replace[path] = filepath.Join(dir, fmt.Sprint(i, ".go"))
		}
		if n := strings.Count(source, e.old); n != 1 {
			t.Fatalf("%q is in %s %d times", e.old, e.file, n)
		}
		changed[path] = strings.Replace(source, e.old, e.new, 1)
	}
	for path, source := range changed {
		if err := os.WriteFile(replace[path], []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// runFast runs this test again, without powers.
func runFast(t *testing.T) {
	args := []string{"test", "-overlay", overlay(t, withoutPowers...), "-run", "TestSim$", "-v", "-timeout", "0"}
	flag.Visit(func(f *flag.Flag) {
		if strings.HasPrefix(f.Name, "sim.") && f.Name != "sim.fast" {
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	cmd := exec.Command("go", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
}

// seldom reports whether there is anything that has not happened once in ten schedules.
func (s *simStats) seldom() bool {
	return min(s.delivered, s.duplicates, s.refused, s.crashes, s.resends, s.rekeys, s.deletions, s.foreign) < s.schedules/10 ||
		s.unknownKey == 0 || s.lies == 0 || s.gaps == 0 || s.torn == 0
}

func simulate(t *testing.T, s *simSchedule, stats *simStats) error {
	seedRandom(t, s.seed)
	return runSchedule(s, stats, nil)
}

func replay(t *testing.T, text string) {
	t.Helper()
	s, err := parseSchedule(text)
	if err != nil {
		t.Fatal(err)
	}
	var story strings.Builder
	seedRandom(t, s.seed)
	if err := runSchedule(s, new(simStats), &story); err != nil {
		t.Errorf("%v. This is how it comes about:\n%s", err, &story)
	}
}

// TestSimAgain runs schedules that something has gone wrong in.
func TestSimAgain(t *testing.T) {
	for name, schedule := range map[string]string{
		"two full backlogs, of which the last messages are lost": `seed 401319855 layers 144 144
B>A deliver 0
A>B deliver 0
B say
B>A deliver 0
A read 0
A>B deliver 0
A burst 18
B say
B>A deliver 0
A>B drop 0
A delete 0
A>B all
B burst 16
B>A all
A>B deliver 0
B say
B>A drop 0`,
	} {
		t.Run(name, func(t *testing.T) { replay(t, schedule) })
	}
}

// plantedBugs are changes to the package, each of which the simulator must notice.
var plantedBugs = []struct{ name, file, old, new string }{
	{"duplicates are delivered", "receive.go",
		"case seq < s.received || s.queue.has(seq):", "case seq < 0:"},
	{"duplicates in the queue are not noticed", "receive.go",
		"case seq < s.received || s.queue.has(seq):", "case seq < s.received:"},
	{"events come in the order of arrival", "receive.go",
		"if seq > s.received {\n\t\treturn s.enqueue(m)", "if false {\n\t\treturn s.enqueue(m)"},
	{"the queue forgets", "resend.go",
		"q.insert(m)\n", ""},
	{"nobody asks for what is missing", "resend.go",
		"q.asked = append(q.asked, next)\n", "q.asked = append(q.asked, next); continue\n"},
	{"nobody asks twice", "queue.go",
		"p.has(seq) && !p.late })", "p.has(seq) })"},
	{"requests wait for their turn", "receive.go",
		"if m.is(tl.Resend) {", "if m.is(tl.Resend) && seq == s.received {"},
	{"the last message that was asked for is not sent", "resend.go",
		"if start = max(start, s.acked); start > end {", "if start, end = max(start, s.acked), end-1; start > end {"},
	{"a message is numbered anew when it is sent again", "send.go",
		"Data:     seal(s.keyFor(seq), s.side(), r.object),", "Data: func() []byte { l, _ := tl.ParseLayer(r.object); return seal(s.keyFor(seq), s.side(), s.wrap(l.Message, r.layer, seq, s.received)) }(),"},
	{"deleted messages are sent again", "send.go",
		"s.replace(s.acked+i, &tl.Action{ID: tl.DeleteMessages, IDs: []int64{r.id}})", ""},
	{"messages are forgotten too early", "receive.go",
		"s.history.drop(m.seen - s.acked)", "s.history.drop(min(m.seen-s.acked+1, len(s.history.records)))"},
	{"what is sent is not committed", "chat.go",
		"p, err = c.encrypt(message)\n\t\treturn true, err", "p, err = c.encrypt(message)\n\t\treturn false, err"},
	{"what is received is not committed", "chat.go",
		"events, err = c.receive(packet)\n\t\treturn true, err", "events, err = c.receive(packet)\n\t\treturn false, err"},
	{"events are not part of the state", "event.go",
		"e.touched.add(e.first + len(e.list))", ""},
	{"what was not sent is not in Outbox after a crash", "history.go",
		"if r.unsent {\n\t\t\th.unhanded++", "if false {\n\t\t\th.unhanded++"},
	{"in_seq_no counts what waits", "send.go",
		"seen := s.received\n", "seen := s.received + len(s.queue.waiting)\n"},
	{"the side with the smaller id wins", "rekey.go",
		"if a.ExchangeID < e.id {", "if a.ExchangeID > e.id {"},
	{"both sides give up their request", "rekey.go",
		"if a.ExchangeID < e.id {\n", "if a.ExchangeID < e.id {\n\t\t\ts.endExchange()\n\t\t\treturn nil\n"},
	{"CommitKey goes under the new key", "rekey.go",
		"e.early && !e.usedNew && isOld {", "false && isOld {"},
	{"the new key is used at once", "rekey.go",
		"s.exchange = exchange{state: accepted, id: id}", "s.exchange = exchange{state: accepted, id: id}\n\ts.key, s.other = s.other, s.key"},
	{"a missing CommitKey is not inferred", "rekey.go",
		"case e.state == accepted && k == s.other:", "case false:"},
	{"a new key has the number of a message that waits", "receive.go",
		"&incoming{seq: -1, seen: s.acked}", "&incoming{seq: s.received, seen: s.acked}"},
	{"old keys are not wiped", "rekey.go",
		"s.wiped = s.other.fingerprint()\n\ts.other.wipe()\n", "s.wiped = s.other.fingerprint()\n"},
	{"old keys are kept", "rekey.go",
		"case e.state == switched, e.state == committed && e.usedNew:", "case false:"},
	{"old keys are wiped at once", "rekey.go",
		"s.swapKeys(m)\n\treturn s.post", "s.swapKeys(m)\n\ts.forgetOther()\n\treturn s.post"},
	{"the number of CommitKey is not part of the state", "state.go",
		"w.int(&e.commit)", "w.int(new(int))"},
	{"the queue is not part of the state", "queue.go",
		"q.bytes += len(m.body)\n\tq.touched.add(m.seq)", "q.bytes += len(m.body)"},
	{"parts of commits pass for states", "restore.go",
		"return c.ledger.sum == sum && r.finish()", "return (c.ledger.sum == sum || true) && r.finish()"},
	{"what is removed stays in the store", "history.go",
		"clear(r.object)\n\t\th.touched.add(h.first + i)", "clear(r.object)"},
	{"the server's having a message is not part of the state", "history.go",
		"h.flying--\n\t\th.touched.add(h.first + i)", "h.flying--"},
	{"received is not part of the state", "state.go",
		"w.int(&s.received)", "w.int(new(int))"},
	{"no new layer is announced", "layer.go",
		"s.own = own\n", "s.own = own\n\treturn nil\n"},
	{"layers can be lowered", "layer.go",
		"if peer <= l.peer {", "if peer == l.peer {"},
	{"numbers can be of either side", "receive.go",
		"case !ok || !ok2:", "case (!ok || !ok2) && false:"},
	{"what was asked for has an in_seq_no", "receive.go",
		"if m.asked {\n", "if false {\n"},
	{"requests for what has come since end the chat", "resend.go",
		"start > end {\n\t\treturn nil", "start > end {\n\t\treturn fatal(RuleResend)"},
	{"first messages are in layer 46", "layer.go",
		"return 73\n", "return max(n, 46)\n"},
	{"a second AcceptKey ends the chat", "rekey.go",
		"a.ExchangeID != e.id {\n\t\treturn nil\n\t}\n\tpeer, err", "a.ExchangeID != e.id {\n\t\treturn fatal(RuleFingerprint)\n\t}\n\tpeer, err"},
	{"a responder wipes the old key because the new one is used up", "rekey.go",
		"if due {\n\t\t\ts.endExchange()", "if due {\n\t\t\ts.wipeOld()\n\t\t\ts.endExchange()"},
	{"nobody is reminded", "resend.go",
		"if s.sendAgain(seq) {\n\t\t\ta.reminders--", "if false {\n\t\t\ta.reminders--"},
	{"actions in the form of layer 8 are none", "receive.go",
		"m.Kind = tl.Service", "_ = m"},
	{"there is no MTProto 1.0", "receive.go",
		"case v1 && (s.refuseV1 ||", "case v1 && (true ||"},
	{"in_seq_no is checked only when it is its turn", "receive.go",
		"case seen > s.sent && !s.queue.wasAskedFor(seq):", "case false:"},
	{"random bytes are not counted", "receive.go",
		"case len(l.RandomBytes) < minRandomSize:", "case false:"},
	{"old layers may have sequence numbers", "receive.go",
		"case l.Layer < minWrapped:", "case false:"},
	{"what was never sent is resent as far as possible", "resend.go",
		"start > end || end >= s.sent {", "start > end {\n\t\treturn fatal(RuleResend)\n\t}\n\tif end = min(end, s.sent-1); !ok {"},
	{"the new key is used with CommitKey, whoever the peer is", "rekey.go",
		"if s.peer > LatestLayer { // Telegram", "if true { // Telegram"},
	{"a request that has lost is forgotten", "rekey.go",
		"e.theirs = &request{a.ExchangeID, bytes.Clone(a.G)}", "bytes.Clone(nil)"},
	{"requests are sent again", "resend.go",
		"r.again++\n\tif r.action == tl.Resend {", "r.again++\n\tif false {"},
	{"messages are sent again without a bound", "resend.go",
		"if r.again == maxAgain {", "if false {"},
	{"nobody is told of a gap", "resend.go",
		"s.emit(s.unnumbered(), e)\n\t}\n}\n\n// onProgress", "}\n}\n\n// onProgress"},
	{"all that is asked for is sent at once", "session.go",
		"n = min(n, maxFlying-s.history.flying)", "n += 0"},
	{"nobody is told what has arrived", "receive.go",
		"if own {", "if own && false {"},
	{"the first message of MTProto 2.0 is not part of the state", "state.go",
		"w.int(&s.firstV2)", "w.int(new(int))"},
	{"MTProto 1.0 comes back", "receive.go",
		"(s.refuseV1 || seq > s.firstV2)", "s.refuseV1"},
	{"what was withdrawn is sent", "send.go",
		"s.replace(seq, &tl.Action{ID: tl.DeleteMessages, IDs: []int64{s.history.records[i].id}})", ""},
	{"a layer that is told is ignored", "layer.go",
		"layer = max(layer, int(m.message.Action.Layer))", "_ = layer"},
	{"two full backlogs wait for each other", "rekey.go",
		"err = s.breakSilence()", "_ = s.breakSilence"},
	{"a bad g_a is ignored", "rekey.go",
		"NewPublicKey(gA)\n\tif err != nil {\n\t\treturn fatal(RulePublicValue)", "NewPublicKey(gA)\n\tif err != nil {\n\t\treturn nil"},
}

// plantedFor has who must be on the other side for a bug to do harm, if it is one client alone.
var plantedFor = map[string]string{
	"the number of CommitKey is not part of the state": "Android",
	"what was asked for has an in_seq_no":              "Android",
	"actions in the form of layer 8 are none":          "telethon",

	"the new key is used with CommitKey, whoever the peer is":   "iOS",
	"a request that has lost is forgotten":                      "iOS",
	"all that is asked for is sent at once":                     "Android",
	"the first message of MTProto 2.0 is not part of the state": "MadelineProto",
}

// TestPlantedBugs: each has its place in the package, without the time that it takes to find it.
func TestPlantedBugs(t *testing.T) {
	names := map[string]bool{}
	for _, bug := range plantedBugs {
		names[bug.name] = true
		source, err := os.ReadFile(bug.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), bug.old); n != 1 {
			t.Errorf("%s: %q is in %s %d times", bug.name, bug.old, bug.file, n)
		}
	}
	for name := range plantedFor {
		if !names[name] {
			t.Errorf("there is no bug %q", name)
		}
	}
}

// TestSimFindsBugs: a simulator that finds nothing is only worth something if it would.
func TestSimFindsBugs(t *testing.T) {
	impltest.SkipShort(t, "builds the package anew for each bug")
	for _, bug := range plantedBugs {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			client := cmp.Or(plantedFor[bug.name], "any")
			edits := append(slices.Clone(withoutPowers), simEdit{bug.file, bug.old, bug.new})
			out, err := exec.Command("go", "test", "-vet=off", "-overlay", overlay(t, edits...), "-run", "TestSim$", "-sim.n", "20000", "-sim.client", client, ".").CombinedOutput()
			if err == nil || !strings.Contains(string(out), "The shortest schedule") && !strings.Contains(string(out), "panic: ") {
				t.Errorf("not found: %v\n%s", err, out)
				return
			}
			t.Logf("%.1500s", out)
		})
	}
}

// TestSchedule: schedules can be pasted, and shrinking finds what matters.
func TestSchedule(t *testing.T) {
	for seed := range uint64(100) {
		s := generate(seed)
		parsed, err := parseSchedule(s.String())
		if err != nil || parsed.String() != s.String() {
			t.Fatalf("seed %d: %v:\n%v\nis parsed as\n%v", seed, err, s, parsed)
		}
	}
	for _, text := range []string{"", "seed x", "A say", "seed 1 layers 46 46\nA", "seed 1 layers 46 46\nC say",
		"seed 1 layers 46 46\nA sing", "seed 1 layers 46 46\nA>B drop x", "seed 1 layers 46 46\nA>B drop -1"} {
		if s, err := parseSchedule(text); err == nil {
			t.Errorf("%q is parsed as %v", text, s)
		}
	}

	s := generate(1)
	s.steps = append(s.steps, simStep{who: 1, op: "tick", a: 9}, simStep{op: "say"}, simStep{who: 1, op: "drop", a: 5}, simStep{op: "say"})
	got := shrink(s, 3000, func(s *simSchedule) bool { // a tick of 3 days or more, and B's loss, and something after that
		text := s.String()
		for _, days := range strings.Split("3456789", "") {
			if _, after, ok := strings.Cut(text, "B tick "+days+"\n"); ok {
				_, after, _ = strings.Cut(after, "B>A drop")
				if strings.Count(after, "\n") > 1 {
					return true
				}
			}
		}
		return false
	})
	if len(got.steps) != 3 || got.steps[0] != (simStep{1, "tick", 3, 0}) || got.steps[1] != (simStep{1, "drop", 0, 0}) {
		t.Errorf("shrunk to\n%v", got)
	}
}

// simInspect is what the simulator wants to know of a chat's inside.
type simInspect struct {
	keys     []*kdf.AuthKey // the one for sending first
	idle     bool           // there is no exchange of keys, nor anything left of one
	sent     int            // messages made
	acked    int            // messages that the peer is known to have
	received int            // messages processed in order
	waiting  int            // messages that came too early
	has      func(seq int) bool
	asked    func(seq int) bool // whether the peer was asked for it
	unsent   func(seq int) bool // whether the server may not have it, though the peer has not asked for it
	commit   int                // number of CommitKey if the exchange waits for its effect, otherwise -1
}

func inspect(c *Chat) (in simInspect) {
	for _, k := range []*key{c.key, c.other} {
		if k != nil {
			in.keys = append(in.keys, &k.auth)
		}
	}
	in.idle = c.exchange.state == idle && c.exchange.mine == nil
	in.sent, in.acked, in.received = c.sent, c.acked, c.received
	in.waiting = len(c.queue.waiting)
	in.has = func(seq int) bool { return seq < c.received || c.queue.has(seq) }
	in.asked = c.queue.wasAskedFor
	in.commit = -1
	if c.exchange.state == committed {
		in.commit = c.exchange.commit
	}
	in.unsent = func(seq int) bool {
		if seq < c.acked || seq >= c.sent {
			return false
		}
		r := &c.history.records[seq-c.acked]
		return r.unsent && !r.resend
	}
	return in
}
