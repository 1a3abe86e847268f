package client

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
)

// Compiling the programs takes minutes, so CI has a separate stage for them, with
//
//	go run . -check -suite client

// TestMain is also a program with two sides, in which each operation takes 1 ms and 7 allocations of
// the client, and 2 ms of the server.
func TestMain(m *testing.M) {
	if os.Getenv("CLIENT_TEST_SIDE") == "" {
		os.Exit(m.Run())
	}
	state := os.TempDir() // chosen by the test
	served := func() (n int) {
		text, _ := os.ReadFile(state + "/served")
		fmt.Sscan(string(text), &n)
		return n
	}
	if os.Args[1] == "server" {
		fmt.Println("127.0.0.1:1 key")
	} else {
		fmt.Println("connected", strings.Join(os.Args[2:], " "))
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var name string
		var size, n int
		switch fmt.Sscan(lines.Text(), &name, &size, &n); {
		case os.Args[1] == "server":
			fmt.Println(2_000_000 * served())
		case name == "decrypt":
			fmt.Println("error planted")
		case name == "nonsense":
			fmt.Println("what")
		default:
			os.WriteFile(state+"/served", fmt.Append(nil, served()+n), 0o666)
			fmt.Println(1_000_000*n, 7*n)
		}
	}
}

func launchTest(t *testing.T) *program {
	t.Helper()
	t.Setenv("CLIENT_TEST_SIDE", "any")
	t.Setenv("TMPDIR", t.TempDir())
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := launch(binary)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestUsed: a row counts the client, or the client and the server.
func TestUsed(t *testing.T) {
	p := launchTest(t)
	upload := operation{name: "upload", size: 16}
	if got, err := p.client(upload, 3); err != nil || got != (used{3_000_000, 21}) {
		t.Errorf("the client used %+v, %v", got, err)
	}
	if got, err := p.both(upload, 4); err != nil || got != (used{12_000_000, 28}) {
		t.Errorf("both used %+v, %v", got, err)
	}
	if _, err := p.client(operation{name: "decrypt"}, 1); err == nil || err.Error() != "client: planted" {
		t.Errorf("error %v, want the program's", err)
	}
	if _, err := p.client(operation{name: "nonsense"}, 1); err == nil || !strings.Contains(err.Error(), `answer "what"`) {
		t.Errorf("error %v, want one about the answer", err)
	}
}

// TestWrongEndsCheck: a fault that the program itself finds ends the check.
func TestWrongEndsCheck(t *testing.T) {
	p := launchTest(t)
	all := programs{p, p, p}
	if err := all.check(func(string) {}); err == nil || !strings.Contains(err.Error(), "planted") {
		t.Errorf("error %v, want the program's", err)
	}
}

// TestRows: each variant is compared with gotd/td as it comes, client with client.
func TestRows(t *testing.T) {
	for i, c := range New(suite.Options{}).Cases {
		than := map[suite.Row]suite.Row{}
		for _, con := range c.Contenders {
			if rows := con.Versus[vsStock]; len(rows) == 1 {
				than[con.Row()] = rows[0]
			}
		}
		for row, want := range map[results.Way]results.Way{
			results.ClientDropIn: results.GotdClient, results.ClientPatched: results.GotdClient,
			results.BothDropIn: results.GotdBoth, results.BothPatched: results.GotdBoth,
		} {
			got, ok := than[suite.Row(row)]
			if ok && got != suite.Row(want) || ok != (want == results.GotdClient || operations[i].server) {
				t.Errorf("%s: %s is compared with %q, want %s", c.Name, row, got, want)
			}
		}
		for _, row := range []results.Way{results.GotdClient, results.GotdBoth} {
			if got, ok := than[suite.Row(row)]; ok {
				t.Errorf("%s: %s is compared with %q", c.Name, row, got)
			}
		}
	}
}

func TestVerify(t *testing.T) {
	module := func(path string, replaced bool) *debug.Module {
		m := &debug.Module{Path: path}
		if replaced {
			m.Replace = &debug.Module{Path: "elsewhere"}
		}
		return m
	}
	programs := map[string][]*debug.Module{
		"":      {module(tdPath, false), module(igePath, false)},
		igePath: {module(tdPath, false), module(igePath, true), module(corePath, true)},
		tdPath:  {module(tdPath, true), module(corePath, true)},
	}
	for made, deps := range programs {
		for want := range programs {
			if err := verify(&debug.BuildInfo{Deps: deps}, want); (err == nil) != (made == want) {
				t.Errorf("made with %q replaced, wanted %q: %v", made, want, err)
			}
		}
	}
	for name, deps := range map[string][]*debug.Module{
		"without gotd/td":         {module(igePath, true), module(corePath, true)},
		"patched without mtcore":  {module(tdPath, true)},
		"with mtcore for nothing": {module(tdPath, false), module(igePath, false), module(corePath, true)},
	} {
		for want := range programs {
			if err := verify(&debug.BuildInfo{Deps: deps}, want); err == nil {
				t.Errorf("%s, wanted %q: no error", name, want)
			}
		}
	}
}
