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
	// Secrets are values of the secret, equally long. Memcheck uses the first only.
	Secrets [][]byte
	// Run does the computation and returns its results. It is called once before
	// anything is observed, and may prepare then what does not depend on the secret.
	Run func(secret []byte) []byte
	// Public names functions that branch on what the secret has become, because
	// that is public: whether a value is refused, for example. They are given as
	// in bigdh.(*Group).Exp. A function that does not do so is an error.
	Public []string
	// Planted says that Run leaks its secret, which has to be found.
	Planted bool
}

// run is the frame from which on instructions are observed.
//
//go:noinline
func (c *Case) run(secret []byte) []byte { return c.Run(secret) }

// A test is observed in a process of its own, the subject: the same program, told to
// run this one test. There Memcheck and Trace do the computation instead of watching.

const subjectEnv = "MTCORE_CT_SUBJECT"

// Subject reports whether this process is being observed.
func Subject() bool { return os.Getenv(subjectEnv) != "" }

// subject returns the command that runs the test t as the subject, by means of a wrapper
// if there is one.
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
	// One thread runs Go code, and the runtime lets it.
	cmd.Env = append(os.Environ(), subjectEnv+"=1", "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1,"+os.Getenv("GODEBUG"))
	return cmd
}
