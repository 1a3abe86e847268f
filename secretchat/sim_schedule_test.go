package secretchat

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/mtcore/mtcore/secretchat/peertest"
)

// A schedule is all that happens in a run of the simulator. It is written one step to a
// line, as failures are printed, and can be replayed from that. Steps refer to what is
// there when they are taken, modulo how much that is, and do nothing if it is nothing:
// so any part of a schedule is a schedule.
type simSchedule struct {
	seed   uint64 // of the random numbers that the chats draw
	layers [2]int // of the two sides at the beginning
	// client is who the other side is, if it is not ours, and where.
	client string
	where  int
	steps  []simStep
}

// simStep is what happens to, or at, one of the two sides.
type simStep struct {
	who  int // 0 is A, who has asked for the chat, and 1 is B
	op   string
	a, b int
}

// simOp describes a kind of step for the generator.
type simOp struct {
	name   string
	onWire bool // concerns packets that who has sent, written "A>B deliver 0"
	a, b   int  // arguments are below these, and there is none if they are 0
	weight float64
	doc    string
}

var simOps = []simOp{
	{name: "say", weight: 12, doc: "send a text"},
	{name: "burst", a: 60, weight: 0.5, doc: "send a+1 texts"},
	{name: "ttl", a: 100, weight: 1, doc: "send SetMessageTTL of a seconds"},
	{name: "read", a: 8, weight: 1, doc: "send ReadMessages of the a-th last message received"},
	{name: "typing", weight: 1, doc: "send Typing"},
	{name: "screenshot", a: 8, weight: 0.5, doc: "send ScreenshotMessages"},
	{name: "delete", a: 8, weight: 2, doc: "send DeleteMessages of the a-th last message sent"},
	{name: "withdraw", a: 8, weight: 1, doc: "withdraw the a-th last message sent"},
	{name: "back", a: 10, weight: 0.5, doc: "set the clock back by a days"},
	{name: "clear", weight: 0.3, doc: "send FlushHistory"},
	{name: "handled", weight: 2, doc: "call Handled"},
	{name: "tick", a: 10, weight: 2, doc: "call Tick, a days later"},
	{name: "layer", a: 4, weight: 0.5, doc: "restart with a newer layer"},
	{name: "restart", weight: 1, doc: "restart from what the store has"},
	{name: "crash", a: 3, b: 6, weight: 3, doc: "crash at the a-th commit from now, in one of six ways"},
	{name: "forget", a: 3, weight: 1, doc: "do not call Sent for the next a+1 packets"},
	{name: "late", weight: 2, doc: "do not look into Outbox until somebody says otherwise"},
	{name: "flush", weight: 2, doc: "look into Outbox"},

	{name: "lie", a: 100, weight: 0.1, doc: "break the a-th rule of simLies, which ends the chat"},

	{name: "deliver", onWire: true, a: 6, weight: 25, doc: "the a-th packet under way arrives"},
	{name: "all", onWire: true, weight: 3, doc: "all packets under way arrive, in order"},
	{name: "drop", onWire: true, a: 6, weight: 5, doc: "the a-th packet under way is lost"},
	{name: "dup", onWire: true, a: 6, weight: 3, doc: "the a-th packet under way is doubled"},
	{name: "replay", onWire: true, a: 40, weight: 3, doc: "the a-th last packet ever sent arrives once more"},
	{name: "flip", onWire: true, a: 6, b: 4000, weight: 2, doc: "a copy of the a-th packet arrives with bit b changed"},
	{name: "cut", onWire: true, a: 6, b: 400, weight: 1, doc: "a copy of the a-th packet arrives with b bytes missing"},
	{name: "reflect", onWire: true, a: 6, weight: 1, doc: "the a-th packet arrives where it came from"},
	{name: "foreign", onWire: true, a: 6, b: 2, weight: 1, doc: "a packet of another chat arrives, with our fingerprint if b is 1"},
}

// simLayers are layers to begin with or to change to.
var simLayers = []int{MinLayer, 101, LatestLayer}

// generate makes up a schedule. The kinds of steps are mixed in another way each time, for
// there to be calm schedules as well as those in which everything goes wrong.
func generate(seed uint64) *simSchedule {
	r := rand.New(rand.NewPCG(seed, 0))
	s := &simSchedule{seed: seed}
	for i := range s.layers {
		s.layers[i] = simLayers[r.IntN(len(simLayers))]
	}
	switch c := *simClient; {
	case c == "any" && r.IntN(2) == 0:
		s.client = peertest.Clients[r.IntN(len(peertest.Clients))].Name
	case c != "any" && c != "ours":
		s.client = c
	}
	s.where = r.IntN(2)
	weights := make([]float64, len(simOps))
	var sum float64
	for i, op := range simOps {
		weights[i] = op.weight * []float64{0, 0.3, 1, 1, 3}[r.IntN(5)]
		if op.name == "say" || op.name == "deliver" {
			weights[i] = op.weight
		}
		sum += weights[i]
	}
	for range 5 + r.IntN(100) {
		x := r.Float64() * sum
		i := 0
		for ; i < len(weights)-1 && x >= weights[i]; i++ {
			x -= weights[i]
		}
		op := &simOps[i]
		st := simStep{who: r.IntN(2), op: op.name}
		if op.a > 0 {
			st.a = r.IntN(op.a)
			if op.name == "deliver" && r.IntN(3) > 0 {
				st.a = 0 // in order, more often than not
			}
		}
		if op.b > 0 {
			st.b = r.IntN(op.b)
		}
		s.steps = append(s.steps, st)
	}
	return s
}

func findOp(name string) *simOp {
	i := slices.IndexFunc(simOps, func(op simOp) bool { return op.name == name })
	if i < 0 {
		return nil
	}
	return &simOps[i]
}

func (s simStep) String() string {
	op := findOp(s.op)
	text := string("AB"[s.who])
	if op.onWire {
		text += ">" + string("BA"[s.who])
	}
	text += " " + s.op
	if op.a > 0 {
		text += fmt.Sprint(" ", s.a)
	}
	if op.b > 0 {
		text += fmt.Sprint(" ", s.b)
	}
	return text
}

func (s *simSchedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d layers %d %d", s.seed, s.layers[0], s.layers[1])
	if s.client != "" {
		fmt.Fprintf(&b, " and %c is %s", 'A'+s.where, s.client)
	}
	fmt.Fprintln(&b)
	for _, st := range s.steps {
		fmt.Fprintln(&b, st)
	}
	return b.String()
}

// parseSchedule reads what String has written.
func parseSchedule(text string) (*simSchedule, error) {
	s := &simSchedule{}
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	if len(lines) == 0 {
		return nil, fmt.Errorf("empty schedule")
	}
	if _, err := fmt.Sscanf(strings.TrimSpace(lines[0]), "seed %d layers %d %d", &s.seed, &s.layers[0], &s.layers[1]); err != nil {
		return nil, fmt.Errorf("%q: %v", lines[0], err)
	}
	if words := strings.Fields(lines[0]); len(words) > 5 {
		if len(words) != 9 || words[6] != "A" && words[6] != "B" || peertest.Find(words[8]) == nil {
			return nil, fmt.Errorf("%q: who is it?", lines[0])
		}
		s.where, s.client = int(words[6][0]-'A'), words[8]
	}
	for _, line := range lines[1:] {
		var st simStep
		words := strings.Fields(line)
		if len(words) < 2 || words[0][0] != 'A' && words[0][0] != 'B' {
			return nil, fmt.Errorf("%q is not a step", line)
		}
		st.who, st.op = int(words[0][0]-'A'), words[1]
		if findOp(st.op) == nil {
			return nil, fmt.Errorf("%q: no such step", line)
		}
		for i, arg := range []*int{&st.a, &st.b} {
			if len(words) > i+2 {
				if _, err := fmt.Sscan(words[i+2], arg); err != nil || *arg < 0 {
					return nil, fmt.Errorf("%q: bad argument", line)
				}
			}
		}
		s.steps = append(s.steps, st)
	}
	return s, nil
}

// shrink returns the shortest and simplest schedule it can find for which fails still
// reports true, in at most budget attempts.
func shrink(s *simSchedule, budget int, fails func(*simSchedule) bool) *simSchedule {
	try := func(t *simSchedule) bool {
		if budget == 0 {
			return false
		}
		budget--
		if fails(t) {
			s = t
			return true
		}
		return false
	}
	for again := true; again && budget > 0; {
		again = false
		// Without some of the steps: half of them, a quarter, and so on down to one.
		for n := max(1, len(s.steps)/2); n > 0; n /= 2 {
			for at := 0; at < len(s.steps); {
				t := *s
				t.steps = slices.Delete(slices.Clone(s.steps), at, min(at+n, len(s.steps)))
				if try(&t) {
					again = true
				} else {
					at += n
				}
			}
		}
		// With smaller arguments, and the usual layers.
		for i := range s.steps {
			for _, arg := range []func(*simStep) *int{func(s *simStep) *int { return &s.a }, func(s *simStep) *int { return &s.b }} {
				for {
					value := *arg(&s.steps[i])
					smaller := slices.IndexFunc([]int{0, value / 2, value - 1}, func(v int) bool {
						if v < 0 || v >= value {
							return false
						}
						t := *s
						t.steps = slices.Clone(s.steps)
						*arg(&t.steps[i]) = v
						return try(&t)
					})
					if smaller < 0 {
						break
					}
					again = true
				}
			}
		}
		if usual := [2]int{LatestLayer, LatestLayer}; s.layers != usual {
			t := *s
			t.layers = usual
			again = try(&t) || again
		}
	}
	return s
}
