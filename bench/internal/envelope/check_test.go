package envelope

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/kdf"
)

func TestCheckEnvelope(t *testing.T) {
	all := settings()
	lines := 0
	if err := New(suite.Options{}).Check(func(string) { lines++ }); err != nil {
		t.Fatal(err)
	}
	if got, want := lines, 1+len(all); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestCheckEnvelopeFindsErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		open func(open peers.OpenFunc, packet []byte) ([]byte, error)
		want string
	}{
		{"a bit of the longest", func(open peers.OpenFunc, packet []byte) ([]byte, error) {
			plaintext, err := open(packet)
			if len(packet) > 128<<10 && err == nil {
				plaintext[40] ^= 1
			}
			return plaintext, err
		}, " B to something else"},
		{"what was changed", func(open peers.OpenFunc, packet []byte) ([]byte, error) {
			plaintext, err := open(packet)
			if err != nil {
				return nil, nil
			}
			return plaintext, nil
		}, "changed"},
	} {
		planted := func(k *kdf.AuthKey) peers.OpenFunc {
			open := ourOpener(k)
			return func(packet []byte) ([]byte, error) {
				plaintext, err := tt.open(open, packet)
				return bytes.Clone(plaintext), err
			}
		}
		err := check(settings(), planted, peers.Sealers()[:1], peers.Openers(), func(string) {})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
		bad := []peers.Opener{{Label: suite.Label{Who: "peer"}, Prepare: planted}}
		err = check(nil, ourOpener, peers.Sealers()[:1], bad, func(string) {})
		if err == nil || !strings.Contains(err.Error(), "peer opened") {
			t.Errorf("%s, of a peer: error %v, want one about it", tt.name, err)
		}
	}
}
