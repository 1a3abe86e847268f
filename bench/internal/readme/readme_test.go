package readme

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/bench/internal/report"
)

func sample() *report.Report {
	ns := func(suite, name, op string, count, size int, kind report.Kind, who, how string, ns float64, ratios ...report.Ratio) report.Result {
		return report.Result{
			Suite: suite, Case: name, Op: op, Count: count, Size: size, Bytes: count * size,
			Kind: kind, Who: who, How: how, Ns: ns, Ratios: ratios,
		}
	}
	return &report.Report{
		Machine: report.Machine{Name: "a server", OS: "linux", Arch: "amd64"},
		Build:   report.Build{Go: "go1.26", Commit: "0123456789abcdef"},
		Time:    time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
		Results: []report.Result{
			ns("ige", "encrypt 16 KiB", "encrypt", 1, 16384, report.Ours, "mtcore X", "one-shot, key expanded", 14000,
				report.Ratio{Title: "vs gotd", Value: 1.571}, report.Ratio{Title: "× limit", Value: 1.004}),
			ns("ige", "encrypt 16 KiB", "encrypt", 1, 16384, report.Peer, "gotd/ige", "gotd API, aes.NewCipher", 22000),
			ns("batch", "encrypt 2 × 1 KiB", "encrypt batch", 2, 1024, report.Ours, "mtcore X", "batch", 1024,
				report.Ratio{Title: "vs one", Value: 1.9}),
			ns("envelope", "open 64 B", "open", 1, 64, report.Ours, "mtcore X", "Key.Open", 250,
				report.Ratio{Title: "vs peer", Value: 2.7}),
			ns("bigdh", "y^x", "exp", 1, 0, report.Ours, "mtcore X", "Group.Exp", 360e3,
				report.Ratio{Title: "vs peer", Value: 5.8}),
			ns("bigdh", "y^x", "exp", 1, 0, report.Peer, "math/big", "Int.Exp", 2.4e6),
		},
		Targets: []report.Target{
			{What: "reached", Measured: true, Met: true},
			{What: "too high", Measured: true, Value: 11.5, Limit: 11.75},
			{What: "unknown"},
		},
	}
}

func TestTables(t *testing.T) {
	got := Tables(sample())
	for _, want := range []string{
		"a server, linux/amd64, go1.26, 2 November 2026, commit 0123456. One core; medians.\n",
		"\n| encrypt 16 KiB | 1170 | 745 |  | 1.57 | 1.00 |\n",
		"\n| Batches, encrypt | 1 KiB |\n|---|---:|\n| 2 messages | 2000 (1.90×) |\n",
		"\n| open 64 B | 250 ns |  | 2.70 |  |\n",
		"\n| y^x, mtcore X | Group.Exp | 360 µs | 5.80 |\n| y^x, math/big | Int.Exp | 2.4 ms |  |\n",
		"Of the 2 targets that the project set itself and that this run measured, 1 are met. The others:\n\n" +
			"| Target missed | got |\n|---|---:|\n| too high | 11.5 (possible: 11.75) |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "Something else") {
		t.Errorf("says that it was disturbed:\n%s", got)
	}
	r := sample()
	r.Disturbed = true
	if got := Tables(r); !strings.Contains(got, "Something else") {
		t.Errorf("does not say that it was disturbed:\n%s", got)
	}
}

func TestUpdate(t *testing.T) {
	read := func(name string) (*report.Report, error) {
		if name != "x.json" {
			return nil, errors.New("no such file")
		}
		return sample(), nil
	}
	for _, build := range []report.Build{{}, {Commit: "0123456789abcdef", Modified: true}} {
		_, err := Update("<!-- bench: x.json -->\n<!-- end of bench -->", func(string) (*report.Report, error) {
			return &report.Report{Build: build}, nil
		})
		if err == nil || !strings.Contains(err.Error(), "not of a commit") {
			t.Errorf("results of %+v: error %v, want one", build, err)
		}
	}
	const before, after = "# Title\n\n<!-- bench: x.json -->\n", "<!-- end of bench -->\n\nMore.\n"
	first, err := Update(before+"old\n"+after, read)
	if err != nil {
		t.Fatal(err)
	}
	if want := before + "\n" + Tables(sample()) + "\n" + after; first != want {
		t.Errorf("updated to:\n%s\nwant:\n%s", first, want)
	}
	again, err := Update(first, read)
	if err != nil || again != first {
		t.Errorf("updated again: error %v, text:\n%s\nwant no change", err, again)
	}
	for _, tt := range []struct{ text, want string }{
		{"no marks", "no mark"},
		{"<!-- bench: x.json -->\n", "end of bench"},
		{"<!-- bench: y.json -->\n<!-- end of bench -->", "no such file"},
	} {
		if _, err := Update(tt.text, read); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %v, want one with %q", tt.text, err, tt.want)
		}
	}
}
