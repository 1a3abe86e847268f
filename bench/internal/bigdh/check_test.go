package bigdh

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bigdh"
)

func TestCheckBigDH(t *testing.T) {
	settings := suite.SettingsOf("bigdh")
	lines := 0
	if err := New(suite.Options{}).Check(func(string) { lines++ }); err != nil {
		t.Fatal(err)
	}
	if got, want := lines, 1+len(settings); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestCheckBigDHFindsErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		f    func(dst, base, exp *[bigdh.Size]byte)
		want string
	}{
		{"a bit", func(dst, _, _ *[bigdh.Size]byte) { dst[100] ^= 4 }, "byte 100 is "},
		{"only the power 0", func(dst, _, exp *[bigdh.Size]byte) {
			if *exp == ([bigdh.Size]byte{}) {
				clear(dst[:])
			}
		}, "byte 255 is "},
		{"the input", func(_, _, exp *[bigdh.Size]byte) { exp[0] ^= 1 }, "changed the input"},
	} {
		planted := func(dst, base, exp *[bigdh.Size]byte) {
			ourPower(dst, base, exp)
			tt.f(dst, base, exp)
		}
		err := check(suite.SettingsOf("bigdh")[:1], planted, peers.Powers()[:1], func(string) {})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
		err = check(nil, ourPower, append(peers.Powers()[:1], peers.Power{Label: suite.Label{Who: "peer"}, Exp: planted}), func(string) {})
		if err == nil || !strings.HasPrefix(err.Error(), "peer: ") {
			t.Errorf("%s, of a peer: error %v, want one about it", tt.name, err)
		}
	}
}

// TestAlmostChecked: with the context of primeCase, no verdict is remembered, however often
// the prime is checked.
func TestAlmostChecked(t *testing.T) {
	for range 2 {
		ctx := &polls{Context: context.Background(), max: 2}
		if _, err := bigdh.NewGroupContext(ctx, fromHex(ffdheHex), 2); err != context.Canceled {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
		if ctx.count != ctx.max {
			t.Errorf("asked %d times, want %d", ctx.count, ctx.max)
		}
	}
}

// TestConstantPeers: powers are compared with peers that are constant-time, and with all of them.
func TestConstantPeers(t *testing.T) {
	var want []suite.Row
	for _, p := range peers.Powers() {
		if p.Constant {
			want = append(want, p.Row())
		}
	}
	if len(want) == 0 || len(want) == len(peers.Powers()) {
		t.Fatalf("%d of %d peers are constant-time", len(want), len(peers.Powers()))
	}
	for _, in := range suite.SettingsOf("bigdh") {
		if got := powerVersus(in)[suite.VsPeer]; !slices.Equal(got, want) {
			t.Errorf("%s is compared with %q, want %q", in.Name, got, want)
		}
	}
}
