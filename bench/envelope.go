package main

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/report"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
)

const (
	seal = "seal"
	open = "open"
)

var ofIGE = column{title: "× IGE", multiple: true}

const envelopeLegend = `A packet of MTProto 2.0 is sealed or opened; its size is that of what is encrypted, with the least padding.
Seal adds random padding as Telegram Desktop does, 120 bytes on average, and so does gotd/td. Random bytes
not counted: with the least padding, and without the time for one read of crypto/rand; gotd/td gets zeros.
two passes is package envelope without kernels of its own, on the best of packages ige and kdf.
vs peer: how many times faster than the fastest peer that does the same.
× IGE: time as a multiple of that of AES-256-IGE alone, by the best backend.
× limit: time as a multiple of 14 dependent AES rounds a block, and to seal of the hash as well, which must be
complete before AES can begin. To open, hash and AES may overlap.
vs one: how many times faster a batch, with different keys, is than the same messages one at a time.`

const (
	envelopeTime       = 800 * time.Millisecond
	envelopeBatchTime  = 330 * time.Millisecond
	envelopeTargetTime = 900 * time.Millisecond
)

var envelopeCounts = []int{2, 8, 16, 64}

const twoPasses = "two passes"

// envelopeSettings are those of three packages.
func envelopeSettings() []setting {
	settings := []setting{{generic, slices.Concat(statesOf("ige")[:1], statesOf("kdf")[:1], statesOf("envelope")[:1])}}
	if len(statesOf("ige")) > 1 || len(statesOf("kdf")) > 1 {
		settings = append(settings, setting{twoPasses, statesOf("envelope")[:1]})
	}
	return append(settings, settingsOf("envelope")[1:]...)
}

// envelopeSuite is whole messages.
func envelopeSuite(opt options) suite {
	settings := envelopeSettings()
	measured := opt.measured(settings)
	s := suite{
		name: "envelope",
		check: func(passed func(string)) error {
			return checkEnvelope(settings, ourOpener, sealers(), openers(), passed)
		},
		columns: []column{vsPeer, ofIGE, ofLimit},
		legend:  envelopeLegend,
	}
	if len(measured) == 0 {
		return s
	}
	ops := map[direction]string{encrypt: seal, decrypt: open}
	for _, d := range choice(opt.directions, encrypt, decrypt) {
		for _, size := range choice(opt.sizes, 64, 256, 1<<10, 16<<10, 128<<10, 1<<20) {
			if size >= minEnvelope {
				s.cases = append(s.cases, envelopeCase(ops[d], size, measured))
			}
		}
	}
	sizes := choice(opt.sizes, 64, 256, 1<<10, 4<<10)
	for _, d := range choice(opt.directions, encrypt, decrypt) {
		op := ops[d]
		fast := measured
		if f := withoutGeneric(measured); len(f) > 0 {
			fast = f
		}
		if op == seal {
			fast = fast[len(fast)-1:] // the kernels of package envelope are for opening
		}
		for _, size := range sizes {
			for _, count := range envelopeCounts {
				if size >= minEnvelope && count*size <= maxBatch {
					s.cases = append(s.cases, envelopeBatch(op, count, size, fast))
				}
			}
		}
		for _, in := range slices.Backward(fast) {
			s.grids = append(s.grids, envelopeGrid(op, sizes, in))
		}
	}
	s.targets = envelopeTargets(measured[len(measured)-1])
	return s
}

func envelopeTargets(best setting) []target {
	ours := func(op string, size int, how string, c column, bound float64) target {
		return target{caseName: envelopeName(op, size), row: id{ourName(best), how}, column: c, bound: bound}
	}
	batch := func(op string) target {
		return target{caseName: envelopeBatchName(op, "16", report.Size(1<<10)), row: id{ourName(best), inBatch}, column: vsOne, bound: 4}
	}
	return []target{
		ours(open, 16<<10, ourOpen, ofIGE, 1.06),
		ours(open, 16<<10, ourOpen, vsPeer, 2),
		ours(open, 1<<10, ourOpen, vsPeer, 2.5),
		ours(seal, 64, ourSealFree, vsPeer, 2),
		batch(seal),
		batch(open),
		ours(seal, 16<<10, ourSeal, allocsPerOp, 0),
		ours(open, 16<<10, ourOpen, allocsPerOp, 0),
	}
}

func envelopeName(op string, size int) string { return op + " " + report.Size(size) }

var (
	igeAloneID = id{"part", "ige.Message alone"}
	randomID   = id{"part", "12 bytes of crypto/rand"}
	roundsID   = id{limitWho, "dependent AES rounds"}
	hashAESID  = id{limitWho, "SHA-256, then dependent AES rounds"}
)

// envelopeCase is one message at a time.
func envelopeCase(op string, size int, settings []setting) benchCase {
	c := benchCase{name: envelopeName(op, size), op: op, count: 1, size: size, bytes: size, time: envelopeTime}
	k := randomAuthKey(1)
	plaintext := makePlaintext(size, mathrand.NewChaCha8([32]byte{3}))
	packet := slices.Clone(ourSealer(envelope.PadMinimal)(k)(plaintext))

	if op == seal {
		addSealers(&c, k, plaintext, settings)
	} else {
		addOpeners(&c, k, packet, settings)
	}
	m := ige.Message{Dst: make([]byte, size), Src: packet[envelope.HeaderSize:]}
	alone := m.Encrypt
	if op == open {
		alone = func() {
			if err := m.Decrypt(); err != nil {
				panic(err)
			}
		}
	}
	c.contenders = append(c.contenders, contender{who: igeAloneID.who, how: igeAloneID.how, kind: report.Part, op: alone})
	if limit.Available() && op == open {
		c.contenders = append(c.contenders, probe(roundsID, limit.Blocks, size))
	}
	if limit.Available() && limit.SHA256Available() && op == seal {
		hashed := hashBlocks(32+size) * probeBlocks / (size / ige.BlockSize)
		c.contenders = append(c.contenders, probe(hashAESID, func(blocks int) {
			limit.SHA256(hashed)
			limit.Blocks(blocks)
		}, size))
	}
	return c
}

// measuredWith reports whether the i-th of the settings is measured with messages of this
// size: the generic one is too slow for long ones.
func measuredWith(settings []setting, i, size int) bool {
	return settings[i].name != generic || i == len(settings)-1 || size <= maxGeneric
}

func addSealers(c *benchCase, k *kdf.AuthKey, plaintext []byte, settings []setting) {
	add := func(who, how string, in *setting, prepare func(k *kdf.AuthKey) sealFunc, peers ...id) *contender {
		f := prepare(k)
		c.contenders = append(c.contenders, contender{
			who: who, how: how, setting: in,
			op:     func() { f(plaintext) },
			versus: map[column][]id{ofIGE: {igeAloneID}, ofLimit: {hashAESID}},
		})
		last := &c.contenders[len(c.contenders)-1]
		if len(peers) > 0 {
			last.versus[vsPeer] = peers
		}
		return last
	}
	for i, in := range slices.Backward(settings) {
		if measuredWith(settings, i, c.size) {
			add(ourName(in), ourSeal, &in, ourSealer(envelope.PadRandom), id{tdName, tdEncrypt}, id{gogramName, gogramSeal})
		}
	}
	best := settings[len(settings)-1]
	free := add(ourName(best), ourSealFree, &best, ourSealer(envelope.PadMinimal), id{tdName, tdEncryptFree})
	free.less = randomID
	for _, p := range sealers() {
		add(p.who, p.how, nil, p.prepare)
	}
	c.contenders = append(c.contenders, contender{
		who: randomID.who, how: randomID.how, kind: report.Part, noRate: true,
		op: readRandom(),
	})
}

func readRandom() func() {
	buf := make([]byte, 12)
	return func() { rand.Read(buf) }
}

func addOpeners(c *benchCase, k *kdf.AuthKey, packet []byte, settings []setting) {
	var peers []id
	for _, p := range openers() {
		peers = append(peers, id{p.who, p.how})
	}
	add := func(who, how string, in *setting, prepare func(k *kdf.AuthKey) openFunc) {
		f := prepare(k)
		con := contender{
			who: who, how: how, setting: in,
			op:     func() { must(f(packet)) },
			versus: map[column][]id{ofIGE: {igeAloneID}, ofLimit: {roundsID}},
		}
		if in != nil {
			con.versus[vsPeer] = peers
		}
		c.contenders = append(c.contenders, con)
	}
	for i, in := range slices.Backward(settings) {
		if measuredWith(settings, i, c.size) {
			add(ourName(in), ourOpen, &in, ourOpener)
		}
	}
	for _, p := range openers() {
		add(p.who, p.how, nil, p.prepare)
	}
}

// envelopeBatch is so many messages under different keys, in a batch and one at a time.
func envelopeBatch(op string, count, size int, settings []setting) benchCase {
	c := benchCase{
		name: envelopeBatchName(op, strconv.Itoa(count), report.Size(size)), op: op + " batch",
		count: count, size: size, bytes: count * size,
		time: envelopeBatchTime, inGrid: true,
	}
	if count == 16 && size == 1<<10 {
		c.time = envelopeTargetTime
	}
	jobs, dsts := envelopeJobs(op, count, size)
	batch, each := envelopeBatchOps(op, jobs, dsts)
	for _, in := range slices.Backward(settings) {
		c.contenders = append(c.contenders, contender{
			who: ourName(in), how: inBatch, setting: &in, op: batch,
			versus: map[column][]id{vsOne: {id{ourName(in), oneByOne}}},
		})
	}
	for _, in := range slices.Backward(settings) {
		c.contenders = append(c.contenders, contender{who: ourName(in), how: oneByOne, setting: &in, op: each})
	}
	return c
}

func envelopeJobs(op string, count, size int) (jobs []envelope.Job, dsts [][]byte) {
	jobs, dsts = make([]envelope.Job, count), make([][]byte, count)
	random := mathrand.NewChaCha8([32]byte{4})
	for i := range jobs {
		k := randomAuthKey(uint64(i))
		j := &jobs[i]
		*j = envelope.Job{Key: envelope.NewKey(k), Padding: envelope.PadMinimal, Src: makePlaintext(size, random)}
		j.Key.MaxPacket = 2 * maxSize
		if op == open {
			j.Src = slices.Clone(ourSealer(envelope.PadMinimal)(k)(j.Src))
		}
		dsts[i] = make([]byte, 0, size+envelope.MaxOverhead)
	}
	return jobs, dsts
}

func envelopeBatchOps(op string, jobs []envelope.Job, dsts [][]byte) (batch, each func()) {
	batchOf := envelope.SealBatch
	oneOf := func(j *envelope.Job) (err error) {
		j.Dst, err = j.Key.Seal(j.Dst, j.Side, j.Src, j.Padding)
		return err
	}
	if op == open {
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

func envelopeBatchName(op, count, size string) string {
	return fmt.Sprintf("%s %s × %s", op, count, size)
}

func envelopeGrid(op string, sizes []int, in setting) grid {
	g := grid{
		title: ourName(in) + ", " + op, corner: "messages",
		caseName:  func(row, column string) string { return envelopeBatchName(op, row, column) },
		contender: id{ourName(in), inBatch},
		ratio:     vsOne,
	}
	for _, count := range envelopeCounts {
		g.rows = append(g.rows, strconv.Itoa(count))
	}
	for _, size := range sizes {
		g.columns = append(g.columns, report.Size(size))
	}
	return g
}
