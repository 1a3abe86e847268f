package login

import (
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
)

func TestCheck(t *testing.T) {
	lines := 0
	if err := New(suite.Options{}).Check(func(string) { lines++ }); err != nil {
		t.Fatal(err)
	}
	if got, want := lines, 1+len(settings()); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestCheckFindsErrors(t *testing.T) {
	planted := peers.Factorer{Label: suite.Label{Who: "peer"}, Factor: func(pq uint64) (p, q uint64) { return 1, pq }}
	err := check(nil, []peers.Factorer{planted}, func(string) {})
	if err == nil || !strings.HasPrefix(err.Error(), "peer: ") {
		t.Errorf("wrong factors: error %v, want one about the peer", err)
	}
}

// TestRecording: a side that receives other messages than recorded returns an error.
func TestRecording(t *testing.T) {
	a, b := manyRecordings(2)[0], manyRecordings(2)[1]
	if err := a.client(); err != nil {
		t.Errorf("client: %v", err)
	}
	if err := a.server(); err != nil {
		t.Errorf("server: %v", err)
	}
	a.messages[2], a.messages[3] = b.messages[2], b.messages[3]
	if a.client() == nil || a.server() == nil {
		t.Error("with messages of another exchange there is no error")
	}
}

// TestPeers runs everything that the peers have once: it is not compared with mtcore.
func TestPeers(t *testing.T) {
	a := newAccount()
	b := make([]byte, 256)
	b[0] = 1
	for _, p := range append(peers.RSASeals(), peers.RSAOpens()...) {
		if err := p.Prepare(key)(); err != nil {
			t.Errorf("%s: %v", p.Who, err)
		}
	}
	for _, p := range peers.SRPs() {
		if _, _, err := p.Check(password, a.params.Salt1, a.params.Salt2, b); err != nil {
			t.Errorf("%s: %v", p.Who, err)
		}
	}
	for _, p := range peers.Exchanges() {
		if err := p.Run(key); err != nil {
			t.Errorf("%s: %v", p.Who, err)
		}
	}
}
