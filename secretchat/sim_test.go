package secretchat

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/kdf"
)

// The simulator has two sides chat over a network that loses, doubles, reorders, repeats
// and forges packets, on disks that fail, at the worst of times. TestSim runs as many
// schedules as there is time for in CI. For more:
//
//	go test ./secretchat -run 'TestSim$' -v -sim.duration 2h
//
// A failure is printed with the shortest schedule that has it. That can be run again, by
// pasting it, and is best added to simRegressions:
//
//	go test ./secretchat -run 'TestSim$' -sim.replay "$(cat)"
var (
	simRuns     = flag.Int("sim.n", 0, "number of schedules, 2500 by default, and 250 with -short")
	simDuration = flag.Duration("sim.duration", 0, "go on with new schedules for so long, from a random seed")
	simSeed     = flag.Uint64("sim.seed", 1, "seed of the first schedule")
	simReplay   = flag.String("sim.replay", "", "schedule to run instead")
)

func TestSim(t *testing.T) {
	if *simReplay != "" {
		replay(t, *simReplay)
		return
	}
	n, seed, end := *simRuns, *simSeed, time.Now().Add(*simDuration)
	if n == 0 {
		n = 2500
		if testing.Short() {
			n = 250
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
	if stats.seldom() && n >= 250 {
		t.Errorf("the simulator has not seen enough to tell: %+v", stats)
	}
}

// seldom reports whether there is anything that has not happened once in ten schedules.
func (s *simStats) seldom() bool {
	return min(s.delivered, s.duplicates, s.refused, s.crashes, s.resends, s.rekeys, s.deletions) < s.schedules/10 ||
		s.unknownKey == 0
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

// simRegressions are schedules that have failed.
var simRegressions = map[string]string{}

func TestSimRegressions(t *testing.T) {
	for name, text := range simRegressions {
		t.Run(name, func(t *testing.T) { replay(t, text) })
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
	received int            // messages processed in order
	waiting  int            // messages that came too early
	has      func(seq int) bool
}

func inspect(c *Chat) (in simInspect) {
	for _, k := range []*key{c.key, c.other} {
		if k != nil {
			in.keys = append(in.keys, &k.auth)
		}
	}
	in.idle = c.exchange.state == idle && c.exchange.mine == nil
	in.received = c.received
	in.waiting = len(c.queue.waiting)
	in.has = func(seq int) bool { return seq < c.received || c.queue.has(seq) }
	return in
}
