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

func init() { backends.SelfTest(func() bool { return true }) }

func TestAll(t *testing.T) {
	t.Setenv(RequireEnv, "") // these backends are unknown there
	t.Setenv(MissingEnv, "")
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

func TestComplaints(t *testing.T) {
	const (
		notHere    = " is not available here, and "
		absent     = "impltest:absent" + notHere
		notListed  = MissingEnv + " does not list it"
		unrequired = " is here, and MTCORE_REQUIRE does not list it: .ci/run has a table of backends and the CPU features they need"
	)
	for _, tt := range []struct {
		require, missing string
		want             []string
	}{
		{"", "", nil},
		{"impltest:fast,other:absent", "", nil},
		{"impltest:absent", "", []string{absent + "MTCORE_REQUIRE requires it"}},
		{"other:x,impltest:slow,impltest:misspelt", "", []string{"impltest:misspelt is not registered in this build, and MTCORE_REQUIRE requires it"}},
		{"impltest:slow,impltest:fast", "impltest:absent", nil},
		{"impltest:slow,impltest:fast", "vectors,impltest:absent", nil},
		{"impltest:slow,impltest:fast", "none", []string{absent + notListed}},
		{"impltest:slow", "vectors", []string{absent + notListed, "impltest:fast" + unrequired}},
		{"impltest:slow,impltest:fast,impltest:absent", "impltest:absent", []string{absent + "MTCORE_REQUIRE requires it"}},
	} {
		if got := complaints(backends, tt.require, tt.missing); !slices.Equal(got, tt.want) {
			t.Errorf("%s=%s %s=%s:\ngot  %q\nwant %q", RequireEnv, tt.require, MissingEnv, tt.missing, got, tt.want)
		}
	}
}

// A recorder is a test that records how it ended.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper()               {}
func (r *recorder) Skip(...any)           { r.end("skipped") }
func (r *recorder) Fatalf(string, ...any) { r.end("failed") }
func (r *recorder) Skipf(string, ...any)  { r.end("skipped") }

// end ends the goroutine, as package testing does, and remembers a failure.
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

// TestNeed: a missing backend skips a test, but fails it if the backend is required, or if
// only other things may be missing.
func TestNeed(t *testing.T) {
	backend := func(name string) func(testing.TB) {
		return func(t testing.TB) { Need(t, backends, name) }
	}
	published := func(dir string) func(testing.TB) {
		return func(t testing.TB) { NeedPublished(t, dir) }
	}
	short := func(t testing.TB) { SkipShort(t, "slow") }
	ifShort := map[bool]string{false: "passed", true: "skipped"}[testing.Short()]
	for _, test := range []struct {
		name             string
		require, missing string
		f                func(testing.TB)
		want             string
	}{
		{"backend", "", "", backend("fast"), "passed"},
		{"backend, required", "impltest:fast", "", backend("fast"), "passed"},
		{"no backend", "", "", backend("absent"), "skipped"},
		{"no backend, others required", "vectors,impltest:fast", "", backend("absent"), "skipped"},
		{"no backend, required", "vectors,impltest:absent", "", backend("absent"), "failed"},
		{"backend, nothing missing", "", "none", backend("fast"), "passed"},
		{"no backend, nothing missing", "", "none", backend("absent"), "failed"},
		{"no backend, others missing", "", "vectors,impltest:slow", backend("absent"), "failed"},
		{"no backend, missing", "", "vectors,impltest:absent", backend("absent"), "skipped"},
		{"no backend, missing and required", "impltest:absent", "impltest:absent", backend("absent"), "failed"},
		{"vectors", "vectors", "none", published("."), "passed"},
		{"no vectors", "impltest:fast", "", published("absent"), "skipped"},
		{"no vectors, required", "impltest:fast,vectors", "", published("absent"), "failed"},
		{"no vectors, nothing missing", "", "none", published("absent"), "failed"},
		{"no vectors, missing", "", "vectors", published("absent"), "skipped"},
		{"short", "", "none", short, ifShort},
	} {
		t.Setenv(RequireEnv, test.require)
		t.Setenv(MissingEnv, test.missing)
		if got := ended(test.f); got != test.want {
			t.Errorf("%s: the test %s, want %s", test.name, got, test.want)
		}
	}
}
