package readme

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mtcore/mtcore/internal/results"
)

// Tables returns the tables of a report for the project's pages, or an error with the ids of the rows that
// it lacks. If which is "client", that is the table of the suite of this name; if it is empty, all others.
func Tables(r *results.Report, which string) (string, error) {
	l := &results.Lookup{Report: r}
	var b strings.Builder
	line := fmt.Sprintf("%s, %s/%s, %s, %s, commit %.7s.",
		r.Machine.Name, r.Machine.OS, r.Machine.Arch, r.Build.Go, r.Time.Format("2 January 2006"), r.Build.Commit)
	switch which {
	case "client":
		b.WriteString(client(l) + line + "\n")
	case "":
		b.WriteString(line + " One core; medians.\n")
		for _, part := range []func(*results.Lookup) string{stream, batch, messages, powers, chats, targets} {
			if text := part(l); text != "" {
				b.WriteString("\n" + text)
			}
		}
	default:
		return "", fmt.Errorf("no tables %q", which)
	}
	return b.String(), l.Err()
}

// client is what a client made with gotd/td gains. What users wait for comes first.
func client(l *results.Lookup) string {
	t := table{head: []string{"CPU time of a client made with gotd/td", "as it comes", "drop-in", "times less", "mtpatch", "times less"}}
	one := [3]results.Way{results.GotdClient, results.ClientDropIn, results.ClientPatched}
	both := [3]results.Way{results.GotdBoth, results.BothDropIn, results.BothPatched}
	for _, x := range []struct {
		op   string
		size int
		ways [3]results.Way
		note string
	}{
		{"exchange", 0, one, ""},
		{"password", 0, one, ""},
		{"upload", 512 << 10, one, ""},
		{"upload", 512 << 10, both, ", both ends"},
		{"download", 512 << 10, one, ""},
		{"call", 0, one, ""},
		{"encrypt", 64, one, ""},
		{"decrypt", 512 << 10, one, ""},
	} {
		id := results.CaseID{Suite: "client", Op: x.op, Count: 1, Size: x.size}
		stock, dropIn, patched := l.Want(id, x.ways[0]), l.Want(id, x.ways[1]), l.Want(id, x.ways[2])
		t.add(name(stock)+x.note, duration(stock), duration(dropIn), ratio(l, dropIn, results.VsGotd), duration(patched), ratio(l, patched, results.VsGotd))
	}
	return t.with("", "\nMedians of alternating runs against gotd/td's test server, on the loopback device. A tenth of a small call is\n"+
		"cryptography: expect nothing there.\n")
}

// shownSizes are the sizes of a short answer, a message, a part of a picture and one of a file: enough
// to see a curve.
var shownSizes = []int{64, 1 << 10, 16 << 10, 1 << 20}

// stream is IGE, one message after the other.
func stream(l *results.Lookup) string {
	t := table{head: []string{"AES-256-IGE, key included", "ige.Message", "vs gotd", "drop-in", "vs gotd", "gotd/ige", "like gogram", "× limit"}}
	for _, op := range []string{"encrypt", "decrypt"} {
		for _, size := range shownSizes {
			id := results.CaseID{Suite: "ige", Op: op, Count: 1, Size: size}
			ours, dropIn := l.Want(id, results.OneShot), l.Want(id, results.DropInNew)
			ofLimit := ""
			if l.Has(results.Limit) {
				ofLimit = ratio(l, ours, results.OfLimit)
			}
			t.add(name(ours), rate(ours), ratio(l, ours, results.VsGotd), rate(dropIn), ratio(l, dropIn, results.VsGotd),
				rate(l.Want(id, results.GotdIGE)), rate(l.Want(id, results.GogramIGE)), ofLimit)
		}
	}
	return t.with("", "\nMB/s of 10⁶ bytes. ige.Message is mtcore's own API. The drop-in has gotd/ige's, EncryptBlocks and DecryptBlocks, and gets a\n"+
		"block from aes.NewCipher for each message, as gotd/ige does here: crypto/aes expands the key, which is most of the work\n"+
		"for a short message. × limit: ige.Message's time as a multiple of 14 dependent AES rounds per block, measured in the\n"+
		"same run, which no implementation of one stream can beat; short messages overlap with the next one.\n")
}

// batch is IGE for many messages, encrypted with the best backend. The generic one is too slow to be
// measured with more than a few.
func batch(l *results.Lookup) string {
	if !l.Machine.Accelerated("ige") {
		return ""
	}
	t := table{head: []string{"Batches, encrypt"}}
	sizes := []int{64, 256, 1 << 10, 4 << 10, 16 << 10}
	for _, size := range sizes {
		t.head = append(t.head, results.Size(size))
	}
	for _, count := range []int{2, 4, 8, 16, 64} {
		row := []string{fmt.Sprintf("%d messages", count)}
		for _, size := range sizes {
			ours := l.Want(results.CaseID{Suite: "batch", Op: "encrypt batch", Count: count, Size: size}, results.Batch)
			row = append(row, rate(ours)+" ("+ratio(l, ours, results.VsOne)+"×)")
		}
		t.add(row...)
	}
	return t.with("", "\nMB/s, and how many times faster than the same messages one at a time. Each has its own key.\n")
}

// messages is whole messages of MTProto.
func messages(l *results.Lookup) string {
	t := table{head: []string{"MTProto 2.0", "mtcore", "gotd/td", "vs peer", "× IGE alone"}}
	for _, x := range []struct {
		op           string
		ours, theirs results.Way
	}{
		{"seal", results.Seal, results.GotdSeal},
		{"open", results.Open, results.GotdOpen},
	} {
		for _, size := range shownSizes {
			id := results.CaseID{Suite: "envelope", Op: x.op, Count: 1, Size: size}
			ours := l.Want(id, x.ours)
			t.add(name(ours), duration(ours), duration(l.Want(id, x.theirs)), ratio(l, ours, results.VsPeer), ratio(l, ours, results.OfIGE))
		}
	}
	text := t.with("", "\nvs peer: how many times faster than the faster of gotd/td and code like gogram's. × IGE alone: time as a multiple of\n"+
		"AES-256-IGE for as many bytes. Most of the time for sealing a short message goes into random padding, of which code\n"+
		"like gogram's draws as little as possible.\n")
	t = table{head: []string{"Batches of messages", "one at a time", "batch", "times faster"}}
	for _, op := range []string{"seal batch", "open batch"} {
		id := results.CaseID{Suite: "envelope", Op: op, Count: 16, Size: 1 << 10}
		ours := l.Want(id, results.Batch)
		t.add(name(ours), duration(l.Want(id, results.OneByOne)), duration(ours), ratio(l, ours, results.VsOne))
	}
	return text + t.with("\n", "")
}

// powers is Diffie–Hellman: all rows of the checks and of powers of arbitrary numbers; of powers of
// the generator, only those by tables.
func powers(l *results.Lookup) string {
	t := table{head: []string{"2048 bits", "", "time", "vs peer"}}
	for _, x := range []struct {
		op   string
		ways []results.Way // mtcore's ways that are shown
		more bool          // whether everybody else's are shown too
	}{
		{"exp", []results.Way{results.Exp}, true},
		{"exp generator", []results.Way{results.NewKey}, false},
		{"check prime", []results.Way{results.KnownGroup, results.SeenGroup, results.NewGroup}, true},
	} {
		id := results.CaseID{Suite: "bigdh", Op: x.op, Count: 1}
		for _, way := range x.ways {
			l.Want(id, way)
		}
		c := l.Case(id)
		if c == nil {
			continue
		}
		for _, row := range c.Results {
			vsPeer := ""
			switch {
			case slices.Contains(x.ways, row.Way):
				vsPeer = ratio(l, row, results.VsPeer)
			case row.Kind == results.Ours || !x.more:
				continue
			}
			t.add(row.Case+", "+row.Who, row.How, duration(row), vsPeer)
		}
	}
	return t.with("", "\nvs peer: how many times faster than the fastest peer that is constant-time too, or checks as much.\n")
}

// chats is the cost of secret chats.
func chats(l *results.Lookup) string {
	t := table{head: []string{"Secret chats", "time", "for comparison"}}
	for _, x := range []struct {
		id  results.CaseID
		way results.Way
		of  results.Column
	}{
		{results.CaseID{Suite: "secretchat", Op: "message", Count: 1, Size: 256}, results.ChatMessage, results.OfEnvelope},
		{results.CaseID{Suite: "secretchat", Op: "message", Count: 1, Size: 4 << 10}, results.ChatMessage, results.OfEnvelope},
		{results.CaseID{Suite: "secretchat", Op: "file encrypt", Count: 1, Size: 8 << 20}, results.FileEncrypt, results.OfIGE},
		{results.CaseID{Suite: "secretchat", Op: "file decrypt", Count: 1, Size: 8 << 20}, results.FileDecrypt, results.OfIGE},
		{results.CaseID{Suite: "handshake", Op: "handshake", Count: 1}, results.Handshake, results.OfPowers},
	} {
		ours, note := l.Want(x.id, x.way), ""
		if q := l.Ratio(ours, x.of); q != nil {
			note = fmt.Sprintf("%.2f %s", q.Value, q.Title)
		}
		t.add(name(ours), duration(ours), note)
	}
	return t.with("", "\nA message from one side to the other, with a new key after every 100; a file of 8 MiB; both sides of a handshake.\n")
}

// targets is the number of targets met, and a table of those that were missed.
func targets(l *results.Lookup) string {
	met, measured := 0, 0
	t := table{head: []string{"Target missed", "got"}}
	for _, x := range l.Targets {
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
	text := fmt.Sprintf("This run measured %d of the targets that the project set itself; %d are met.", measured, met)
	if missed := t.with("\n\n", ""); missed != "" {
		return text + " The others:" + missed
	}
	return text + "\n"
}

// A table is a Markdown table: the first column is text, the others are numbers.
type table struct {
	head []string
	rows [][]string
}

// add adds a row, unless it is empty.
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

// These are empty for a row that is missing: the Lookup reports that as an error.

func name(x *results.Result) string {
	if x == nil {
		return ""
	}
	return x.Case
}

func rate(x *results.Result) string {
	if x == nil {
		return ""
	}
	return fmt.Sprintf("%.0f", x.MBPerSecond())
}

func duration(x *results.Result) string {
	if x == nil {
		return ""
	}
	return results.Duration(x.Ns)
}

func ratio(l *results.Lookup, x *results.Result, id results.Column) string {
	q := l.Ratio(x, id)
	switch {
	case q == nil:
		return ""
	case q.Value >= 1e5:
		return "> 100000"
	case q.Value >= 1000:
		return fmt.Sprintf("%.0f", q.Value)
	case q.Value >= 10:
		return fmt.Sprintf("%.1f", q.Value)
	default:
		return fmt.Sprintf("%.2f", q.Value)
	}
}
