package impl

import "testing"

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
