package impltest

import (
	"cmp"
	"runtime"
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

// A recorder is a test that says how it ended.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.ended = "failed" }
func (r *recorder) Fatalf(string, ...any) { r.end("failed") }
func (r *recorder) Skipf(string, ...any)  { r.end("skipped") }

// end ends the goroutine, as it does in package testing, and keeps a failure.
func (r *recorder) end(how string) {
	r.ended = cmp.Or(r.ended, how)
	runtime.Goexit()
}

func ended(f func(t testing.TB)) string {
	r := &recorder{}
	done := make(chan bool)
	go func() {
		defer close(done)
		f(r)
		r.ended = cmp.Or(r.ended, "passed")
	}()
	<-done
	return r.ended
}

// TestNeed: what is not there skips a test, and fails it where it is required.
func TestNeed(t *testing.T) {
	backend := func(name string) func(testing.TB) {
		return func(t testing.TB) { Need(t, backends, name) }
	}
	published := func(dir string) func(testing.TB) {
		return func(t testing.TB) { NeedPublished(t, dir) }
	}
	for _, test := range []struct {
		name    string
		require string
		f       func(testing.TB)
		want    string
	}{
		{"backend", "", backend("fast"), "passed"},
		{"backend, required", "impltest:fast", backend("fast"), "passed"},
		{"no backend", "", backend("absent"), "skipped"},
		{"no backend, others required", "vectors,impltest:fast", backend("absent"), "skipped"},
		{"no backend, required", "vectors,impltest:absent", backend("absent"), "failed"},
		{"vectors", "vectors", published("."), "passed"},
		{"no vectors", "impltest:fast", published("absent"), "skipped"},
		{"no vectors, required", "impltest:fast,vectors", published("absent"), "failed"},
	} {
		t.Setenv(RequireEnv, test.require)
		if got := ended(test.f); got != test.want {
			t.Errorf("%s: the test %s, want %s", test.name, got, test.want)
		}
	}
}
