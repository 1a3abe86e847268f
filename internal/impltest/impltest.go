// Package impltest runs tests once per backend of a package.
package impltest

import (
	"os"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
)

// RequireEnv names the environment variable that lists the backends which this
// run must exercise, as in "ige:AES-NI,kdf:SHA-NI". A listed backend that the
// machine, the build tags or GODEBUG take away is a failure and not a skip: so
// CI cannot lose a backend without noticing.
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
