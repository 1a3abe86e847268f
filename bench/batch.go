package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/report"
	"github.com/mtcore/mtcore/ige"
)

// What the rows say was done for the messages.
const (
	inBatch  = "batch"
	oneByOne = "one at a time"
)

var (
	vsOne    = column{title: "vs one"}
	timesOne = column{title: "× one", multiple: true}
)

const batchLegend = `Each message has its own key, the expansion of which is included, and its own buffers, as make returns them.
batch is EncryptBatch or DecryptBatch; one at a time is Message.Encrypt or Decrypt in a loop over the same
messages. All of it runs on one core.
vs one: how many times faster the batch is than the same messages one at a time. × one: the inverse.
limit: how many times faster this CPU does the AES rounds alone if those of many streams fill its AES units
than if each waits for the one before, as in one stream: latency over throughput, measured in the same
rounds. It is at most what the longest message, which is one stream itself, leaves room for.
× limit: time as a multiple of that of the AES rounds alone.`

// The table of a backend has these numbers of messages down its side.
var batchCounts = []int{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64}

const (
	// Cells that a target needs take longer than the others, to be precise.
	cellTime   = 550 * time.Millisecond
	targetTime = 1200 * time.Millisecond

	// maxBatch is what the messages of a cell may have together, so that -size
	// does not ask for gigabytes.
	maxBatch = 4 << 20
)

// batchSuite is many messages at once.
func batchSuite(opt options) suite {
	settings := settingsOf("ige")
	measured := opt.measured(settings)
	s := suite{
		name:    "batch",
		check:   func(passed func(string)) error { return checkBatch(settings, ourBatch, passed) },
		columns: []column{vsOne, ofLimit},
		legend:  batchLegend,
		targets: batchTargets(measured),
	}
	sizes := choice(opt.sizes, 64, 256, 1<<10, 4<<10, 16<<10)
	for _, d := range choice(opt.directions, encrypt, decrypt) {
		for _, size := range sizes {
			for _, count := range batchCounts {
				// Decryption is much the same: who wants to see all of it has to ask.
				shown := d == encrypt || opt.directions != nil || hasTarget(count, size)
				if shown && (count == 1 || count*size <= maxBatch) {
					s.cases = appendCell(s.cases, d, count, size, measured)
				}
			}
		}
		if opt.sizes == nil {
			s.cases = append(s.cases, mixedCase(d, measured))
		}
		for _, in := range slices.Backward(measured) {
			s.grids = append(s.grids, batchGrid(d, sizes, in))
		}
	}
	return s
}

// appendCell appends the case of so many messages of one size, unless none of the
// settings is measured with it.
func appendCell(cases []benchCase, d direction, count, size int, settings []setting) []benchCase {
	if !measuresGeneric(count, size) {
		settings = withoutGeneric(settings)
	}
	if len(settings) == 0 {
		return cases
	}
	name := batchCaseName(d, strconv.Itoa(count), report.Size(size))
	c := batchCase(name, d, slices.Repeat([]int{size}, count), settings)
	c.size, c.inGrid = size, true
	c.time = cellTime
	if hasTarget(count, size) {
		c.time = targetTime
	}
	return append(cases, c)
}

// measuresGeneric reports whether the generic implementation, which is too slow for
// more than a few cells, is measured in one.
func measuresGeneric(count, size int) bool {
	return slices.Contains([]int{1, 2, 3, 4, 8}, count) && (size == 256 || size == 1<<10)
}

// mixedCase has messages of lengths that differ as those of MTProto do.
func mixedCase(d direction, settings []setting) benchCase {
	if fast := withoutGeneric(settings); len(fast) > 0 {
		settings = fast
	}
	c := batchCase(mixedName(d), d, mixedLengths(), settings)
	c.time = targetTime
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

// batchCase has the batch in each of the settings, the same messages one at a time,
// and the limits.
func batchCase(name string, d direction, lengths []int, settings []setting) benchCase {
	c := benchCase{name: name, op: string(d) + " batch", count: len(lengths)}
	longest := 0
	for _, n := range lengths {
		c.bytes += n
		longest = max(longest, n)
	}
	ms := makeMessages(lengths)
	singles := oneStream(settings)

	for _, in := range slices.Backward(settings) {
		one := singleID(in, singles)
		versus := map[column][]id{vsOne: {one}, ofLimit: {batchLimitID(in)}}
		if len(ms) == 1 {
			versus[timesOne] = []id{one}
		}
		c.contenders = append(c.contenders, contender{
			who: ourName(in), how: inBatch, setting: &in,
			op:     batchOp(d, ms),
			versus: versus,
		})
	}
	for _, in := range slices.Backward(singles) {
		c.contenders = append(c.contenders, contender{
			who: ourName(in), how: oneByOne, setting: &in,
			op:     oneByOneOp(d, ms),
			versus: map[column][]id{ofLimit: {oneLimitID}},
		})
	}
	if limit.Available() {
		c.contenders = append(c.contenders, probe(oneLimitID, limit.Blocks, c.bytes))
	}
	for _, in := range slices.Backward(settings) {
		if run := manyStreams(in); run != nil {
			p := probe(batchLimitID(in), run, c.bytes)
			// No batch is through before its longest message could be.
			p.atLeast = floor{of: oneLimitID, share: float64(longest) / float64(c.bytes)}
			p.versus = map[column][]id{vsOne: {oneLimitID}}
			c.contenders = append(c.contenders, p)
		}
	}
	return c
}

// makeMessages makes messages of these lengths. Their buffers are from make, as
// those of a user would be: if they are long, all begin at the start of a page.
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

func batchOp(d direction, ms []ige.Message) (op func()) {
	if d == encrypt {
		return func() { ige.EncryptBatch(ms) }
	}
	return func() {
		if err := ige.DecryptBatch(ms); err != nil {
			panic(err)
		}
	}
}

func oneByOneOp(d direction, ms []ige.Message) (op func()) {
	if d == encrypt {
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

// singleID is the row with one message at a time that a batch is compared with: the
// one of its setting, or of the last one if its setting does not have any.
func singleID(in setting, singles []setting) id {
	i := slices.IndexFunc(singles, func(s setting) bool { return s.name == in.name })
	if i < 0 {
		i = len(singles) - 1
	}
	return id{ourName(singles[i]), oneByOne}
}

var oneLimitID = id{limitWho, "AES rounds of one stream"}

func batchLimitID(in setting) id { return id{limitWho, "AES rounds of many, " + in.name} }

// manyStreams returns the probe for the instructions that the setting uses for
// batches, or nil if there is none.
func manyStreams(in setting) func(blocks int) {
	switch {
	case (in.name == "AES-NI" || in.name == "Armv8") && limit.Available():
		return limit.Parallel
	case in.name == "VAES-256" && limit.AvailableVAES256():
		return limit.ParallelVAES256
	case in.name == "VAES-512" && limit.AvailableVAES512():
		return limit.ParallelVAES512
	default:
		return nil
	}
}

func batchCaseName(d direction, count, size string) string {
	return fmt.Sprintf("%s %s × %s", d, count, size)
}

func mixedName(d direction) string {
	return batchCaseName(d, strconv.Itoa(mixedCount), report.Size(mixedMin)+" to "+report.Size(mixedMax))
}

// batchGrid is the table of one direction and setting.
func batchGrid(d direction, sizes []int, in setting) grid {
	g := grid{
		title:     fmt.Sprintf("%s, %s", ourName(in), d),
		corner:    "messages",
		caseName:  func(row, column string) string { return batchCaseName(d, row, column) },
		contender: id{ourName(in), inBatch},
		ratio:     vsOne,
	}
	for _, count := range batchCounts {
		g.rows = append(g.rows, strconv.Itoa(count))
	}
	for _, size := range sizes {
		g.columns = append(g.columns, report.Size(size))
	}
	if manyStreams(in) != nil {
		g.limit = batchLimitID(in)
	}
	return g
}

// hasTarget reports whether batchTargets has one for the cell.
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

// batchTargets are those for batches: some for one backend, the others for the best
// of those that are measured.
func batchTargets(measured []setting) []target {
	var targets []target
	add := func(in setting, name func(direction) string, c column, bound float64) {
		for _, d := range []direction{encrypt, decrypt} {
			t := target{caseName: name(d), row: id{ourName(in), inBatch}, column: c, bound: bound}
			if c == vsOne {
				t.limit = batchLimitID(in)
			}
			targets = append(targets, t)
		}
	}
	cell := func(count, size int) func(direction) string {
		return func(d direction) string { return batchCaseName(d, strconv.Itoa(count), report.Size(size)) }
	}
	for _, in := range slices.Backward(withoutGeneric(measured)) {
		switch in.name {
		case "VAES-512":
			add(in, cell(16, 4<<10), vsOne, 12)
			add(in, cell(8, 4<<10), vsOne, 7)
			add(in, mixedName, vsOne, 8)
		case "AES-NI":
			add(in, cell(16, 4<<10), vsOne, 6)
		}
	}
	if fast := withoutGeneric(measured); len(fast) > 0 {
		best := fast[len(fast)-1]
		add(best, cell(2, 4<<10), vsOne, 1.8)
		add(best, cell(1, 4<<10), timesOne, 1.03)
		add(best, cell(1, 64), timesOne, 1.03)
	}
	return targets
}
