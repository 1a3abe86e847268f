// Package impltest runs tests once per backend of a package.
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

// Two environment variables keep a run from losing a test without anybody noticing. Both
// are lists with commas between backends, as in "ige:AES-NI", and other things, as in
// "vectors".
const (
	// RequireEnv lists what this run must not go without. That it is not there, whether
	// for the machine, the build tags or GODEBUG, is a failure and not a skip.
	RequireEnv = "MTCORE_REQUIRE"
	// MissingEnv, where it is not empty, lists all that this run may go without, or is
	// "none". Then a test that is skipped for lack of anything else fails, and so does a
	// backend in neither list.
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

// Ready fails the test if f, which is a way into p, is not preceded by the test of p's backends.
func Ready(t *testing.T, p *impl.Package, name string, f func()) {
	t.Helper()
	defer p.Again()()
	f()
	if !p.Tested() {
		t.Errorf("%s uses backends that have not been tested", name)
	}
}

// Require fails the test if p has not the backends that RequireEnv and MissingEnv say.
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

// Need skips a test of one backend of p where that is not available, as SkipWithout does.
func Need(t testing.TB, p *impl.Package, name string) {
	t.Helper()
	for _, b := range p.Backends() {
		if b.Name == name && b.Available {
			return
		}
	}
	SkipWithout(t, p.Name()+":"+name)
}

// NeedPublished skips a test without dir, which has vectors out of the tests of other
// projects, as SkipWithout does without "vectors". They are theirs to publish, so that a
// clone of this repository does not come with them.
func NeedPublished(t testing.TB, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		SkipWithout(t, "vectors")
	}
}

// SkipWithout skips a test for lack of what, or fails it where RequireEnv lists what, or
// where MissingEnv is set and does not.
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
