package ige

import (
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
)

func TestCheckIGE(t *testing.T) {
	settings := suite.SettingsOf("ige")
	var lines []string
	if err := New(suite.Options{}).Check(func(line string) { lines = append(lines, line) }); err != nil {
		t.Fatal(err)
	}
	if got, want := len(lines), 1+len(settings); got != want {
		t.Fatalf("%d lines, want %d: %q", got, want, lines)
	}
	for i, s := range settings {
		if got, want := lines[1+i], suite.OurName(s)+" agrees"; !strings.HasPrefix(got, want) {
			t.Errorf("line %q, want prefix %q", got, want)
		}
	}
}

// plant returns the ways to encrypt and decrypt, where the last way also runs f after each
// message.
func plant(f func(dst, src []byte)) func(suite.Direction) []Way {
	return func(d suite.Direction) []Way {
		ways := Ways(d)
		last := &ways[len(ways)-1]
		prepare := last.Prepare
		last.Prepare = func(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
			crypt := prepare(key, iv)
			return func(dst, src []byte) {
				crypt(dst, src)
				f(dst, src)
			}
		}
		return ways
	}
}

func inPlace(dst, src []byte) bool { return len(src) > 0 && &dst[0] == &src[0] }

func TestCheckFindsErrors(t *testing.T) {
	calls := 0
	for _, tt := range []struct {
		name string
		f    func(dst, src []byte)
		want string
	}{
		{"a bit of one length", func(dst, src []byte) {
			if len(src) == 70*16 {
				dst[1000] ^= 0x40
			}
		}, "70 blocks apart: byte 1000 is "},
		{"in place only", func(dst, src []byte) {
			if len(src) == 4097*16 && inPlace(dst, src) {
				dst[len(dst)-1] ^= 1
			}
		}, "4097 blocks in place: byte 65551 is "},
		{"every other call", func(dst, src []byte) {
			if calls++; calls%2 == 0 && len(src) > 0 {
				dst[0] ^= 1
			}
		}, "1 blocks apart: byte 0 is "},
		{"beyond the output", func(dst, src []byte) {
			dst = dst[:len(dst)+1]
			dst[len(dst)-1] ^= 1
		}, "0 blocks apart: wrote outside the output"},
		{"the input", func(dst, src []byte) {
			if len(src) > 0 && !inPlace(dst, src) {
				src[0] ^= 1
			}
		}, "1 blocks apart: changed the input"},
	} {
		err := check(suite.SettingsOf("ige"), plant(tt.f), peers.IGEs, func(string) {})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// TestCheckCoversPeers: each peer except the reference is compared with the reference, in
// whatever order they come.
func TestCheckCoversPeers(t *testing.T) {
	for _, d := range []suite.Direction{suite.Encrypt, suite.Decrypt} {
		for i, p := range peers.IGEs(d)[1:] {
			bad := func(of suite.Direction) []peers.IGE {
				ps := peers.IGEs(of)
				if of == d {
					ps[1+i].Prepare = func(*[ige.KeySize]byte, *[ige.IVSize]byte) func(dst, src []byte) {
						return func(dst, src []byte) {}
					}
				}
				return ps
			}
			err := check(nil, Ways, bad, func(string) {})
			if want := p.Who + " " + string(d) + ", " + p.How; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want one about %s", err, want)
			}
		}
	}
}

// TestAgainst: the ways that peers are compared with exist.
func TestAgainst(t *testing.T) {
	for _, d := range []suite.Direction{suite.Encrypt, suite.Decrypt} {
		ours := map[results.Way]bool{}
		for _, w := range Ways(d) {
			ours[w.Way] = true
		}
		for _, p := range peers.IGEs(d) {
			for _, way := range p.Against {
				if !ours[way] {
					t.Errorf("bench/internal/peers: %s is against %s to %s, which is no way of bench/internal/ige", p.Way, way, d)
				}
			}
		}
	}
}
