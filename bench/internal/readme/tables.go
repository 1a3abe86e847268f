package readme

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mtcore/mtcore/bench/internal/report"
)

// Tables returns what a reader of the project's front page wants to know of a report.
func Tables(r *report.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s/%s, %s, %s, commit %.7s. One core; medians.",
		r.Machine.Name, r.Machine.OS, r.Machine.Arch, r.Build.Go, r.Time.Format("2 January 2006"), r.Build.Commit)
	if r.Disturbed {
		b.WriteString(" **Something else used the CPU meanwhile.**")
	}
	b.WriteString("\n")
	for _, part := range []func(*report.Report) string{stream, batch, messages, powers, chats, targets} {
		if text := part(r); text != "" {
			b.WriteString("\n" + text)
		}
	}
	return b.String()
}

// shownSizes are those of a short answer, a message, a picture's part and a file's: enough
// to see a curve.
var shownSizes = []int{64, 1 << 10, 16 << 10, 1 << 20}

// stream is IGE, one message after the other.
func stream(r *report.Report) string {
	t := table{head: []string{"AES-256-IGE, key included", "mtcore", "gotd/ige", "like gogram", "vs gotd", "× limit"}}
	for _, c := range r.Cases("ige") {
		if !slices.Contains(shownSizes, c.Size) {
			continue
		}
		ours := c.Best("one-shot, key expanded")
		t.add(c.Name, rate(ours), rate(c.Of("gotd/ige", "gotd API, aes.NewCipher")),
			rate(c.Of("like gogram", "aes.NewCipher, xors of bytes")), ratio(ours, "vs gotd"), ratio(ours, "× limit"))
	}
	return t.with("", "\nMB/s of 10⁶ bytes. × limit: time as a multiple of 14 dependent AES rounds a block, measured in the same run, which no\n"+
		"implementation of one stream can beat; short messages overlap with the next one.\n")
}

// batch is IGE for many messages, encrypted with the best backend.
func batch(r *report.Report) string {
	sizes := sizesOf(r, "batch", "encrypt batch")
	t := table{head: []string{"Batches, encrypt"}}
	for _, size := range sizes {
		t.head = append(t.head, report.Size(size))
	}
	for _, count := range []int{2, 4, 8, 16, 64} {
		row := []string{fmt.Sprintf("%d messages", count)}
		for _, size := range sizes {
			cell := ""
			if c := find(r, "batch", "encrypt batch", count, size); c != nil {
				ours := c.Best("batch")
				cell = rate(ours) + " (" + ratio(ours, "vs one") + "×)"
			}
			row = append(row, cell)
		}
		t.add(row...)
	}
	return t.with("", "\nMB/s, and how many times faster than the same messages one at a time. Each has its own key.\n")
}

// messages is whole messages of MTProto.
func messages(r *report.Report) string {
	t := table{head: []string{"MTProto 2.0", "mtcore", "gotd/td", "vs peer", "× IGE alone"}}
	for _, x := range []struct{ op, ours, theirs string }{
		{"seal", "Key.Seal", "Cipher.Encrypt"},
		{"open", "Key.Open", "Cipher.DecryptFromBuffer"},
	} {
		for _, c := range r.Cases("envelope") {
			if c.Op != x.op || !slices.Contains(shownSizes, c.Size) {
				continue
			}
			ours := c.Best(x.ours)
			t.add(c.Name, micros(ours), micros(c.Of("gotd/td", x.theirs)), ratio(ours, "vs peer"), ratio(ours, "× IGE"))
		}
	}
	text := t.with("", "\nvs peer: how many times faster than the faster of gotd/td and code like gogram's. × IGE alone: time as a multiple of that\n"+
		"of AES-256-IGE for as many bytes. What sealing a short message takes is mostly random padding, of which code like gogram's\n"+
		"draws the least there can be.\n")
	t = table{head: []string{"Batches of messages", "one at a time", "batch", "times faster"}}
	for _, op := range []string{"seal batch", "open batch"} {
		if c := find(r, "envelope", op, 16, 1<<10); c != nil {
			t.add(c.Name, micros(c.Best("one at a time")), micros(c.Best("batch")), ratio(c.Best("batch"), "vs one"))
		}
	}
	return text + t.with("\n", "")
}

// powers is Diffie–Hellman.
func powers(r *report.Report) string {
	t := table{head: []string{"2048 bits", "", "time", "vs peer"}}
	for _, c := range r.Cases("bigdh") {
		for _, x := range c.Results {
			shown := x.How != "PrivateKey.DH" && c.Count == 1
			if c.Op == "exp generator" {
				shown = x.How == "NewPrivateKey"
			}
			if shown {
				t.add(c.Name+", "+x.Who, x.How, report.Duration(x.Ns), ratio(x, "vs peer"))
			}
		}
	}
	return t.with("", "\nvs peer: than the fastest peer that is constant-time as well, or checks as much.\n")
}

// chats is what secret chats cost.
func chats(r *report.Report) string {
	t := table{head: []string{"Secret chats", "time", "for comparison"}}
	for _, c := range slices.Concat(r.Cases("secretchat"), r.Cases("handshake")) {
		x := c.Results[0] // ours, with the best backends
		note := ""
		for _, ratio := range x.Ratios {
			if ratio.Multiple {
				note = fmt.Sprintf("%.2f %s", ratio.Value, ratio.Title)
			}
		}
		t.add(c.Name, report.Duration(x.Ns), note)
	}
	return t.with("", "\nA message from one side to the other, with a new key after every 100; a file of 8 MiB; both sides of a handshake.\n")
}

// targets are all that the project set itself.
func targets(r *report.Report) string {
	met, measured := 0, 0
	t := table{head: []string{"Target missed", "got"}}
	for _, x := range r.Targets {
		if !x.Measured {
			continue
		}
		measured++
		if x.Met {
			met++
			continue
		}
		value := strconv.FormatFloat(x.Value, 'g', 4, 64)
		if x.Limit != 0 {
			value += fmt.Sprintf(" (possible: %.4g)", x.Limit)
		}
		t.add(x.What, value)
	}
	if measured == 0 {
		return ""
	}
	text := fmt.Sprintf("Of the %d targets that the project set itself and that this run measured, %d are met.", measured, met)
	if missed := t.with("\n\n", ""); missed != "" {
		return text + " The others:" + missed
	}
	return text + "\n"
}

// A table is one of Markdown: the first column is text, the others are numbers.
type table struct {
	head []string
	rows [][]string
}

// add adds a row, unless it says nothing.
func (t *table) add(cells ...string) {
	if slices.ContainsFunc(cells[1:], func(cell string) bool { return cell != "" }) {
		t.rows = append(t.rows, cells)
	}
}

// with returns the table between two texts, or nothing if it has no rows.
func (t *table) with(before, after string) string {
	if len(t.rows) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(before)
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(t.head)
	b.WriteString("|---" + strings.Repeat("|---:", len(t.head)-1) + "|\n")
	for _, row := range t.rows {
		line(row)
	}
	b.WriteString(after)
	return b.String()
}

func find(r *report.Report, suite, op string, count, size int) *report.Case {
	for _, c := range r.Cases(suite) {
		if c.Op == op && c.Count == count && c.Size == size {
			return &c
		}
	}
	return nil
}

func sizesOf(r *report.Report, suite, op string) []int {
	var sizes []int
	for _, c := range r.Cases(suite) {
		if c.Op == op && c.Size > 0 && !slices.Contains(sizes, c.Size) {
			sizes = append(sizes, c.Size)
		}
	}
	return sizes
}

// What follows is empty for a result that is not there.

func rate(x *report.Result) string {
	if x == nil || x.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", x.MBPerSecond())
}

func micros(x *report.Result) string {
	if x == nil {
		return ""
	}
	return report.Duration(x.Ns)
}

func ratio(x *report.Result, title string) string {
	if x == nil {
		return ""
	}
	value, ok := x.Ratio(title)
	switch {
	case !ok:
		return ""
	case value >= 1e5:
		return "> 100000"
	case value >= 1000:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	default:
		return fmt.Sprintf("%.2f", value)
	}
}
