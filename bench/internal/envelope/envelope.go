// Package envelope measures whole messages of MTProto 2.0.
package envelope

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
)

// Operations, for the ids of cases.
const (
	sealOp = "seal"
	openOp = "open"
)

var (
	sealWay    = suite.Label{Way: results.Seal, How: "Key.Seal"}
	sealFree   = suite.Label{Way: "mtcore.seal-free", How: "Key.Seal, random bytes not counted"}
	openWay    = suite.Label{Way: results.Open, How: "Key.Open"}
	igeAlone   = suite.Label{Way: "part.ige", Who: "part", How: "ige.Message alone"}
	random12   = suite.Label{Way: "part.random", Who: "part", How: "12 bytes of crypto/rand"}
	rounds     = suite.Label{Way: results.LimitAES, Who: suite.LimitWho, How: "dependent AES rounds"}
	hashRounds = suite.Label{Way: results.LimitHashAES, Who: suite.LimitWho, How: "SHA-256, then dependent AES rounds"}
)

const legend = `A packet of MTProto 2.0 is sealed or opened; its size is the length of the encrypted part, with the
least padding. Seal adds random padding like Telegram Desktop, 120 bytes on average, and so does
gotd/td. Random bytes not counted: with the least padding, and without the time of one read of
crypto/rand; gotd/td gets zeros. two passes is package envelope without its own kernels, on the best
backends of packages ige and kdf.
vs gotd, vs peer: how many times faster than gotd/td, and than the fastest peer that does the same.
× IGE: time as a multiple of AES-256-IGE alone, with the best backend.
× limit: time as a multiple of 14 dependent AES rounds per block, plus, for seal, the hash, which
must be complete before AES can begin. For open, hash and AES may overlap.
vs one: how many times faster a batch with different keys is than the same messages one at a time.
By default: with the padding that Seal adds by default, so that packets have different lengths.
Goroutines: the same number of messages in all, for each goroutine its share, with a key of its own.
vs one is how many times faster they are than one goroutine: as many as there are, if nothing that
they share holds them up.`

const (
	caseTime   = 800 * time.Millisecond
	batchTime  = 250 * time.Millisecond
	targetTime = 900 * time.Millisecond
)

var counts = []int{2, 4, 8, 16, 64}

// settings combines the settings of three packages.
func settings() []suite.Setting {
	ige, kdf, envelope := suite.StatesOf("ige"), suite.StatesOf("kdf"), suite.StatesOf("envelope")
	all := []suite.Setting{{Name: suite.Generic, States: slices.Concat(ige[:1], kdf[:1], envelope[:1])}}
	if len(ige) > 1 || len(kdf) > 1 {
		all = append(all, suite.Setting{Name: "two passes", States: envelope[:1]})
	}
	return append(all, suite.SettingsOf("envelope")[1:]...)
}

// New returns the suite.
func New(opt suite.Options) suite.Suite {
	settings := settings()
	measured := opt.Measured(settings)
	s := suite.Suite{
		Name:     "envelope",
		Backends: suite.Names(settings),
		Check: func(passed func(string)) error {
			return check(settings, ourOpener, peers.Sealers(), peers.Openers(), passed)
		},
		Columns: []suite.Column{peers.VsGotd, suite.VsPeer, suite.VsOne, suite.OfIGE, suite.OfLimit},
		Legend:  legend,
	}
	if len(measured) == 0 {
		return s
	}
	ops := map[suite.Direction]string{suite.Encrypt: sealOp, suite.Decrypt: openOp}
	for _, d := range suite.Choice(opt.Directions, suite.Encrypt, suite.Decrypt) {
		for _, size := range suite.Choice(opt.Sizes, 64, 256, 1<<10, 16<<10, 128<<10, 1<<20) {
			if size >= minSize {
				s.Cases = append(s.Cases, newCase(ops[d], size, measured))
			}
		}
	}
	sizes := suite.Choice(opt.Sizes, 64, 256, 1<<10, 4<<10)
	for _, d := range suite.Choice(opt.Directions, suite.Encrypt, suite.Decrypt) {
		op := ops[d]
		least := batchKind{op, envelope.PadMinimal}
		byDefault := batchKind{op, envelope.PadRandom}
		fast := measured
		if f := suite.WithoutGeneric(measured); len(f) > 0 {
			fast = f
		}
		if op == sealOp {
			fast = fast[len(fast)-1:] // the kernels of package envelope are for opening
		}
		for _, size := range sizes {
			for _, count := range counts {
				if size >= minSize && count*size <= suite.MaxBatch {
					s.Cases = append(s.Cases, batchCase(least, count, size, fast))
				}
			}
		}
		for _, size := range sizes {
			if size >= minSize && size <= 1<<10 {
				s.Cases = append(s.Cases, batchCase(byDefault, 16, size, fast[len(fast)-1:]))
			}
		}
		if op == sealOp && slices.Contains(sizes, scalingSize) {
			s.Cases = append(s.Cases, scalingCase(measured[len(measured)-1]))
		}
		for _, in := range slices.Backward(fast) {
			s.Grids = append(s.Grids, newGrid(op, sizes, in))
		}
	}
	s.Targets = targets(measured[len(measured)-1])
	s.Cycles = cycles(measured[len(measured)-1])
	return s
}

func targets(best suite.Setting) []suite.Target {
	ours := func(op string, size int, l suite.Label, c suite.Column, bound float64) suite.Target {
		return suite.Target{Case: caseID(op, size), Row: best.Row(l.Way), Column: c, Bound: bound}
	}
	batch := func(op string) suite.Target {
		return suite.Target{Case: batchKind{op, envelope.PadMinimal}.id(16, 1<<10), Row: best.Row(results.Batch), Column: suite.VsOne, Bound: 4}
	}
	return []suite.Target{
		ours(openOp, 16<<10, openWay, suite.OfIGE, 1.06),
		ours(openOp, 16<<10, openWay, suite.VsPeer, 2),
		ours(openOp, 1<<10, openWay, suite.VsPeer, 2.5),
		ours(sealOp, 64, sealFree, suite.VsPeer, 2),
		batch(sealOp),
		batch(openOp),
		ours(sealOp, 16<<10, sealWay, suite.AllocsPerOp, 0),
		ours(openOp, 16<<10, openWay, suite.AllocsPerOp, 0),
	}
}

// cycles are the rows of short messages.
func cycles(best suite.Setting) []suite.CycleRow {
	batch := func(name string, kind batchKind, count, size int) suite.CycleRow {
		return suite.CycleRow{
			Name: name, Case: kind.id(count, size),
			Contends: [suite.CycleColumns]suite.Row{best.Row(results.Batch), best.Row(results.OneByOne), theirs.Row()},
		}
	}
	single := func(name, op string, size int, ours, gotd results.Way) suite.CycleRow {
		return suite.CycleRow{Name: name, Case: caseID(op, size), Contends: [suite.CycleColumns]suite.Row{best.Row(ours), "", suite.Row(gotd)}}
	}
	opens, seals := batchKind{openOp, envelope.PadMinimal}, batchKind{sealOp, envelope.PadRandom}
	return []suite.CycleRow{
		batch("OpenBatch 16 × 64 B", opens, 16, 64), batch("OpenBatch 16 × 1 KiB", opens, 16, 1<<10),
		batch("OpenBatch 2 × 64 B", opens, 2, 64), batch("OpenBatch 4 × 64 B", opens, 4, 64),
		single("Seal 64 B, default padding", sealOp, 64, results.Seal, results.GotdSeal),
		batch("SealBatch 16 × 64 B, default padding", seals, 16, 64),
		batch("SealBatch 16 × 1 KiB, default padding", seals, 16, 1<<10),
		single("Open 64 B", openOp, 64, results.Open, results.GotdOpen),
		single("Open 1 KiB", openOp, 1<<10, results.Open, results.GotdOpen),
	}
}

func caseID(op string, size int) results.CaseID { return results.CaseID{Op: op, Count: 1, Size: size} }

// batchKind says what is done with the messages of a batch. Those with the least padding are all
// of one length.
type batchKind struct {
	op  string
	pad envelope.Padding
}

func (k batchKind) id(count, size int) results.CaseID {
	op := k.op + " batch"
	if k.pad != envelope.PadMinimal {
		op += " by default"
	}
	return results.CaseID{Op: op, Count: count, Size: size}
}

// newCase seals or opens one message at a time.
func newCase(op string, size int, settings []suite.Setting) suite.Case {
	id := caseID(op, size)
	c := suite.Case{
		Name: op + " " + results.Size(size), Op: id.Op, Count: id.Count, Size: id.Size, Bytes: size, Time: caseTime,
	}
	k := suite.AuthKey(1)
	plaintext := plaintextOf(size, mathrand.NewChaCha8([32]byte{3}))
	packet := slices.Clone(ourSealer(envelope.PadMinimal)(k)(plaintext))

	if op == sealOp {
		addSealers(&c, k, plaintext, settings)
	} else {
		addOpeners(&c, k, packet, settings)
	}
	m := ige.Message{Dst: make([]byte, size), Src: packet[envelope.HeaderSize:]}
	alone := m.Encrypt
	if op == openOp {
		alone = func() {
			if err := m.Decrypt(); err != nil {
				panic(err)
			}
		}
	}
	c.Contenders = append(c.Contenders, suite.Contender{Label: igeAlone, Kind: results.Part, Op: alone})
	if limit.Available() && op == openOp {
		c.Contenders = append(c.Contenders, suite.NewLimit(rounds, limit.Blocks, size))
	}
	if limit.Available() && limit.SHA256Available() && op == sealOp {
		hashed := suite.SHA256Blocks(32+size) * suite.LimitBlocks / (size / ige.BlockSize)
		c.Contenders = append(c.Contenders, suite.NewLimit(hashRounds, func(blocks int) {
			limit.SHA256(hashed)
			limit.Blocks(blocks)
		}, size))
	}
	return c
}

func addSealers(c *suite.Case, k *kdf.AuthKey, plaintext []byte, settings []suite.Setting) {
	add := func(l suite.Label, in *suite.Setting, free bool, prepare func(k *kdf.AuthKey) peers.SealFunc) *suite.Contender {
		f := prepare(k)
		con := suite.Contender{
			Label: l, Setting: in,
			Op:     func() { f(plaintext) },
			Versus: map[suite.Column][]suite.Row{suite.OfIGE: {igeAlone.Row()}, suite.OfLimit: {hashRounds.Row()}},
		}
		if in != nil {
			for _, p := range peers.Sealers() {
				if p.Free == free {
					con.Versus[suite.VsPeer] = append(con.Versus[suite.VsPeer], p.Row())
					if p.Column.ID != "" {
						con.Versus[p.Column] = []suite.Row{p.Row()}
					}
				}
			}
		}
		c.Contenders = append(c.Contenders, con)
		return &c.Contenders[len(c.Contenders)-1]
	}
	for i, in := range slices.Backward(settings) {
		if suite.MeasuredWith(settings, i, c.Size) {
			add(sealWay, &in, false, ourSealer(envelope.PadRandom))
		}
	}
	best := settings[len(settings)-1]
	add(sealFree, &best, true, ourSealer(envelope.PadMinimal)).Less = random12.Row()
	for _, p := range peers.Sealers() {
		add(p.Label, nil, p.Free, p.Prepare)
	}
	c.Contenders = append(c.Contenders, suite.Contender{Label: random12, Kind: results.Part, NoRate: true, Op: readRandom()})
}

func readRandom() func() {
	buf := make([]byte, 12)
	return func() { rand.Read(buf) }
}

func addOpeners(c *suite.Case, k *kdf.AuthKey, packet []byte, settings []suite.Setting) {
	add := func(l suite.Label, in *suite.Setting, prepare func(k *kdf.AuthKey) peers.OpenFunc) {
		f := prepare(k)
		con := suite.Contender{
			Label: l, Setting: in,
			Op:     func() { suite.Must(f(packet)) },
			Versus: map[suite.Column][]suite.Row{suite.OfIGE: {igeAlone.Row()}, suite.OfLimit: {rounds.Row()}},
		}
		if in != nil {
			for _, p := range peers.Openers() {
				con.Versus[suite.VsPeer] = append(con.Versus[suite.VsPeer], p.Row())
				if p.Column.ID != "" {
					con.Versus[p.Column] = []suite.Row{p.Row()}
				}
			}
		}
		c.Contenders = append(c.Contenders, con)
	}
	for i, in := range slices.Backward(settings) {
		if suite.MeasuredWith(settings, i, c.Size) {
			add(openWay, &in, ourOpener)
		}
	}
	for _, p := range peers.Openers() {
		add(p.Label, nil, p.Prepare)
	}
}

// batchCase is count messages under different keys, in a batch and one at a time.
func batchCase(kind batchKind, count, size int, settings []suite.Setting) suite.Case {
	id := kind.id(count, size)
	c := suite.Case{
		Name: fmt.Sprintf("%s %d × %s", kind.op, count, results.Size(size)), Op: id.Op, Count: id.Count, Size: id.Size,
		Bytes: count * size, Time: batchTime, InGrid: true,
	}
	switch {
	case kind.pad != envelope.PadMinimal:
		c.Name += " by default"
		c.InGrid = false
	case count == 16 && size == 1<<10:
		c.Time = targetTime
	}
	jobs, dsts := newJobs(kind, count, size)
	batch, each := batchOps(kind.op, jobs, dsts)
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: suite.InBatch, Setting: &in, Op: batch,
			Versus: map[suite.Column][]suite.Row{suite.VsOne: {in.Row(results.OneByOne)}, peers.VsGotd: {theirs.Row()}},
		})
	}
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders, suite.Contender{Label: suite.OneByOne, Setting: &in, Op: each})
	}
	c.Contenders = append(c.Contenders, suite.Contender{Label: theirs, Op: theirOp(kind, jobs)})
	return c
}

// theirs is what a gotd/td client does, which knows no batches.
var theirs = suite.Label{Way: results.TDOneByOne, Who: "gotd/td", How: "one at a time"}

// theirOp seals as its client does, or where mtcore's jobs have the least padding with that, of
// zeros: as little work as theirs, or less.
func theirOp(kind batchKind, jobs []envelope.Job) func() {
	ops := make([]func(), len(jobs))
	sealers := peers.Sealers()
	free := kind.pad == envelope.PadMinimal
	sealer := sealers[slices.IndexFunc(sealers, func(p peers.Sealer) bool { return p.Free == free })]
	for i := range jobs {
		k, src := suite.AuthKey(uint64(i)), jobs[i].Src
		if kind.op == sealOp {
			seal := sealer.Prepare(k)
			ops[i] = func() { seal(src) }
		} else {
			open := peers.Openers()[0].Prepare(k)
			ops[i] = func() { suite.Must(open(src)) }
		}
	}
	return func() {
		for _, op := range ops {
			op()
		}
	}
}

const (
	scalingOp    = "seal by goroutines"
	scalingSize  = 64
	scalingCount = 256 // messages: enough that it does not matter how long a goroutine takes to start
)

var oneGoroutine, twoGoroutines = suite.Label{Way: "mtcore.seal-1", How: "1 goroutine"}, suite.Label{Way: "mtcore.seal-2", How: "2 goroutines"}

// scalingCase seals short messages, with the padding that is default, on one core and on two. What
// they share is the system's source of random bytes.
func scalingCase(in suite.Setting) suite.Case {
	c := suite.Case{
		Name: fmt.Sprintf("seal %d × %s by goroutines", scalingCount, results.Size(scalingSize)), Op: scalingOp,
		Count: scalingCount, Size: scalingSize, Bytes: scalingCount * scalingSize, Time: batchTime,
	}
	for i, l := range []suite.Label{oneGoroutine, twoGoroutines} {
		n := i + 1
		seals, plaintexts := make([]peers.SealFunc, n), make([][]byte, n)
		for g := range n {
			seals[g] = ourSealer(envelope.PadRandom)(suite.AuthKey(uint64(g)))
			plaintexts[g] = plaintextOf(scalingSize, mathrand.NewChaCha8([32]byte{5}))
		}
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: l, Setting: &in,
			Op: func() {
				var wg sync.WaitGroup
				for g := range n {
					wg.Go(func() {
						for range scalingCount / n {
							seals[g](plaintexts[g])
						}
					})
				}
				wg.Wait()
			},
			Versus: map[suite.Column][]suite.Row{suite.VsOne: {in.Row(oneGoroutine.Way)}},
		})
	}
	return c
}

func newJobs(kind batchKind, count, size int) (jobs []envelope.Job, dsts [][]byte) {
	jobs, dsts = make([]envelope.Job, count), make([][]byte, count)
	random := mathrand.NewChaCha8([32]byte{4})
	for i := range jobs {
		k := suite.AuthKey(uint64(i))
		j := &jobs[i]
		*j = envelope.Job{Key: envelope.NewKey(k), Padding: kind.pad, Src: plaintextOf(size, random)}
		j.Key.MaxPacket = 2 * suite.MaxSize
		if kind.op == openOp {
			j.Src = slices.Clone(ourSealer(kind.pad)(k)(j.Src))
		}
		dsts[i] = make([]byte, 0, size+envelope.MaxOverhead)
	}
	return jobs, dsts
}

func batchOps(op string, jobs []envelope.Job, dsts [][]byte) (batch, each func()) {
	batchOf := envelope.SealBatch
	oneOf := func(j *envelope.Job) (err error) {
		j.Dst, err = j.Key.Seal(j.Dst, j.Side, j.Src, j.Padding)
		return err
	}
	if op == openOp {
		batchOf = envelope.OpenBatch
		oneOf = func(j *envelope.Job) (err error) {
			j.Dst, err = j.Key.Open(j.Dst, j.Side, j.Src)
			return err
		}
	}
	batch = func() {
		for i := range jobs {
			jobs[i].Dst = dsts[i]
		}
		if err := batchOf(jobs); err != nil {
			panic(err)
		}
	}
	each = func() {
		for i := range jobs {
			jobs[i].Dst = dsts[i]
			if err := oneOf(&jobs[i]); err != nil {
				panic(err)
			}
		}
	}
	return batch, each
}

func newGrid(op string, sizes []int, in suite.Setting) suite.Grid {
	g := suite.Grid{
		Title: suite.OurName(in) + ", " + op, Corner: "messages",
		Case: func(row, column int) results.CaseID {
			return batchKind{op, envelope.PadMinimal}.id(counts[row], sizes[column])
		},
		Contender: in.Row(results.Batch),
		Ratio:     suite.VsOne,
	}
	for _, count := range counts {
		g.Rows = append(g.Rows, strconv.Itoa(count))
	}
	for _, size := range sizes {
		g.Columns = append(g.Columns, results.Size(size))
	}
	return g
}
