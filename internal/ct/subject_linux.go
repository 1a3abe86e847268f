//go:build amd64 || arm64 || arm

package ct

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Case is a computation with a secret.
type Case struct {
	// Secrets are values of the secret, all of the same length. Memcheck uses only the
	// first.
	Secrets [][]byte
	// Run does the computation and returns its results. It is called once before anything
	// is observed, and may use that call to prepare what does not depend on the secret.
	Run func(secret []byte) []byte
	// Public names functions that branch on values derived from the secret because those
	// values are public: whether a value is refused, for example. They are written as in
	// bigdh.(*Group).Exp. It is an error to name a function that does not do so.
	Public []string
	// Planted says that Run leaks its secret, and that the leak has to be found; by Trace in
	// the kernel In, if that is not empty.
	Planted bool
	In      string
}

// run is the frame below which instructions are observed.
//
//go:noinline
func (c *Case) run(secret []byte) []byte { return c.Run(secret) }

// A test is observed in a process of its own, the subject: the same program, told to
// run this one test. There Memcheck and Trace do the computation instead of watching.

const subjectEnv = "MTCORE_CT_SUBJECT"

// Subject reports whether this process is being observed.
func Subject() bool { return os.Getenv(subjectEnv) != "" }

// subject returns the command that runs the test t as the subject, inside the wrapper if
// one is given.
func subject(t *testing.T, wrapper ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var pattern []string
	for name := range strings.SplitSeq(t.Name(), "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(name)+"$")
	}
	args := append(wrapper, exe, "-test.run", strings.Join(pattern, "/"), "-test.timeout", "5m")
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	// One thread runs Go code, and the runtime does not interrupt it.
	cmd.Env = append(os.Environ(), subjectEnv+"=1", "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1,"+os.Getenv("GODEBUG"))
	return cmd
}
