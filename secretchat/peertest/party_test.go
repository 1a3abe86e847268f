package peertest

import (
	"fmt"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

func group(tb testing.TB) *bigdh.Group {
	tb.Helper()
	g, err := bigdh.Telegram(3)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// TestEachWithEach has every two clients that can read each other talk over a network that
// does nothing wrong.
func TestEachWithEach(t *testing.T) {
	for _, one := range Clients {
		for _, two := range Clients {
			t.Run(one.Name+" and "+two.Name, func(t *testing.T) {
				if one.V1 != NeverV1 && !two.ReadsV1 || two.V1 != NeverV1 && !one.ReadsV1 {
					return
				}
				a, b := New(one, group(t), 1), New(two, group(t), 2)
				gA := a.Request()
				gB, fingerprint := b.Accept(gA[:])
				a.Complete(gB[:], fingerprint)
				before := a.Renewed()
				for i := range 300 {
					a.Say(int64(2*i+1), fmt.Sprint(i))
					b.Say(int64(2*i+2), fmt.Sprint(i))
					for range 4 {
						for _, packet := range a.Out() {
							b.Receive(packet.Data)
						}
						for _, packet := range b.Out() {
							a.Receive(packet.Data)
						}
					}
				}
				for _, p := range []*Party{a, b} {
					if end := p.Over(); end != nil {
						if end.Known == "" || one.Renews != AsInitiator && two.Renews != AsInitiator {
							t.Errorf("%s: %v", p.Name, end)
						}
						return
					}
				}
				if a.Failed() || b.Failed() {
					if one.Renews != RenewalFails && two.Renews != RenewalFails {
						t.Error("one has failed")
					}
					return
				}
				for i, p := range []*Party{a, b} {
					if len(p.Delivered) != 300 {
						t.Errorf("%s: %d texts", p.Name, len(p.Delivered))
					}
					for j, text := range p.Delivered {
						if text.ID != int64(2*j+2-i) || text.Body != fmt.Sprint(j) {
							t.Fatalf("%s: text %d is %+v", p.Name, j, text)
						}
					}
				}
				// Renewal may stop for good, or never begin, when it is not done alike.
				alike := one.Renews == Renewing && two.Renews == Renewing && one.SmallerWins == two.SmallerWins
				if renewed := a.Renewed() != before; a.Renewed() != b.Renewed() || alike && !renewed {
					t.Errorf("keys %x and %x, %x before", a.Renewed(), b.Renewed(), before)
				}
			})
		}
	}
}

// prober is the other side of a party, and does only what it is told.
type prober struct {
	t    *testing.T
	p    *Party
	auth kdf.AuthKey
	side kdf.Side
	n    int // messages it has sent
	seen int // in_seq_no
}

// probe sets up a chat with a client, and returns what the client sends at first.
func probe(t *testing.T, ways *Ways, originator bool) (*prober, []message) {
	t.Helper()
	g := group(t)
	p := New(ways, g, 7)
	mine, err := g.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	own := mine.PublicKey().Bytes()
	pr := &prober{t: t, p: p}
	if originator { // the prober is
		pr.side = kdf.Client
		p.Accept(own[:])
	} else {
		pr.side = kdf.Server
		p.Request()
		peer, err := g.NewPublicKey(func() []byte { b := p.mine.PublicKey().Bytes(); return b[:] }())
		if err != nil {
			t.Fatal(err)
		}
		var k kdf.AuthKey
		if err := mine.DH((*[bigdh.Size]byte)(&k), peer); err != nil {
			t.Fatal(err)
		}
		p.Complete(own[:], k.Fingerprint())
	}
	pr.auth = p.current.auth
	return pr, pr.out()
}

// message is what a party has sent.
type message struct {
	seq, seen, layer int
	v1               bool
	random           int
	bare             bool
	key              int64
	body             []byte
	action           *tl.Action
}

func (pr *prober) out() (messages []message) {
	pr.t.Helper()
	for _, packet := range pr.p.Out() {
		k := pr.p.find(packet.Data)
		if k == nil {
			pr.t.Fatal("a packet under no key")
		}
		object, v1, err := open(&k.auth, pr.p.side(), packet.Data)
		if err != nil {
			pr.t.Fatal(err)
		}
		m := message{seq: -1, v1: v1, key: k.auth.Fingerprint(), body: object}
		if l, err := tl.ParseLayer(object); err == nil {
			m.seq, m.seen, m.layer, m.random, m.body = int(l.OutSeqNo>>1), int(l.InSeqNo>>1), int(l.Layer), len(l.RandomBytes), l.Message
		} else {
			m.bare = true
		}
		m.action = action(m.body)
		messages = append(messages, m)
	}
	return messages
}

// send has the party receive message d numbers after what is due, in a wrapper.
func (pr *prober) send(d, layer int, body []byte) []message {
	pr.t.Helper()
	pr.p.Receive(pr.seal(pr.n+d, layer, body))
	if d == 0 {
		pr.n++
	}
	return pr.out()
}

func (pr *prober) seal(seq, layer int, body []byte) []byte {
	bit := 1 - pr.p.inBit()
	l := tl.Layer{RandomBytes: make([]byte, 15), Layer: int32(layer), InSeqNo: int32(2*pr.seen + bit), OutSeqNo: int32(2*seq + 1 - bit), Message: body}
	other := &Party{Ways: Plain, originator: pr.side == kdf.Client, random: pr.p.random}
	return other.seal(&key{auth: pr.auth}, l.Append(nil), false)
}

func notify(layer int32) []byte {
	return tl.AppendService(nil, 5, &tl.Action{ID: tl.NotifyLayer, Layer: layer})
}

func (pr *prober) resend(start, end int) []byte {
	bit := 1 - pr.p.inBit() // of its out_seq_no
	return tl.AppendService(nil, 5, &tl.Action{ID: tl.Resend, Start: int32(2*start + bit), End: int32(2*end + bit)})
}

var hello = (&Party{Ways: Android}).text(9, 0, "hello")

// TestHello checks what each client sends first, by the table of the clients' ways.
func TestHello(t *testing.T) {
	type first struct {
		layer, announces int
		v1               bool
	}
	for _, test := range []struct {
		ways                     *Ways
		asOriginator, afterLayer first // what it sends first, and a text when it was told 144
		asResponder              first
	}{
		{IOS, first{73, 144, false}, first{144, 0, false}, first{46, 46, true}},
		{Android, first{46, 151, false}, first{46, 0, false}, first{46, 151, false}},
		{TDLib, first{73, 144, false}, first{144, 0, false}, first{73, 144, false}},
		{MadelineProto, first{46, 144, true}, first{144, 0, false}, first{46, 144, true}},
		{Telethon, first{101, 101, true}, first{144, 0, false}, first{101, 101, true}},
		{Plain, first{73, 73, false}, first{73, 0, false}, first{73, 73, false}},
	} {
		for _, originator := range []bool{false, true} {
			pr, got := probe(t, test.ways, originator)
			want := test.asOriginator
			if originator { // the prober is
				want = test.asResponder
			}
			if len(got) != 1 || got[0].seq != 0 || got[0].action == nil || got[0].action.ID != tl.NotifyLayer ||
				(first{got[0].layer, int(got[0].action.Layer), got[0].v1}) != want {
				t.Errorf("%s begins with %+v, want %+v", test.ways.Name, got, want)
				continue
			}
			got = pr.send(0, 144, notify(144))
			if announces := test.ways.FirstAnnounces != 0 && originator; announces != (len(got) == 1) {
				t.Errorf("%s, when it is told a layer, answers with %+v", test.ways.Name, got)
			}
			pr.p.Say(1, "x")
			got = pr.out()
			if test.ways.Confirmed { // until the second message
				pr.p.Say(2, "x")
				if late := pr.out(); late[0].layer != 144 {
					t.Errorf("%s goes on in layer %d", test.ways.Name, late[0].layer)
				}
			}
			if len(got) != 1 || (first{got[0].layer, 0, got[0].v1}) != test.afterLayer {
				t.Errorf("%s: text %+v, want %+v", test.ways.Name, got, test.afterLayer)
			}
		}
	}
	pr, got := probe(t, &Ways{Name: "bare", FirstAnnounces: 46, Announces: 144, BareFirst: true, V1: V1Below47}, true)
	if len(got) != 1 || !got[0].bare || !got[0].v1 || got[0].action.Layer != 46 || pr.p.Sent() != 0 {
		t.Errorf("a bare NotifyLayer: %+v", got)
	}
}

// TestWrapperUnknownToIOS: it stops at layer 151.
func TestWrapperUnknownToIOS(t *testing.T) {
	pr, _ := probe(t, IOS, true)
	pr.send(0, 151, hello)
	if end := pr.p.Over(); end == nil || end.Known != "" {
		t.Errorf("over: %v, want it to stop, by our fault", end)
	}
}

// TestSendsAgain asks each client for its first two messages, of which one was deleted.
func TestSendsAgain(t *testing.T) {
	for _, test := range []struct {
		ways    *Ways
		numbers []int
		seen    []int
		deleted bool
	}{
		{IOS, []int{1, 2}, []int{3, 3}, true},
		{Android, []int{1, 1, 2, 2}, []int{2, 2, 0, 0}, true},
		{TDLib, []int{1, 2}, []int{1, 1}, false},
		{MadelineProto, nil, nil, false},
		{Telethon, nil, nil, false},
		{Plain, nil, nil, false},
	} {
		pr, _ := probe(t, test.ways, false)
		pr.send(0, 144, notify(144))
		pr.p.Say(1, "one")
		pr.p.Say(2, "two")
		if id, ok := pr.p.Delete(1); !ok || id != 1 {
			t.Fatalf("deleted %d, %t", id, ok)
		}
		pr.out()
		pr.send(0, 144, hello)
		got := pr.send(0, 144, pr.resend(1, 2))
		var numbers, seen []int
		deleted := false
		for _, m := range got {
			numbers, seen = append(numbers, m.seq), append(seen, m.seen)
			deleted = deleted || m.seq == 1 && m.action != nil && m.action.ID == tl.DeleteMessages
		}
		if fmt.Sprint(numbers, seen) != fmt.Sprint(test.numbers, test.seen) || deleted != test.deleted {
			t.Errorf("%s sends %v again, with in_seq_no %v, deleted %t; want %v, %v, %t", test.ways.Name, numbers, seen, deleted, test.numbers, test.seen, test.deleted)
		}
		if again := pr.send(0, 144, pr.resend(1, 2)); test.ways.Answers == TwiceEach && len(again) != 0 {
			t.Errorf("%s answers the same start twice", test.ways.Name)
		}
		// What was never sent.
		got = pr.send(0, 144, pr.resend(20, 20))
		switch end := pr.p.Over(); test.ways.Answers {
		case TwiceEach:
			if len(got) != 2 || got[0].seq != 20 || got[0].seen != 21 || got[0].action.ID != tl.DeleteMessages {
				t.Errorf("%s: asked for what was never sent: %+v", test.ways.Name, got)
			}
		case Today:
			if end == nil || end.Known == "" {
				t.Errorf("%s: asked for what was never sent: %v", test.ways.Name, end)
			}
		case SameCiphertext:
			if end == nil || end.Known != "" {
				t.Errorf("%s: asked for what was never sent: %v", test.ways.Name, end)
			}
		}
	}
}

// TestGap leaves out a message, sends six more, and what was left out.
func TestGap(t *testing.T) {
	for _, test := range []struct {
		ways *Ways
		asks string
		over bool
	}{
		{Android, "[1-1]", true},
		{TDLib, "[1-1]", false},
		{MadelineProto, "[1-1 1-1 1-1 1-1 1-1 1-1]", false},
		{Telethon, "[]", false},
		{Plain, "[]", false},
		{IOS, "", false},
	} {
		pr, _ := probe(t, test.ways, true)
		pr.send(0, 144, notify(144))
		asks := []string{}
		for i := range 6 {
			for _, m := range pr.send(1+i, 144, hello) {
				if m.action != nil && m.action.ID == tl.Resend {
					asks = append(asks, fmt.Sprintf("%d-%d", m.action.Start/2, m.action.End/2))
				}
			}
		}
		if got := fmt.Sprint(asks); test.ways.Asks != PerBatch && got != test.asks {
			t.Errorf("%s asks for %v, want %s", test.ways.Name, got, test.asks)
		} else if test.ways.Asks == PerBatch && len(asks) == 0 {
			t.Errorf("%s does not ask", test.ways.Name)
		}
		if end := pr.p.Over(); (end != nil) != test.over || end != nil && end.Known == "" {
			t.Errorf("%s: over: %v", test.ways.Name, end)
		}
		pr.send(0, 144, hello)
		if n := len(pr.p.Delivered); !test.over && n != 7 {
			t.Errorf("%s delivers %d of 7", test.ways.Name, n)
		}
		if test.ways.Asks == PerBatch {
			late := 0
			for range 20 {
				pr.p.Tick(1)
				late += len(pr.out())
			}
			if late == 0 {
				t.Errorf("%s never asks late", test.ways.Name)
			}
		}
	}
}

// TestRenewalWays goes through what each client does with RequestKey of the other side, and
// with another one.
func TestRenewalWays(t *testing.T) {
	request := func(pr *prober, id int64) []message {
		k, err := pr.p.group.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		g := k.PublicKey().Bytes()
		return pr.send(0, 144, tl.AppendService(nil, 5, &tl.Action{ID: tl.RequestKey, ExchangeID: id, G: g[:]}))
	}
	story := func(messages []message) (s string) {
		for _, m := range messages {
			name, ok := map[tl.ActionID]string{tl.RequestKey: "Request", tl.AcceptKey: "Accept", tl.AbortKey: "Abort", tl.CommitKey: "Commit", tl.Noop: "Noop"}[m.action.ID]
			if ok {
				s += fmt.Sprintf("%s(%d) ", name, m.action.ExchangeID)
			}
		}
		return s
	}
	for _, test := range []struct {
		ways                          *Ways
		smaller, larger, busyS, busyL string // both have asked; it has accepted 50
	}{
		{IOS, "Abort(40) Accept(30) ", "", "Accept(30) ", "Accept(70) "},
		{Android, "", "Abort(40) Accept(50) ", "", "Abort(50) Accept(70) "},
		{TDLib, "", "Accept(50) ", "Abort(30) ", "Abort(70) "},
		{MadelineProto, "", "Accept(50) ", "", "Accept(70) "},
		{Telethon, "", "", "", ""},
		{TelethonMended, "", "Accept(50) ", "", ""},
		{Plain, "", "", "", ""},
	} {
		for _, larger := range []bool{false, true} {
			pr, _ := probe(t, test.ways, true)
			pr.send(0, 144, notify(144))
			pr.p.uses.sent = 200
			pr.p.renew() // Telethon fails.
			pr.p.ex = 40
			pr.out()
			id, want := int64(30), test.smaller
			if larger {
				id, want = 50, test.larger
			}
			if got := story(request(pr, id)); got != want {
				t.Errorf("%s, having asked with 40, answers %d with %q, want %q", test.ways.Name, id, got, want)
			}
			if test.ways.Renews == AsInitiator {
				continue
			}

			pr, _ = probe(t, test.ways, true)
			pr.send(0, 144, notify(144))
			request(pr, 50)
			id, want = 30, test.busyS
			if larger {
				id, want = 70, test.busyL
			}
			if got := story(request(pr, id)); got != want {
				t.Errorf("%s, having accepted 50, answers %d with %q, want %q", test.ways.Name, id, got, want)
			}
		}
	}
}

// TestUnknownFingerprint sends each client a packet under a key that it does not have.
func TestUnknownFingerprint(t *testing.T) {
	for _, ways := range Clients {
		pr, _ := probe(t, ways, true)
		pr.auth[0]++
		pr.send(0, 144, hello)
		over := pr.p.Over() != nil
		if want := ways.UnknownKey == Discarded; over != want {
			t.Errorf("%s: over %t, want %t", ways.Name, over, want)
		}
		if kept := len(pr.p.kept) == 1; kept != (ways == IOS) {
			t.Errorf("%s: kept %t", ways.Name, kept)
		}
	}
}

// TestChecks: TDLib ends the chat at what it must not get, and blames the other side.
func TestChecks(t *testing.T) {
	for name, change := range map[string]func(pr *prober) (seq, layer int){
		"in_seq_no of what was not sent": func(pr *prober) (int, int) { pr.seen = 9; return 0, 144 },
		"falling in_seq_no":              func(pr *prober) (int, int) { pr.seen = 1; pr.send(0, 144, hello); pr.seen = 0; return 0, 144 },
		"falling layer":                  func(pr *prober) (int, int) { pr.send(0, 144, hello); return 0, 73 },
	} {
		for _, ways := range Clients {
			pr, _ := probe(t, ways, true)
			d, layer := change(pr)
			pr.send(d, layer, hello)
			want := ways.Checks || name == "falling in_seq_no" && ways.NoFalling
			if end := pr.p.Over(); (end != nil) != want || end != nil && end.Known != "" {
				t.Errorf("%s, %s: over %v, want %t", ways.Name, name, end, want)
			}
		}
	}
}

// actions returns those of messages.
func actions(messages []message) (ids []tl.ActionID) {
	for _, m := range messages {
		if m.action != nil {
			ids = append(ids, m.action.ID)
		}
	}
	return ids
}

// TestOneGap: MadelineProto drops what is below the end of what waits, gives up at a second
// gap, and takes what has waited when the range that was missing first is complete.
func TestOneGap(t *testing.T) {
	for _, test := range []struct {
		numbers   []int // of the texts that come, after that of the layer
		delivered []int
		over      bool
	}{
		{[]int{3, 4, 1, 2}, []int{1, 2, 3, 4}, false},
		{[]int{3, 4, 2, 1, 2}, []int{1, 2, 3, 4}, false}, // 2 is dropped at first
		{[]int{3, 3, 2, 4, 1, 2, 5}, []int{1, 2, 3, 4, 5}, false},
		{[]int{3, 5}, nil, true},
		{[]int{2, 3, 5}, nil, true},
		{[]int{2, 1, 4, 3}, []int{1, 2, 3, 4}, false},
	} {
		pr, _ := probe(t, MadelineProto, true)
		pr.send(0, 144, notify(144))
		for _, n := range test.numbers {
			pr.p.Receive(pr.seal(n, 144, hello))
		}
		var delivered []int
		for _, text := range pr.p.Delivered {
			delivered = append(delivered, text.Seq)
		}
		end := pr.p.Over()
		if fmt.Sprint(delivered) != fmt.Sprint(test.delivered) || (end != nil) != test.over || end != nil && end.Known == "" {
			t.Errorf("%v: delivers %v, over %v; want %v, %t", test.numbers, delivered, end, test.delivered, test.over)
		}
	}
}

// TestDeaf: MadelineProto hears nothing after a request, until it is started anew. It has
// counted the request if it was its turn, and does not have it otherwise.
func TestDeaf(t *testing.T) {
	for _, early := range []int{0, 2} {
		pr, _ := probe(t, MadelineProto, true)
		pr.send(0, 144, notify(144))
		if got := pr.send(early, 144, pr.resend(0, 0)); len(got) != 0 {
			t.Errorf("it answers %+v", got)
		}
		want := pr.p.Received()
		pr.send(0, 144, hello)
		if pr.p.Received() != want || len(pr.p.Delivered) != 0 || !pr.p.Failed() {
			t.Errorf("%d early: %d received, %d delivered while it is deaf", early, pr.p.Received(), len(pr.p.Delivered))
		}
		pr.p.Restart()
		if pr.p.Received() != 2+(2-early)/2 || len(pr.p.Delivered) != 1 || pr.p.Missing() {
			t.Errorf("%d early: %d received, %d delivered after it was started anew", early, pr.p.Received(), len(pr.p.Delivered))
		}
	}
}

// TestCountsAll: what counts towards a new key, and when it is thought of.
func TestCountsAll(t *testing.T) {
	noop := tl.AppendService(nil, 5, &tl.Action{ID: tl.Noop})
	for _, test := range []struct {
		ways    *Ways
		packets int // after NotifyLayer both ways, until it asks or fails; 0 is never
	}{{MadelineProto, 98}, {Telethon, 98}, {TelethonMended, 98}, {TDLib, 0}, {Android, 0}, {IOS, 0}} {
		for _, week := range []bool{false, true} {
			pr, _ := probe(t, test.ways, false)
			pr.p.Tick(1_000_000)
			pr.send(0, 144, notify(144))
			want := test.packets
			if week {
				if pr.p.Tick(1_000_000 + 8*24*3600); len(pr.out()) != 0 {
					t.Errorf("%s: an idle chat asks for a new key", test.ways.Name)
				}
				want = min(want, 1)
			}
			n := 0
			for i := 1; i <= 150 && n == 0; i++ {
				for _, id := range actions(pr.send(0, 144, noop)) {
					if id == tl.RequestKey {
						n = i
					}
				}
				if pr.p.Failed() {
					n = i
				}
			}
			if week || test.ways.Repeats != EachMessage {
				if n != want {
					t.Errorf("%s, week %t: asks at message %d, want %d", test.ways.Name, week, n, want)
				}
			}
			if test.ways == Telethon {
				before := pr.p.Received()
				pr.p.Say(1, "x")
				if got := pr.send(0, 144, noop); len(got) != 0 || pr.p.Received() != before {
					t.Errorf("it sends %+v, %d received, and should have failed", got, pr.p.Received()-before)
				}
			}
		}
	}
}

// TestTellsAgain: when a client tells its layer once more.
func TestTellsAgain(t *testing.T) {
	for _, test := range []struct {
		ways         *Ways
		young        int // in the first 15 seconds
		first, later int // at NotifyLayer in a wrapper of 73, and at a text, after that
	}{{MadelineProto, 0, 2, 0}, {Telethon, 0, 2, 1}, {TelethonMended, 0, 2, 1}, {TDLib, 0, 0, 0}, {Android, 0, 0, 0}} {
		count := func(messages []message) (n int) {
			for _, id := range actions(messages) {
				if id == tl.NotifyLayer {
					n++
				}
			}
			return n
		}
		pr, _ := probe(t, test.ways, false)
		pr.p.Tick(1000)
		if got := count(pr.send(0, 73, notify(144))); got != test.young {
			t.Errorf("%s tells its layer %d times, want %d", test.ways.Name, got, test.young)
		}
		pr, _ = probe(t, test.ways, false)
		pr.p.Tick(1000)
		pr.p.Tick(1016)
		if got := count(pr.send(0, 73, notify(144))); got != test.first {
			t.Errorf("%s tells its layer %d times later, want %d", test.ways.Name, got, test.first)
		}
		if got := count(pr.send(0, 73, hello)); got != test.later {
			t.Errorf("%s tells its layer %d times at a text, want %d", test.ways.Name, got, test.later)
		}
	}
}

// TestAcceptEnds: at AcceptKey out of place MadelineProto forgets its own request, and takes the
// next exchange of the other side whatever its id.
func TestAcceptEnds(t *testing.T) {
	for _, ways := range Clients {
		pr, _ := probe(t, ways, true)
		pr.send(0, 144, notify(144))
		pr.p.state, pr.p.ex, pr.p.priv = requested, 40, pr.p.generate()
		pr.send(0, 144, tl.AppendService(nil, 5, &tl.Action{ID: tl.AcceptKey, ExchangeID: 41, G: make([]byte, 256)}))
		want := requested
		if ways.AcceptEnds || ways.AbortsUnknown {
			want = idle
		}
		if pr.p.state != want {
			t.Errorf("%s: state %d, want %d", ways.Name, pr.p.state, want)
		}
	}
}
