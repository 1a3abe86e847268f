package impl

import (
	"sync"
	"sync/atomic"
	"testing"
)

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != want {
			t.Errorf("panicked with %v, want %q", got, want)
		}
	}()
	f()
}

func TestPackage(t *testing.T) {
	slow, fast, absent := true, true, false
	p := New("test").Add("slow", &slow).Add("fast", &fast).Add("absent", &absent)
	mustPanic(t, "impl: no self-test of test", p.Ready)
	p.SelfTest(func() bool { return true })

	if got, want := p.Name(), "test"; got != want {
		t.Errorf("Name() = %q, want %q", got, want)
	}
	if got, want := p.String(), "fast+slow"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	fast = false
	if got, want := p.String(), "slow"; got != want {
		t.Errorf("String() without fast = %q, want %q", got, want)
	}
	slow = false
	if got, want := p.String(), "generic"; got != want {
		t.Errorf("String() with nothing = %q, want %q", got, want)
	}
	for i, want := range []bool{true, true, false} {
		if b := p.Backends()[i]; b.Available != want {
			t.Errorf("%s: Available = %v, want %v", b.Name, b.Available, want)
		}
	}

	fast, slow = true, true
	other, newer := true, true
	p.Add("other", &other).Replace("newer", &newer)
	if got, want := p.String(), "newer+fast+slow"; got != want {
		t.Errorf("String() with newer = %q, want %q", got, want)
	}
	newer = false
	if got, want := p.String(), "other+fast+slow"; got != want {
		t.Errorf("String() without newer = %q, want %q", got, want)
	}

	mustPanic(t, "impl: duplicate package test", func() { New("test") })
	mustPanic(t, "impl: duplicate backend test:fast", func() { p.Add("fast", &fast) })
}

// TestReady: a backend that gives a wrong answer, or panics, is switched off together with those
// after it; the test runs once, whoever calls first; and the other callers wait for it.
func TestReady(t *testing.T) {
	on := [3]bool{true, true, true}
	absent := false
	p := New("ready").Add("one", &on[0]).Add("absent", &absent).Add("two", &on[1]).Add("three", &on[2])
	// The last backend that is on does the work. Which one is broken?
	var broken int
	var runs atomic.Int32
	var panics bool
	p.SelfTest(func() bool {
		runs.Add(1)
		best := 0
		for best < 3 && on[best] {
			best++
		}
		if absent {
			t.Error("absent is on")
		}
		if best == broken && panics {
			panic("index out of range")
		}
		return best != broken
	})
	for _, panics = range []bool{false, true} {
		for broken = 1; broken <= 4; broken++ { // 4: none
			if broken == 1 && !panics {
				p.tested.Store(false)
			} else {
				defer p.Again()()
			}
			on = [3]bool{true, true, true}
			for i := range p.backends {
				p.backends[i].Available = p.backends[i].Name != "absent"
			}
			runs.Store(0)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					p.Ready()
					for i := range on {
						if want := i+1 < broken; on[i] != want {
							t.Errorf("%d is broken: toggle %d is %v", broken, i+1, on[i])
						}
					}
				})
			}
			wg.Wait()
			if got, want := runs.Load(), int32(min(broken, 3)); got != want {
				t.Errorf("%d is broken: %d tests, want %d", broken, got, want)
			}
			if got, want := p.String(), []string{"generic", "one", "two+one", "three+two+one"}[broken-1]; got != want {
				t.Errorf("%d is broken: %s is on, want %s", broken, got, want)
			}
			if got := len(p.States()); got != broken {
				t.Errorf("%d is broken: %d states", broken, got)
			}
		}
	}
}
