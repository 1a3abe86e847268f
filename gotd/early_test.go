package gotd

import (
	"testing"

	"github.com/gotd/td/tg"
)

// TestEarlyIsBounded: of messages that come before gotd's state only so many wait.
func TestEarlyIsBounded(t *testing.T) {
	m := new(Manager)
	j := &m.journal
	j.init(m, 1)
	j.tracked, j.qts = true, -1
	for range maxEarly + 1 {
		if err := j.take(arrival{update: &tg.UpdateNewEncryptedMessage{Qts: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(j.early) != maxEarly || len(j.arrived) != 0 {
		t.Errorf("%d wait and %d have arrived, want %d and 0", len(j.early), len(j.arrived), maxEarly)
	}
}

// TestAcknowledgeLater: a later number is not replaced by one before it.
func TestAcknowledgeLater(t *testing.T) {
	m := new(Manager)
	m.journal.init(m, 1)
	for _, qts := range []int{5, 3} {
		m.journal.acknowledgeLater(qts)
	}
	if got := <-m.journal.received; got != 5 {
		t.Errorf("got %d, want 5", got)
	}
}
