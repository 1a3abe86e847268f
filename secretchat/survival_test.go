package secretchat

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/secretchat/peertest"
)

// How many chats outlive a network that loses packets, with each client at the other end,
// is printed by
//
//	go test ./secretchat -run 'TestSurvival$' -v -survival.n 200
var survivalChats = flag.Int("survival.n", 0, "number of chats for each client and loss, 5 by default, 1 with -short")

const (
	// survivalTexts are sent by each side, one of all in a second.
	survivalTexts = 200
	// survivalDelay is how many seconds a packet takes at most. It can overtake another.
	survivalDelay = 1.1
	// survivalTail is how long both sides go on for a while when nothing is lost any more.
	survivalTail = 40
	// survivalPatience is how long we wait before we ask, where we do.
	survivalPatience = 2 * time.Second
)

// survivalLosses are probabilities that a packet is lost when its message is sent for the
// first time. What is sent again arrives.
var survivalLosses = []float64{0, 0.005, 0.02, 0.05}

// survivor is one of the sides, ours or somebody else's.
type survivor interface {
	say(id int64)
	receive(data []byte)
	tick(now int64)
	take() []peertest.Packet
	// over returns why the chat is over, and what the client is known for that explains it.
	over() (why, known string)
	got() []int64 // ids of texts
}

type ourSurvivor struct {
	chat *Chat
	err  error
	out  []Packet
	ids  []int64
	next int // number of the first message that was not sent yet
	key  int64
	keys int // how often that has changed
}

func (s *ourSurvivor) say(id int64) {
	if s.err != nil {
		return
	}
	p, err := s.chat.Encrypt(simText(id, s.chat.Layer(), fmt.Sprint(id)))
	if s.err = err; err == nil {
		s.out = append(s.out, p)
	}
}

func (s *ourSurvivor) receive(data []byte) {
	if s.err != nil {
		return
	}
	events, err := s.chat.Receive(data)
	if err != nil && !isRefusal(err) {
		s.err = err
	}
	for _, e := range events {
		if e.Kind == EventMessage {
			s.ids = append(s.ids, e.RandomID)
		}
	}
	if k := s.chat.Fingerprint(); k != s.key {
		s.key = k
		s.keys++
	}
}

func (s *ourSurvivor) tick(now int64) {
	if s.err == nil {
		s.err = s.chat.Tick(time.Unix(now, 0))
	}
}

func (s *ourSurvivor) take() (packets []peertest.Packet) {
	out := s.out
	s.out = nil
	for more := s.chat.Outbox(); len(more) > 0; more = s.chat.Outbox() {
		out = append(out, more...)
		s.chat.Sent(more...)
	}
	s.chat.Sent(out...)
	slices.SortStableFunc(out, func(a, b Packet) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, p := range out {
		packets = append(packets, peertest.Packet{Seq: p.Seq, Data: p.Data, Again: p.Seq < s.next})
		s.next = max(s.next, p.Seq+1)
	}
	return packets
}

func (s *ourSurvivor) over() (why, known string) {
	switch f := (*FatalError)(nil); {
	case errors.As(s.err, &f):
		return string(f.Rule), ""
	case s.err != nil:
		return s.err.Error(), ""
	}
	return "", ""
}

func (s *ourSurvivor) got() []int64 { return s.ids }

type theirSurvivor struct{ *peertest.Party }

func (s theirSurvivor) say(id int64)            { s.Say(id, fmt.Sprint(id)) }
func (s theirSurvivor) receive(data []byte)     { s.Receive(data) }
func (s theirSurvivor) tick(now int64)          { s.Tick(now) }
func (s theirSurvivor) take() []peertest.Packet { return s.Out() }

func (s theirSurvivor) over() (why, known string) {
	if end := s.Over(); end != nil {
		return end.Why, end.Known
	}
	return "", ""
}

func (s theirSurvivor) got() (ids []int64) {
	for _, text := range s.Delivered {
		ids = append(ids, text.ID)
	}
	return ids
}

// survive has a chat with a client, or with ourselves if ways is nil, go over a network.
func survive(tb testing.TB, ways *peertest.Ways, askAfter time.Duration, loss float64, seed uint64) (why, known string) {
	tb.Helper()
	group := testGroup(tb)
	r := rand.New(rand.NewPCG(seed, 2))
	now := 0.0
	clock := func() time.Time { return testTime.Add(time.Duration(now * float64(time.Second))) }
	opt := Options{Clock: clock, AskAfter: askAfter}
	originator := r.IntN(2) == 0
	us := &ourSurvivor{}
	var them survivor
	var err error
	switch {
	case ways == nil:
		other := &ourSurvivor{}
		out, gA, err := Request(group, opt)
		if err != nil {
			tb.Fatal(err)
		}
		var gB [bigdh.Size]byte
		var fingerprint int64
		if other.chat, gB, fingerprint, err = Accept(group, gA[:], opt); err != nil {
			tb.Fatal(err)
		}
		if us.chat, err = out.Complete(gB[:], fingerprint); err != nil {
			tb.Fatal(err)
		}
		them = other
	case originator:
		p := peertest.New(ways, group, seed)
		out, gA, err := Request(group, opt)
		if err != nil {
			tb.Fatal(err)
		}
		gB, fingerprint := p.Accept(gA[:])
		if us.chat, err = out.Complete(gB[:], fingerprint); err != nil {
			tb.Fatal(err)
		}
		them = theirSurvivor{p}
	default:
		p := peertest.New(ways, group, seed)
		gA := p.Request()
		var gB [bigdh.Size]byte
		var fingerprint int64
		if us.chat, gB, fingerprint, err = Accept(group, gA[:], opt); err != nil {
			tb.Fatal(err)
		}
		p.Complete(gB[:], fingerprint)
		them = theirSurvivor{p}
	}

	type flight struct {
		at   float64
		to   int
		data []byte
	}
	var flights []flight
	sides := []survivor{us, them}
	send := func() {
		for i, s := range sides {
			for _, p := range s.take() {
				if p.Again || r.Float64() >= loss {
					flights = append(flights, flight{now + r.Float64()*survivalDelay, 1 - i, p.Data})
				}
			}
		}
	}
	pass := func() { // a second passes
		until := now + 1
		for {
			send()
			slices.SortStableFunc(flights, func(a, b flight) int { return cmp.Compare(a.at, b.at) })
			if len(flights) == 0 || flights[0].at > until {
				break
			}
			f := flights[0]
			flights = flights[1:]
			now = max(now, f.at)
			sides[f.to].receive(f.data)
		}
		now = until
		for _, s := range sides {
			s.tick(clock().Unix())
		}
	}
	var said [2][]int64
	say := func(i int) {
		id := int64(len(said[i])*2 + i + 1)
		said[i] = append(said[i], id)
		sides[i].say(id)
	}
	for len(said[0]) < survivalTexts || len(said[1]) < survivalTexts {
		if i := r.IntN(2); len(said[i]) < survivalTexts {
			say(i)
		} else {
			say(1 - i)
		}
		pass()
	}
	loss = 0
	for i := range survivalTail {
		say(i % 2)
		for range 10 {
			pass()
		}
	}
	for range 100 {
		pass()
	}
	for _, s := range sides {
		why, known := s.over()
		if why == string(RuleGap) && ways != nil && ways.Answers == peertest.NoAnswer {
			known = "it never sends again, and a thousand messages wait at most"
		}
		if why != "" {
			return why, known
		}
	}
	for i, s := range sides {
		got := s.got()
		if i == 1 && ways != nil && ways.Unordered {
			slices.Sort(got)
		}
		party, _ := them.(theirSurvivor)
		switch {
		case slices.Equal(got, said[1-i]):
		case ways != nil && ways.Renews == peertest.RenewalFails && party.Failed():
			return ways.Name + " fails from the hundredth packet on", "it fails where it would ask for a new key"
		case ways != nil && ways.Answers == peertest.Fails && party.Failed():
			return ways.Name + " is deaf after our request", "its answers are broken"
		case i == 0 && ways != nil && ways.Answers == peertest.NoAnswer:
			return ways.Name + " does not send again what is lost", "it never sends again, or its answers are broken"
		case i == 0 && ways != nil && ways.Answers == peertest.TwiceEach:
			return ways.Name + " does not answer a start twice", "Android answers each start once"
		case i == 1 && ways != nil && ways.Asks == peertest.NeverAsks:
			return ways.Name + " does not ask for what is lost", "it never asks"
		default:
			return fmt.Sprintf("side %d has got %d texts of %d, or in another order", i, len(got), len(said[1-i])), ""
		}
	}
	return "", ""
}

// survivalRow is a client, or ourselves if ways is nil, and how long we wait before we ask.
type survivalRow struct {
	ways     *peertest.Ways
	askAfter time.Duration
}

// survivalRows are those who may end otherwise if they are asked later, and all others.
func survivalRows() []survivalRow {
	rows := []survivalRow{{}, {askAfter: survivalPatience}}
	for _, ways := range peertest.Clients {
		rows = append(rows, survivalRow{ways: ways})
		if ways.Asks != peertest.NeverAsks {
			rows = append(rows, survivalRow{ways, survivalPatience})
		}
	}
	return rows
}

// TestSurvival counts chats that outlive loss. Those with ourselves, TDLib and iOS have to;
// where others end, it must be by what they are known for.
func TestSurvival(t *testing.T) {
	n := *survivalChats
	if n == 0 {
		n = 5
		if testing.Short() {
			n = 1
		}
	}
	var table, reasons strings.Builder
	fmt.Fprintf(&table, "chats of %d that live, by the loss of packets\n%-30s", n, "")
	for _, loss := range survivalLosses {
		fmt.Fprintf(&table, "%8.1f %%", 100*loss)
	}
	for _, row := range survivalRows() {
		ways, name := row.ways, "ours"
		if ways != nil {
			name = ways.Name
		}
		if row.askAfter > 0 {
			name += fmt.Sprint(", asked after ", row.askAfter)
		}
		fmt.Fprintf(&table, "\n%-30s", name)
		for _, loss := range survivalLosses {
			alive := 0
			why := map[string]int{}
			for seed := range uint64(n) {
				reason, known := survive(t, ways, row.askAfter, loss, seed)
				if reason == "" {
					alive++
					continue
				}
				why[reason]++
				if known == "" {
					t.Errorf("%s, loss %.1f %%, seed %d: %s", name, 100*loss, seed, reason)
				}
			}
			fmt.Fprintf(&table, "%10d", alive)
			for _, reason := range slices.Sorted(func(yield func(string) bool) {
				for r := range why {
					if !yield(r) {
						return
					}
				}
			}) {
				fmt.Fprintf(&reasons, "%s, %.1f %%: %d × %s\n", name, 100*loss, why[reason], reason)
			}
			if must := ways == nil || ways == peertest.TDLib || ways == peertest.IOS; must && loss <= 0.005 && alive < n || must && loss == 0.02 && 100*alive < 97*n {
				t.Errorf("%s, loss %.1f %%: %d of %d live", name, 100*loss, alive, n)
			}
		}
	}
	t.Logf("%s\n%s", &table, &reasons)
}
