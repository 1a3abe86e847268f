package page

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/results"
)

// sample returns a report with something for every chart, at a given speed.
func sample(name string, speed float64) *results.Report {
	r := &results.Report{
		Schema:  results.Schema,
		Machine: results.Machine{Name: name, CPU: "Some <CPU>", OS: "linux", Arch: "arm64", Backends: map[string][]string{"ige": {"generic", "Armv8"}}},
		Targets: []results.Target{{What: "fast ≥ 2", Column: "vs peer", Bound: 2, Measured: true, Value: 1.5}},
	}
	add := func(id results.CaseID, kind results.Kind, way results.Way, backend, who string, ns float64) {
		r.Results = append(r.Results, results.Result{
			Suite: id.Suite, Case: id.String(), Op: id.Op, Count: id.Count, Size: id.Size, Bytes: id.Count * id.Size,
			Kind: kind, Way: way, Backend: backend, Who: who, How: "how", Ns: ns / speed, Low: 0.9 * ns / speed, High: 1.2 * ns / speed,
		})
	}
	for _, s := range subjects {
		for _, c := range s.charts {
			switch c := c.(type) {
			case curve:
				for _, size := range usualSizes {
					for i, o := range c.contenders {
						add(results.CaseID{Suite: c.suite, Op: c.op, Count: 1, Size: size}, o.kind, o.way, "", o.name, float64(size*(i+1)))
					}
				}
			case family:
				for _, count := range []int{1, 4, 16, 64} {
					for _, size := range c.sizes {
						id := results.CaseID{Suite: c.suite, Op: c.op, Count: count, Size: size}
						add(id, results.Ours, c.way, "fast", "mtcore fast", float64(size))
						add(id, results.Peer, c.than, "", "gotd/x", 10*float64(size))
					}
				}
			case times:
				add(c.id, results.Ours, c.ours, "fast", "mtcore fast", 100)
				add(c.id, results.Ours, c.ours, "slow", "mtcore slow", 700)
				add(c.id, results.Peer, "peer.anyhow", "", "peer", 300)
				add(c.id, results.Peer, "worse.anyhow", "", "worse peer", 3e9)
			}
		}
	}
	for _, s := range subjects { // last, since a whole run does not have them
		for _, c := range s.charts {
			if c, ok := c.(choices); ok {
				for i, o := range c.contenders {
					add(c.id, o.kind, o.way, "", o.name, float64(100*(i+1)))
				}
			}
		}
	}
	return r
}

func write(t *testing.T, reports ...*results.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, reports); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// svgElement matches a plot: the samples of legends are not groups.
var svgElement = regexp.MustCompile(`(?s)<svg [^>]*role="group".*?</svg>`)

func TestWrite(t *testing.T) {
	charts := 0
	for _, s := range subjects {
		charts += len(s.charts)
	}
	for _, reports := range [][]*results.Report{
		{sample("server", 1)},
		{sample("server", 1), sample("phone & co", 0.1)},
	} {
		page := write(t, reports...)
		svgs := svgElement.FindAllString(page, -1)
		if got, want := len(svgs), charts; got != want {
			t.Errorf("%d reports: %d drawings, want %d", len(reports), got, want)
		}
		for _, svg := range svgs {
			d := xml.NewDecoder(strings.NewReader(svg))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%v in %s", err, svg)
				}
			}
			// A color that is not a variable would not follow the reader's scheme.
			if got := regexp.MustCompile(`(?i)#[0-9a-f]{6}`).FindString(svg); got != "" {
				t.Errorf("color %s in %s", got, svg)
			}
			if got, want := strings.Count(svg, "textLength="), strings.Count(svg, "<text "); got != want || want == 0 {
				t.Errorf("%d of %d texts have a length", got, want)
			}
		}
		// Nothing is fetched from anywhere. The only link goes to the repository.
		rest := strings.ReplaceAll(page, `href="`+Repository, "")
		if got := regexp.MustCompile(`(?i)<script|src=|href="http|url\(|@import`).FindString(rest); got != "" {
			t.Errorf("the page has %q", got)
		}
		for _, r := range reports {
			if want := strings.ReplaceAll(r.Machine.Name, "&", "&amp;"); !strings.Contains(page, want) {
				t.Errorf("no %q in the page", want)
			}
		}
		if strings.Contains(page, "<CPU>") || strings.Contains(page, "ZgotmplZ") {
			t.Error("the page is not escaped as it should be")
		}
	}
}

// TestWords: the page says what it is about before anything else, and which values can be
// shown.
func TestWords(t *testing.T) {
	r := sample("server", 1)
	r.Disturbed, r.Why = true, []string{"a neighbour"}
	r.Build.Commit = "0123456789abcdef"
	page := write(t, r)
	last := 0
	for _, want := range []string{
		"Do not trust these numbers: something else used the machine; a neighbour.",
		`<p class="headline">Exchange of a key: 3.00 times as it comes; `, "; open a message of 16 KiB: 2.00 times gotd/td; ",
		"<b>server</b>", `commit <a href="` + Repository + `/commit/0123456789abcdef">0123456</a>`, `<a href="` + Repository + `">`,
		`<nav aria-label="contents">`, `<a href="#s0">A client made with gotd/td</a>`, `<a href="#s1">AES-256-IGE</a>`,
		`<h2 id="s0">A client made with gotd/td</h2>`, ">time, shorter is better</text>", ">as it comes</text>", ">drop-in</text>", ">mtpatch</text>", `<h2 id="s1">AES-256-IGE</h2>`,
		">length of a message</text>", ">GB/s</text>",
		`aria-label="mtcore, ige/encrypt/1x64: 1 GB/s (half: 0.833 to 1.11)"`,
		">messages at once</text>", "gotd/x, 4 KiB</li>",
	} {
		at := strings.Index(page, want)
		if at < 0 {
			t.Errorf("no %q in the page", want)
		} else if at < last {
			t.Errorf("%q is too early", want)
		}
		last = max(last, at)
	}
	if got, want := strings.Count(page, `class="value" tabindex="0"`), strings.Count(page, `class="tip"`); got != want || got < 100 {
		t.Errorf("%d values can be asked for, of which %d tell something", got, want)
	}
}

// TestPart: what a report lacks is not drawn.
func TestPart(t *testing.T) {
	r := sample("server", 1)
	r.Partial = true
	r.Results = r.Results[:8] // two sizes of the first curve, and a limit
	page := write(t, r)
	if got, want := len(svgElement.FindAllString(page, -1)), 1; got != want {
		t.Errorf("%d drawings, want %d", got, want)
	}
	if strings.Contains(page, "Diffie") {
		t.Error("the page has a section without a drawing")
	}
}

// TestNoCurve: results that are too few for a drawing are in the table, which is open.
func TestNoCurve(t *testing.T) {
	r := sample("server", 1)
	r.Partial = true
	r.Results = r.Results[:1]
	page := write(t, r)
	if got := len(svgElement.FindAllString(page, -1)); got != 0 {
		t.Errorf("%d drawings, want none", got)
	}
	if want := "<details open>"; !strings.Contains(page, want) {
		t.Errorf("no %s in the page", want)
	}
}

func TestCount(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 1: "1", 2.3333333: "2.33", 251.66666: "252", 172319.4: "172319"} {
		if got := count(x); got != want {
			t.Errorf("%v is %q, want %q", x, got, want)
		}
	}
}

func TestNothing(t *testing.T) {
	for _, reports := range [][]*results.Report{nil, {{}}} {
		if err := Write(io.Discard, reports); err == nil {
			t.Errorf("%d reports without results: no error", len(reports))
		}
	}
}

// TestSeveralBars: for each machine there are mtcore's best and the best peer.
func TestSeveralBars(t *testing.T) {
	page := write(t, sample("server", 1), sample("phone", 0.1))
	for _, want := range []string{">100 ns<", ">300 ns<", ">1 µs<", ">3 µs<"} {
		if !strings.Contains(page, want) {
			t.Errorf("no bar with %s", want)
		}
	}
	for _, mustNot := range []string{">worse peer</text>", ">700 ns</text>", ">drop-in</text>"} {
		if strings.Contains(page, mustNot) {
			t.Errorf("a bar with %s", mustNot)
		}
	}
	if third := "server, like gogram"; strings.Contains(page, third) || !strings.Contains(page, "server, gotd/ige") {
		t.Errorf("of each machine a plot has two lines, and not %q", third)
	}
}

// TestOtherWays: bars are of one of mtcore's ways to do something.
func TestOtherWays(t *testing.T) {
	r := sample("server", 1)
	for _, s := range subjects {
		for _, c := range s.charts {
			if c, ok := c.(times); ok {
				for _, x := range r.Results {
					if x.Suite == c.id.Suite && x.Op == c.id.Op && x.Size == c.id.Size && x.Way == c.ours {
						x.Way, x.Ns = "another.way", 77
						r.Results = append(r.Results, x)
						break
					}
				}
			}
		}
	}
	if strings.Contains(write(t, r), ">77 ns</text>") {
		t.Error("a bar of another way")
	}
}

// TestParts: where parts of the work are told, they have bars, and elsewhere they have none.
func TestParts(t *testing.T) {
	r := sample("server", 1)
	shown := 0
	for _, s := range subjects {
		for _, c := range s.charts {
			if c, ok := c.(times); ok {
				r.Results = append(r.Results, results.Result{
					Suite: c.id.Suite, Case: c.id.String(), Op: c.id.Op, Count: 1, Size: c.id.Size,
					Kind: results.Part, Way: "part.of-it", Who: "a part", How: "a part", Ns: 77, Low: 77, High: 77,
				})
				if c.parts {
					shown++
				}
			}
		}
	}
	if got := strings.Count(write(t, r), ">77 ns</text>"); got != shown || shown == 0 {
		t.Errorf("%d bars of parts, want %d", got, shown)
	}
}

// TestRate: only what has a length has a rate.
func TestRate(t *testing.T) {
	for want, x := range map[string]results.Result{"": {Ns: 1000}, "64": {Bytes: 64, Ns: 1000}} {
		if got := rate(x); got != want {
			t.Errorf("%d bytes in 1 µs: %q, want %q", x.Bytes, got, want)
		}
	}
}

// TestRenamedIDs: a row that the page wants and that does not exist is an error with its id.
func TestRenamedIDs(t *testing.T) {
	ways := map[results.Way]bool{}
	for _, x := range sample("server", 1).Results {
		ways[x.Way] = true
	}
	wanted := 0
	for way := range ways {
		if strings.HasSuffix(string(way), ".anyhow") {
			continue // bars show all peers, whoever they are
		}
		wanted++
		r := sample("server", 1)
		for i := range r.Results {
			if x := &r.Results[i]; x.Way == way {
				x.Way += "-renamed"
			}
		}
		if err := Write(io.Discard, []*results.Report{r}); err == nil || !strings.Contains(err.Error(), "/"+string(way)) {
			t.Errorf("without %s: error %v, want one with the id", way, err)
		}
	}
	if wanted < 15 {
		t.Errorf("the page wants %d ways, which is too few", wanted)
	}
	// A whole run must have every case, a partial one need not.
	r := sample("server", 1)
	for i := range r.Results {
		if x := &r.Results[i]; x.Op == "check prime" {
			x.Op = "checked prime"
		}
	}
	const want = "bigdh/check-prime/1x0/mtcore.group-unknown"
	if err := Write(io.Discard, []*results.Report{r}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %s", err, want)
	}
	r.Partial = true
	if err := Write(io.Discard, []*results.Report{r}); err != nil {
		t.Errorf("part of a run: %v", err)
	}
}

// TestRenamedLabels: labels are shown, but nothing is found by them.
func TestRenamedLabels(t *testing.T) {
	r := sample("server", 1)
	want := len(svgElement.FindAllString(write(t, r), -1))
	for i := range r.Results {
		x := &r.Results[i]
		x.Case, x.Who, x.How = "☃"+x.Case, "☃"+x.Who, "☃"+x.How
	}
	if got := len(svgElement.FindAllString(write(t, r), -1)); got != want {
		t.Errorf("%d drawings, want %d", got, want)
	}
}

// TestOldPage: a page can be made of an old file.
func TestOldPage(t *testing.T) {
	r, err := results.Read("../../../internal/results/testdata/old-full.json")
	if err != nil {
		t.Fatal(err)
	}
	charts := 0
	for _, s := range subjects {
		for _, c := range s.charts {
			if _, onRequest := c.(choices); !onRequest {
				charts++
			}
		}
	}
	if got := len(svgElement.FindAllString(write(t, r), -1)); got != charts {
		t.Errorf("%d drawings, want %d", got, charts)
	}
}

func TestTicks(t *testing.T) {
	labels := func(least, most float64, sizes bool) string {
		var all []string
		for _, tick := range powersOfTwo(least, most, sizes) {
			if tick.Label != "" {
				all = append(all, tick.Label)
			}
		}
		return strings.Join(all, ",")
	}
	for _, tt := range []struct{ got, want string }{
		{labels(0, 6, false), "1,2,4,8,16,32,64"},
		{labels(6, 20, true), "64 B,1 KiB,16 KiB,256 KiB"},
		{labels(6, 10, true), "64 B,256 B,1 KiB"},
	} {
		if tt.got != tt.want {
			t.Errorf("ticks %s, want %s", tt.got, tt.want)
		}
	}
}
