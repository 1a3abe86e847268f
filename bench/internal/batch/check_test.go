package batch

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/ige"
)

func TestCheckBatch(t *testing.T) {
	settings := suite.SettingsOf("ige")
	var lines []string
	if err := New(suite.Options{}).Check(func(line string) { lines = append(lines, line) }); err != nil {
		t.Fatal(err)
	}
	if got, want := len(lines), len(settings); got != want {
		t.Fatalf("%d lines, want %d: %q", got, want, lines)
	}
	for i, s := range settings {
		if got, want := lines[i], suite.OurName(s)+" agrees"; !strings.HasPrefix(got, want) {
			t.Errorf("line %q, want prefix %q", got, want)
		}
	}
}

func TestCheckBatchFindsErrors(t *testing.T) {
	last := func(ms []ige.Message) *ige.Message { return &ms[len(ms)-1] }
	for _, tt := range []struct {
		name string
		f    func(ms []ige.Message) error // runs after each batch
		want string
	}{
		{"a bit of one message", func(ms []ige.Message) error {
			if len(ms) == 40 && len(ms[17].Dst) > 0 {
				ms[17].Dst[0] ^= 1
			}
			return nil
		}, "40 messages apart, message 17 of "},
		{"in place only", func(ms []ige.Message) error {
			for _, m := range ms {
				if len(m.Src) > 0 && &m.Dst[0] == &m.Src[0] {
					m.Dst[len(m.Dst)-1] ^= 0x80
				}
			}
			return nil
		}, " in place, message "},
		{"beyond the output", func(ms []ige.Message) error {
			if len(ms) == 9 {
				dst := last(ms).Dst
				dst[:len(dst)+1][len(dst)] ^= 1
			}
			return nil
		}, "9 messages apart, message 8 of "},
		{"the key", func(ms []ige.Message) error {
			if len(ms) == 2 {
				last(ms).Key[31] ^= 1
			}
			return nil
		}, "changed the key or the iv"},
		{"an error", func(ms []ige.Message) error {
			if len(ms) == 3 {
				return errors.New("planted")
			}
			return nil
		}, "3 messages apart, planted"},
	} {
		planted := func(d suite.Direction) batchFunc {
			return func(ms []ige.Message) error {
				if err := ours(d)(ms); err != nil {
					return err
				}
				return tt.f(ms)
			}
		}
		err := check(suite.SettingsOf("ige"), planted, func(string) {})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// TestBatchesReachEverything: there are messages without a block, and some that are longer
// than kernels take in one call.
func TestBatchesReachEverything(t *testing.T) {
	batches := makeBatches(peers.IGEs(suite.Encrypt)[0])
	if got, want := len(batches), checkedMessages+1; got != want {
		t.Errorf("%d batches, want %d", got, want)
	}
	empty, long := 0, 0
	for count, batch := range batches {
		if got := len(batch); got != count {
			t.Errorf("%d messages, want %d", got, count)
		}
		for _, s := range batch {
			switch {
			case s.Blocks() == 0:
				empty++
			case s.Blocks() > usualBlocks:
				long++
			}
		}
	}
	if empty == 0 || long == 0 {
		t.Errorf("%d messages are empty and %d long, want some of both", empty, long)
	}
}

func TestMixedLengths(t *testing.T) {
	short := 0
	lengths := mixedLengths()
	for _, n := range lengths {
		if n < mixedMin || n > mixedMax || n%ige.BlockSize != 0 {
			t.Errorf("length %d", n)
		}
		if n < 1<<10 { // the middle of the logarithms
			short++
		}
	}
	if got, want := len(lengths), mixedCount; got != want {
		t.Errorf("%d lengths, want %d", got, want)
	}
	if short < mixedCount/3 || short > mixedCount*2/3 {
		t.Errorf("%d of %d lengths are below 1 KiB, want about half", short, mixedCount)
	}
}

// TestFloors: the limit of many streams is no less than the longest message's share of that of one.
func TestFloors(t *testing.T) {
	if !limit.Available() {
		return
	}
	n := 0
	for _, c := range New(suite.Options{}).Cases {
		share := 1 / float64(c.Count)
		switch {
		case c.Size == 0 && c.Count == mixedCount:
			share = float64(slices.Max(mixedLengths())) / float64(c.Bytes)
		case c.Size == 0:
			share = (raggedMin + (raggedCount-1)*raggedStep) / float64(c.Bytes)
		}
		for _, con := range c.Contenders {
			if !strings.HasPrefix(string(con.Way), "limit.aes-many.") {
				continue
			}
			n++
			if want := (suite.Floor{Of: oneLimit.Row(), Share: share}); con.AtLeast != want {
				t.Errorf("%s, %s: at least %v, want %v", c.Name, con.Way, con.AtLeast, want)
			}
		}
	}
	if n == 0 {
		t.Error("no limits")
	}
}
