package impltest

import (
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
)

var (
	slow, absent, fast = true, false, true

	backends = impl.New("impltest").Add("slow", &slow).Add("absent", &absent).Add("fast", &fast)
)

func TestAll(t *testing.T) {
	var got []string
	All(t, backends, func(t *testing.T) { got = append(got, backends.String()) })

	want := []string{"generic", "slow", "fast+slow"}
	if !slices.Equal(got, want) {
		t.Errorf("states visited: %q, want %q", got, want)
	}
	if !slow || absent || !fast {
		t.Errorf("toggles after All: %v %v %v, want true false true", slow, absent, fast)
	}
}

func TestAllRestores(t *testing.T) {
	// Enter's undo is deferred, so that a panicking test does not leave its
	// state behind.
	func() {
		defer func() { recover() }()
		defer backends.States()[0].Enter()()
		panic("test")
	}()
	if !slow || absent || !fast {
		t.Errorf("toggles after a panic: %v %v %v, want true false true", slow, absent, fast)
	}
}

func TestMissing(t *testing.T) {
	for _, tt := range []struct {
		list string
		want []string
	}{
		{"", nil},
		{"impltest:fast,other:absent", nil},
		{"impltest:absent", []string{"absent"}},
		{"other:x, impltest:slow ,impltest:misspelt", []string{"misspelt"}},
	} {
		if got := missing(backends, tt.list); !slices.Equal(got, tt.want) {
			t.Errorf("missing(%q) = %q, want %q", tt.list, got, tt.want)
		}
	}
}
