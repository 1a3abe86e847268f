package gotd

import (
	"testing"
	"time"
)

// TestDue: a chat that waits for what is missing is looked at often enough to ask for it in time;
// any other once an hour, and not all at the same time.
func TestDue(t *testing.T) {
	m := new(Manager)
	c := &Chat{m: m, id: 1234}
	looks := func(from, to int) (n int) {
		for second := from; second < to; second++ {
			if c.due(second) {
				n++
			}
		}
		return n
	}
	if got := looks(0, 10*idlePeriod); got != 10 {
		t.Errorf("idle: %d looks in ten hours, want 10", got)
	}
	c.waiting.Store(true)
	// After 30, 90, 210 and 450 seconds the driver asks again.
	if got := looks(0, 480); got != 480/waitingPeriod {
		t.Errorf("waiting: %d looks in eight minutes, want %d", got, 480/waitingPeriod)
	}
	for after, want := range map[time.Duration]int{
		time.Millisecond: 1, time.Second: 1, 2 * time.Second: 2, 3500 * time.Millisecond: 3, time.Minute: waitingPeriod,
	} {
		m.opt.AskAfter = after
		if got := looks(0, 480); got != 480/want {
			t.Errorf("to be asked after %v: %d looks in eight minutes, want %d", after, got, 480/want)
		}
	}
	m.opt.AskAfter = 0
	c.waiting.Store(false)
	if got := looks(1200, 1200+idlePeriod); got != 1 {
		t.Errorf("later: %d looks in an hour, want 1", got)
	}
	other := &Chat{m: m, id: 1235}
	for second := range idlePeriod {
		if c.due(second) && other.due(second) {
			t.Errorf("two chats in second %d", second)
		}
	}
}
