// Package batch measures AES-256-IGE for many messages at once.
package batch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	one "github.com/mtcore/mtcore/bench/internal/ige"
	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
)

var timesOne = suite.Column{ID: results.OfOne, Title: "× one", Multiple: true}

const legend = `Each message has its own key, whose expansion is included, and its own buffers, as make returns
them. batch is EncryptBatch or DecryptBatch; one at a time is Message.Encrypt or Decrypt in a loop
over the same messages. Everything runs on one core.
vs one: how many times faster the batch is than the same messages one at a time. × one: the inverse.
vs gotd: how many times faster than gotd/ige, which has no batches, as gotd/td calls it.
limit: how many times faster this CPU does the AES rounds alone if those of many streams fill its
AES units than if each waits for the one before, as in one stream: latency over throughput, measured
in the same rounds. The longest message, which is one stream itself, caps it.
× limit: time as a multiple of the AES rounds alone.`

// The rows of a grid are these numbers of messages.
var counts = []int{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64}

const (
	// Cells with a target are measured for longer, to be precise.
	cellTime   = 550 * time.Millisecond
	targetTime = 1200 * time.Millisecond
)

// New returns the suite.
func New(opt suite.Options) suite.Suite {
	settings := suite.SettingsOf("ige")
	measured := opt.Measured(settings)
	s := suite.Suite{
		Name:     "batch",
		Backends: suite.Names(settings),
		Check:    func(passed func(string)) error { return check(settings, ours, passed) },
		Columns:  []suite.Column{suite.VsOne, peers.VsGotd, suite.OfLimit},
		Legend:   legend,
		Targets:  targets(measured),
	}
	sizes := suite.Choice(opt.Sizes, 64, 256, 1<<10, 4<<10, 16<<10)
	for _, d := range suite.Choice(opt.Directions, suite.Encrypt, suite.Decrypt) {
		for _, size := range sizes {
			for _, count := range counts {
				// Decryption is much the same: it is shown in full only on request.
				shown := d == suite.Encrypt || opt.Directions != nil || hasTarget(count, size)
				if shown && (count == 1 || count*size <= suite.MaxBatch) {
					s.Cases = appendCell(s.Cases, d, count, size, measured)
				}
			}
		}
		if opt.Sizes == nil {
			s.Cases = append(s.Cases, mixedCase(d, measured))
			if d == suite.Encrypt {
				s.Cases = append(s.Cases, shortCases(measured)...)
			}
		}
		for _, in := range slices.Backward(measured) {
			s.Grids = append(s.Grids, newGrid(d, sizes, in))
		}
	}
	if len(measured) > 0 {
		s.Cycles = cycles(measured)
	}
	return s
}

// appendCell appends the case of count messages of one size, unless none of the settings is
// measured with it.
func appendCell(cases []suite.Case, d suite.Direction, count, size int, settings []suite.Setting) []suite.Case {
	if !measuresGeneric(count, size) {
		settings = suite.WithoutGeneric(settings)
	}
	if len(settings) == 0 {
		return cases
	}
	c := newCase(caseID(d, count, size), d, slices.Repeat([]int{size}, count), settings)
	c.Name = caseName(d, strconv.Itoa(count), results.Size(size))
	c.InGrid = true
	c.Time = cellTime
	if hasTarget(count, size) {
		c.Time = targetTime
	}
	return append(cases, c)
}

// measuresGeneric reports whether a cell measures the generic implementation, which is too
// slow for more than a few.
func measuresGeneric(count, size int) bool {
	return slices.Contains([]int{1, 2, 3, 4, 8}, count) && (size == 256 || size == 1<<10)
}

// mixedCase has messages of different lengths, distributed like those of MTProto.
func mixedCase(d suite.Direction, settings []suite.Setting) suite.Case {
	if fast := suite.WithoutGeneric(settings); len(fast) > 0 {
		settings = fast
	}
	c := newCase(caseID(d, mixedCount, 0), d, mixedLengths(), settings)
	c.Name = caseName(d, strconv.Itoa(mixedCount), results.Size(mixedMin)+" to "+results.Size(mixedMax))
	c.Time = targetTime
	return c
}

const (
	mixedCount = 64
	mixedMin   = 64
	mixedMax   = 16 << 10
)

// mixedLengths are log-uniform: as many from 64 to 128 bytes as from 8 to 16 KiB.
func mixedLengths() []int {
	random := rand.New(rand.NewChaCha8([32]byte{})) // the same in every run
	lengths := make([]int, mixedCount)
	for i := range lengths {
		n := int(mixedMin * math.Pow(mixedMax/mixedMin, random.Float64()))
		lengths[i] = n - n%ige.BlockSize
	}
	return lengths
}

const (
	raggedCount = 16
	raggedMin   = 5 * ige.BlockSize
	raggedStep  = ige.BlockSize
)

// shortCases are batches of short messages that no grid has: of the lengths that random padding
// makes, and few of 128 bytes.
func shortCases(settings []suite.Setting) []suite.Case {
	if fast := suite.WithoutGeneric(settings); len(fast) > 0 {
		settings = fast
	}
	lengths := make([]int, raggedCount)
	for i := range lengths {
		lengths[i] = raggedMin + 7*i%raggedCount*raggedStep // each once
	}
	c := newCase(caseID(suite.Encrypt, raggedCount, 0), suite.Encrypt, lengths, settings)
	c.Name = caseName(suite.Encrypt, strconv.Itoa(raggedCount), "80 B to 320 B")
	cases := []suite.Case{c}
	for _, count := range []int{2, 4} {
		c := newCase(caseID(suite.Encrypt, count, 128), suite.Encrypt, slices.Repeat([]int{128}, count), settings)
		c.Name = caseName(suite.Encrypt, strconv.Itoa(count), results.Size(128))
		cases = append(cases, c)
	}
	for i := range cases {
		cases[i].Time = cellTime / 2
	}
	return cases
}

// cycles are the rows of short messages.
func cycles(settings []suite.Setting) []suite.CycleRow {
	best := settings[len(settings)-1]
	single := best.Single(one.OneStream(settings))
	row := func(name string, count, size int) suite.CycleRow {
		return suite.CycleRow{
			Name: "EncryptBatch " + name, Case: caseID(suite.Encrypt, count, size),
			Contends: [suite.CycleColumns]suite.Row{best.Row(results.Batch), single, theirs.Row()},
		}
	}
	return []suite.CycleRow{
		row("16 × 64 B", 16, 64), row("16 × 256 B", 16, 256), row("16 of 5 to 20 blocks", raggedCount, 0),
		row("2 × 128 B", 2, 128), row("4 × 128 B", 4, 128), row("2 × 256 B", 2, 256),
		row("16 × 4 KiB", 16, 4<<10), row("24 × 4 KiB", 24, 4<<10),
	}
}

// newCase contains the batch in each of the settings, the same messages one at a time, and
// the limits.
func newCase(id results.CaseID, d suite.Direction, lengths []int, settings []suite.Setting) suite.Case {
	c := suite.Case{Op: id.Op, Count: id.Count, Size: id.Size}
	longest := 0
	for _, n := range lengths {
		c.Bytes += n
		longest = max(longest, n)
	}
	ms := makeMessages(lengths)
	singles := one.OneStream(settings)

	for _, in := range slices.Backward(settings) {
		single := in.Single(singles)
		versus := map[suite.Column][]suite.Row{
			suite.VsOne: {single}, peers.VsGotd: {theirs.Row()}, suite.OfLimit: {limitOf(in).Row()},
		}
		if len(ms) == 1 {
			versus[timesOne] = []suite.Row{single}
		}
		c.Contenders = append(c.Contenders, suite.Contender{Label: suite.InBatch, Setting: &in, Op: batchOp(d, ms), Versus: versus})
	}
	for _, in := range slices.Backward(singles) {
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: suite.OneByOne, Setting: &in,
			Op:     oneByOneOp(d, ms),
			Versus: map[suite.Column][]suite.Row{suite.OfLimit: {oneLimit.Row()}},
		})
	}
	c.Contenders = append(c.Contenders, suite.Contender{Label: theirs, Op: theirOp(d, ms)})
	if limit.Available() {
		c.Contenders = append(c.Contenders, suite.NewLimit(oneLimit, limit.Blocks, c.Bytes))
	}
	for _, in := range slices.Backward(settings) {
		if run := manyStreams(in); run != nil {
			p := suite.NewLimit(limitOf(in), run, c.Bytes)
			// A batch cannot be done before its longest message could be.
			p.AtLeast = suite.Floor{Of: oneLimit.Row(), Share: float64(longest) / float64(c.Bytes)}
			p.Versus = map[suite.Column][]suite.Row{suite.VsOne: {oneLimit.Row()}}
			c.Contenders = append(c.Contenders, p)
		}
	}
	return c
}

// makeMessages makes messages of these lengths. Their buffers come from make, like a
// user's: long ones all begin at the start of a page.
func makeMessages(lengths []int) []ige.Message {
	random := rand.NewChaCha8([32]byte{})
	ms := make([]ige.Message, len(lengths))
	for i, n := range lengths {
		m := &ms[i]
		m.Dst, m.Src = make([]byte, n), make([]byte, n)
		for _, b := range [][]byte{m.Key[:], m.IV[:], m.Src} {
			random.Read(b)
		}
	}
	return ms
}

func batchOp(d suite.Direction, ms []ige.Message) (op func()) {
	if d == suite.Encrypt {
		return func() { ige.EncryptBatch(ms) }
	}
	return func() {
		if err := ige.DecryptBatch(ms); err != nil {
			panic(err)
		}
	}
}

func oneByOneOp(d suite.Direction, ms []ige.Message) (op func()) {
	if d == suite.Encrypt {
		return func() {
			for i := range ms {
				ms[i].Encrypt()
			}
		}
	}
	return func() {
		for i := range ms {
			if err := ms[i].Decrypt(); err != nil {
				panic(err)
			}
		}
	}
}

var oneLimit = suite.Label{Way: "limit.aes-one", Who: suite.LimitWho, How: "AES rounds of one stream"}

func limitOf(in suite.Setting) suite.Label {
	return suite.Label{Way: results.Way("limit.aes-many." + in.Name), Who: suite.LimitWho, How: "AES rounds of many, " + in.Name}
}

// theirs is what a gotd/td client does, which knows no batches.
var theirs = suite.Label{Way: results.GotdOneByOne, Who: "gotd/ige", How: "one at a time"}

func theirOp(d suite.Direction, ms []ige.Message) (op func()) {
	crypts := make([]func(dst, src []byte), len(ms))
	for i := range ms {
		crypts[i] = peers.IGEs(d)[0].Prepare(&ms[i].Key, &ms[i].IV)
	}
	return func() {
		for i := range ms {
			crypts[i](ms[i].Dst, ms[i].Src)
		}
	}
}

// manyStreams returns the probe for the instructions that the setting uses for batches, or
// nil if there is none.
func manyStreams(in suite.Setting) func(blocks int) {
	switch {
	case (in.Name == "AES-NI" || in.Name == "Armv8") && limit.Available():
		return limit.Parallel
	case in.Name == "VAES-256" && limit.AvailableVAES256():
		return limit.ParallelVAES256
	case in.Name == "VAES-512" && limit.AvailableVAES512():
		return limit.ParallelVAES512
	default:
		return nil
	}
}

func caseID(d suite.Direction, count, size int) results.CaseID {
	return results.CaseID{Op: string(d) + " batch", Count: count, Size: size}
}

func caseName(d suite.Direction, count, size string) string {
	return fmt.Sprintf("%s %s × %s", d, count, size)
}

// newGrid returns the grid of one direction and setting.
func newGrid(d suite.Direction, sizes []int, in suite.Setting) suite.Grid {
	g := suite.Grid{
		Title:     fmt.Sprintf("%s, %s", suite.OurName(in), d),
		Corner:    "messages",
		Case:      func(row, column int) results.CaseID { return caseID(d, counts[row], sizes[column]) },
		Contender: in.Row(results.Batch),
		Ratio:     suite.VsOne,
	}
	for _, count := range counts {
		g.Rows = append(g.Rows, strconv.Itoa(count))
	}
	for _, size := range sizes {
		g.Columns = append(g.Columns, results.Size(size))
	}
	if manyStreams(in) != nil {
		g.Limit = limitOf(in).Row()
	}
	return g
}

// hasTarget reports whether the cell has a target.
func hasTarget(count, size int) bool {
	switch size {
	case 64:
		return count == 1
	case 4 << 10:
		return slices.Contains([]int{1, 2, 8, 16}, count)
	default:
		return false
	}
}

// targets are those for batches: some are for one backend, the others for the best of the
// measured ones.
func targets(measured []suite.Setting) []suite.Target {
	var all []suite.Target
	add := func(in suite.Setting, count, size int, c suite.Column, bound float64) {
		for _, d := range []suite.Direction{suite.Encrypt, suite.Decrypt} {
			t := suite.Target{Case: caseID(d, count, size), Row: in.Row(results.Batch), Column: c, Bound: bound}
			if c == suite.VsOne {
				t.Limit = limitOf(in).Row()
			}
			all = append(all, t)
		}
	}
	for _, in := range slices.Backward(suite.WithoutGeneric(measured)) {
		switch in.Name {
		case "VAES-512":
			add(in, 16, 4<<10, suite.VsOne, 12)
			add(in, 8, 4<<10, suite.VsOne, 7)
			add(in, mixedCount, 0, suite.VsOne, 8)
		case "AES-NI":
			add(in, 16, 4<<10, suite.VsOne, 6)
		}
	}
	if fast := suite.WithoutGeneric(measured); len(fast) > 0 {
		best := fast[len(fast)-1]
		add(best, 2, 4<<10, suite.VsOne, 1.8)
		add(best, 1, 4<<10, timesOne, 1.03)
		add(best, 1, 64, timesOne, 1.03)
	}
	return all
}
