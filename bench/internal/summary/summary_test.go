package summary

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mtcore/mtcore/internal/results"
)

// full returns a whole report, from before there were spreads.
func full(t *testing.T) *results.Report {
	t.Helper()
	r, err := results.Read("../../../internal/results/testdata/old-full.json")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestString(t *testing.T) {
	for _, tt := range []struct {
		g    Gain
		want string
	}{
		{Gain{Value: 2.31, Low: 2.2, High: 2.4}, "2.3 ± 0.1"},
		{Gain{Value: 2.314, Low: 2.31, High: 2.33}, "2.31 ± 0.01"},
		{Gain{Value: 12.34, Low: 12.3, High: 12.5}, "12.3 ± 0.1"},
		{Gain{Value: 199.7, Low: 190, High: 210}, "200 ± 10"},
		{Gain{Value: 2.314}, "2.31"},
	} {
		if got := tt.g.String(); got != tt.want {
			t.Errorf("%+v is %q, want %q", tt.g, got, tt.want)
		}
	}
}

func TestPrint(t *testing.T) {
	r := full(t)
	r.Disturbed = true
	for range 3 {
		var b bytes.Buffer
		Print(&b, r)
		text := strings.TrimSuffix(b.String(), "\n")
		if n := strings.Count(text, "\n") + 1; n > lines {
			t.Errorf("%d lines, want at most %d:\n%s", n, lines, text)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if n := utf8.RuneCountInString(line); n > width {
				t.Errorf("%d columns, want at most %d: %s", n, width, line)
			}
		}
		for _, want := range []string{"open a message of 16 KiB               2.29  times gotd/td", "5.88  times OpenSSL", "44 targets", "34 are met", "do not trust"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in:\n%s", want, text)
			}
		}
		r.Machine.Name += " with a name that is much longer than anybody would think"
	}
	var b bytes.Buffer
	Print(&b, &results.Report{})
	if b.Len() > 0 {
		t.Errorf("printed %q of nothing", &b)
	}
}

// TestPrintAll: what a client gains comes first, and then what there is room for.
func TestPrintAll(t *testing.T) {
	r := full(t)
	for _, x := range shown {
		if x.ours != results.ClientPatched {
			continue
		}
		row := results.Result{Suite: x.id.Suite, Op: x.id.Op, Count: x.id.Count, Size: x.id.Size, Who: "gotd/td"}
		row.Way, row.Ns = x.ours, 100
		r.Results = append(r.Results, row)
		row.Way, row.Ns = x.theirs, 250
		r.Results = append(r.Results, row)
	}
	var b bytes.Buffer
	Print(&b, r)
	got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(got) > lines || !strings.Contains(got[1], "exchange of a key                      2.50  times gotd/td") {
		t.Errorf("%d lines:\n%s", len(got), &b)
	}
}

// TestWanted: everything in the summary is in a whole report, or newer than the old one.
func TestWanted(t *testing.T) {
	r := full(t)
	got := map[string]bool{}
	for _, g := range Gains(r) {
		got[g.What] = true
	}
	for _, x := range shown {
		isNew := x.theirs == results.TDOneByOne || x.theirs == results.GotdOneByOne || x.theirs == results.GotdClient
		if got[x.what] == isNew {
			t.Errorf("%s: summed up: %v", x.what, got[x.what])
		}
	}
}

func TestHeadline(t *testing.T) {
	const want = "Open a message of 16 KiB: 2.29 times gotd/td; seal a message of 16 KiB: 1.45 times gotd/td; " +
		"Diffie–Hellman, 2048 bits: 5.88 times OpenSSL."
	if got := Headline(full(t)); got != want {
		t.Errorf("headline %q, want %q", got, want)
	}
	if got := Headline(&results.Report{}); got != "" {
		t.Errorf("headline of nothing: %q", got)
	}
}

// TestGainOf: a gain is how many times as fast as the other, not how much of its time is taken.
func TestGainOf(t *testing.T) {
	r := &results.Report{Results: []results.Result{
		{Suite: "s", Op: "op", Count: 1, Way: "mtcore.x", Kind: results.Ours, Ns: 1, Ratios: []results.Ratio{
			{ID: "of-them", Of: "them.x", Who: "them", Multiple: true, Value: 0.25},
			{ID: "vs-others", Of: "others.x", Who: "others", Value: 3},
			{ID: results.VsPeer, Of: "them.x", Who: "them", Value: 4},
		}},
		{Suite: "s", Op: "op", Count: 1, Way: "late.x", Kind: results.Peer, Who: "late", Ns: 5},
	}}
	c := r.Case(results.CaseID{Suite: "s", Op: "op", Count: 1})
	for _, tt := range []struct {
		than results.Way
		who  string
		want float64
	}{{"them.x", "them", 4}, {"others.x", "others", 3}, {"", "them", 4}, {"late.x", "late", 5}} {
		if g, ok := gainOf(c, "mtcore.x", tt.than); !ok || g.Value != tt.want || g.Than != tt.who {
			t.Errorf("than %q: %v times %s, %v; want %v times %s", tt.than, g.Value, g.Than, ok, tt.want, tt.who)
		}
	}
	if g, ok := gainOf(c, "mtcore.x", "nobody.x"); ok {
		t.Errorf("than nobody: %v times", g.Value)
	}
}
