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

// RequireEnv names the environment variable that lists what this run must not go
// without: backends, as in "ige:AES-NI,kdf:SHA-NI", and files or programs, as in
// "vectors". A listed backend that the machine, the build tags or GODEBUG take away is
// a failure and not a skip: so CI cannot lose one without noticing.
const RequireEnv = "MTCORE_REQUIRE"

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

// Require fails the test when RequireEnv names a backend of p that is not
// available, or that does not exist.
func Require(t testing.TB, p *impl.Package) {
	t.Helper()
	for _, name := range missing(p, os.Getenv(RequireEnv)) {
		t.Errorf("impltest: %s requires backend %s:%s, which is not available here", RequireEnv, p.Name(), name)
	}
}

// Need skips a test of one backend of p where that is not available. The test fails there
// if RequireEnv lists the backend.
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
// projects. They are theirs to publish, so that a clone of this repository does not come
// with them. The test fails without dir where RequireEnv lists "vectors".
func NeedPublished(t testing.TB, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		SkipWithout(t, "vectors")
	}
}

// SkipWithout skips a test for lack of what, or fails it where RequireEnv lists what. CI
// accepts no other reasons, and knows these by their text.
func SkipWithout(t testing.TB, what string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv(RequireEnv), ","), what) {
		t.Fatalf("%s requires %s", RequireEnv, what)
	}
	t.Skipf("not here: %s", what)
}

func missing(p *impl.Package, list string) []string {
	available := map[string]bool{}
	for _, b := range p.Backends() {
		available[b.Name] = b.Available
	}
	var names []string
	for item := range strings.SplitSeq(list, ",") {
		pkg, name, ok := strings.Cut(strings.TrimSpace(item), ":")
		if ok && pkg == p.Name() && !available[name] {
			names = append(names, name)
		}
	}
	return names
}
