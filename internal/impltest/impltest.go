// Package impltest runs tests and benchmarks once per backend of a package.
package impltest

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
)

// Two environment variables keep a run from losing tests unnoticed. Each is a
// comma-separated list of backends, as in "ige:AES-NI", and of other things, as in
// "vectors".
const (
	// RequireEnv lists what this run must have. If any of it is missing, because of the
	// machine, the build tags or GODEBUG, that is a failure and not a skip.
	RequireEnv = "MTCORE_REQUIRE"
	// MissingEnv, if not empty, lists everything that this run may lack, or is "none". Then
	// a test that is skipped for lack of anything else fails, and so does a backend in
	// neither list.
	MissingEnv = "MTCORE_MISSING"
)

// All runs f as a subtest in each of p.States(): once as "generic" with every
// backend off, and once per available backend. Neither f nor the caller may be
// parallel, since the toggles are plain globals.
func All(t *testing.T, p *impl.Package, f func(t *testing.T)) {
	t.Helper()
	Require(t, p)
	for _, s := range p.States() {
		t.Run(s.Name, func(t *testing.T) {
			defer s.Enter()()
			f(t)
		})
	}
}

// Benchmark runs f as a sub-benchmark in each of p.States().
func Benchmark(b *testing.B, p *impl.Package, f func(b *testing.B)) {
	for _, s := range p.States() {
		b.Run("backend="+s.Name, func(b *testing.B) {
			defer s.Enter()()
			b.ReportAllocs()
			f(b)
		})
	}
}

// SelfTest requires that test, the self-test of package p, passes with each backend.
func SelfTest(t *testing.T, p *impl.Package, test func() bool) {
	All(t, p, func(t *testing.T) {
		if !test() {
			t.Error("fails")
		}
	})
}

// BenchmarkSelfTest measures test, the self-test of package p, with each backend.
func BenchmarkSelfTest(b *testing.B, p *impl.Package, test func() bool) {
	Benchmark(b, p, func(b *testing.B) {
		for b.Loop() {
			test()
		}
	})
}

// Ready fails the test if f, an entry point of package p, can run before p's backends were tested.
func Ready(t *testing.T, p *impl.Package, name string, f func()) {
	t.Helper()
	defer p.Again()()
	f()
	if !p.Tested() {
		t.Errorf("%s uses backends that have not been tested", name)
	}
}

// Require fails the test unless p has the backends that RequireEnv and MissingEnv call for.
func Require(t testing.TB, p *impl.Package) {
	t.Helper()
	for _, complaint := range complaints(p, os.Getenv(RequireEnv), os.Getenv(MissingEnv)) {
		t.Error("impltest: " + complaint)
	}
}

func complaints(p *impl.Package, require, missing string) (all []string) {
	registered := map[string]bool{}
	for _, b := range p.Backends() {
		name := p.Name() + ":" + b.Name
		registered[name] = true
		switch {
		case !b.Available && listed(require, name):
			all = append(all, name+" is not available here, and "+RequireEnv+" requires it")
		case !b.Available && missing != "" && !listed(missing, name):
			all = append(all, name+" is not available here, and "+MissingEnv+" does not list it")
		case b.Available && missing != "" && !listed(require, name):
			all = append(all, name+" is here, and "+RequireEnv+" does not list it: .ci/run has a table of backends and the CPU features they need")
		}
	}
	for item := range strings.SplitSeq(require, ",") {
		if strings.HasPrefix(item, p.Name()+":") && !registered[item] {
			all = append(all, item+" is not registered in this build, and "+RequireEnv+" requires it")
		}
	}
	return all
}

func listed(list, name string) bool { return slices.Contains(strings.Split(list, ","), name) }

// Need skips a test of one backend of p if that backend is not available, as SkipWithout
// does.
func Need(t testing.TB, p *impl.Package, name string) {
	t.Helper()
	for _, b := range p.Backends() {
		if b.Name == name && b.Available {
			return
		}
	}
	SkipWithout(t, p.Name()+":"+name)
}

// NeedPublished skips a test if there is no dir, as SkipWithout does without "vectors". The
// directory has vectors from the tests of other projects; publishing them is up to those
// projects, so a clone of this repository does not include them.
func NeedPublished(t testing.TB, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		SkipWithout(t, "vectors")
	}
}

// SkipWithout skips a test for lack of what, or fails it if RequireEnv lists what, or if
// MissingEnv is set and does not list it.
func SkipWithout(t testing.TB, what string) {
	t.Helper()
	if listed(os.Getenv(RequireEnv), what) {
		t.Fatalf("not here: %s, which %s requires", what, RequireEnv)
	}
	if missing := os.Getenv(MissingEnv); missing != "" && !listed(missing, what) {
		t.Fatalf("not here: %s, which %s does not list", what, MissingEnv)
	}
	t.Skipf("not here: %s", what)
}

// SkipShort skips a test with -short, for the reason given.
func SkipShort(t testing.TB, reason string) {
	t.Helper()
	if testing.Short() {
		t.Skip(reason)
	}
}
