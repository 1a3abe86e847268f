// Package kdf measures the hash of a message and the derivation of keys.
package kdf

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
)

// Operations, for the ids of cases.
const (
	deriveOp      = "derive"
	msgKeyOp      = "msg_key"
	deriveBatchOp = "derive batch"
	msgKeyBatchOp = "msg_key batch"
)

var (
	deriveWay = suite.Label{Way: results.Derive, How: "AuthKey.Derive"}
	msgKeyWay = suite.Label{Way: "mtcore.msg-key", How: "AuthKey.MsgKey"}
	block     = suite.Label{Way: results.SHA256Block, Who: "part", How: "one block of SHA-256"}
	shaLimit  = suite.Label{Way: "limit.sha256", Who: suite.LimitWho, How: "SHA-256 of as many blocks"}

	ofBlock = suite.Column{ID: "of-block", Title: "× block", Multiple: true}
)

const legend = `derive goes from a message key to the AES key and iv of MTProto 2.0; each message key is taken from
the key before. msg_key is the hash of a message. Messages of a batch have different authorization
keys.
vs peer: how many times faster than the fastest peer.
× block: time as a multiple of one block of SHA-256, with the CPU's instructions for it. A
derivation has two, but of two hashes, so that neither waits for the other.
× limit: time as a multiple of the blocks of one hash, each of which waits for the one before.
vs one: how many times faster a batch is than the same messages one at a time.`

func ours(k *kdf.AuthKey) (peers.DeriveFunc, peers.MsgKeyFunc) { return k.Derive, k.MsgKey }

const (
	caseTime  = 700 * time.Millisecond
	batchTime = 350 * time.Millisecond
)

var batchCounts = []int{2, 4, 8, 16, 64}

// New returns the suite.
func New(opt suite.Options) suite.Suite {
	settings := suite.SettingsOf("kdf")
	measured := opt.Measured(settings)
	s := suite.Suite{
		Name:     "kdf",
		Backends: suite.Names(settings),
		Check:    func(passed func(string)) error { return check(settings, ours, peers.KDFs(), passed) },
		Columns:  []suite.Column{suite.VsPeer, ofBlock, suite.OfLimit},
		Legend:   legend,
	}
	if len(measured) == 0 {
		return s
	}
	singles := suite.Without(measured, "AVX-512")
	s.Cases = append(s.Cases, deriveOne(singles))
	sizes := suite.Choice(opt.Sizes, 64, 1<<10, 16<<10)
	for _, size := range sizes {
		s.Cases = append(s.Cases, msgKeyOne(size, singles))
	}
	columns := []column{{deriveBatchOp, 0}}
	for _, size := range sizes {
		if size <= 4<<10 { // the longer the messages, the less a batch gains
			columns = append(columns, column{msgKeyBatchOp, size})
		}
	}
	for _, c := range columns {
		for _, count := range batchCounts {
			s.Cases = append(s.Cases, batchCase(count, c, measured))
		}
	}
	for _, in := range slices.Backward(measured) {
		s.Grids = append(s.Grids, newGrid(columns, in))
	}
	one := singles[len(singles)-1]
	target := suite.Target{Case: results.CaseID{Op: deriveOp, Count: 1}, Row: one.Row(results.Derive), Column: suite.AllocsPerOp}
	s.Targets = append(s.Targets, target)
	if one.Name != suite.Generic {
		target.Column, target.Bound = ofBlock, 1.3
		s.Targets = append(s.Targets, target)
	}
	return s
}

// deriveOne derives the keys of one message.
func deriveOne(settings []suite.Setting) suite.Case {
	c := suite.Case{Name: "derive", Op: deriveOp, Count: 1, Time: caseTime}
	k, m := suite.AuthKey(1), kdf.MsgKey{1}
	chained := func(derive peers.DeriveFunc) func() {
		var key, iv [32]byte
		return func() {
			derive(&key, &iv, kdf.Client, &m)
			m = kdf.MsgKey(key[:])
		}
	}
	var others []suite.Row
	for _, p := range peers.KDFs() {
		if p.Derive.Way != "" {
			others = append(others, p.Derive.Row())
		}
	}
	for _, in := range slices.Backward(settings) {
		derive, _ := ours(k)
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: deriveWay, Setting: &in, Op: chained(derive),
			Versus: map[suite.Column][]suite.Row{suite.VsPeer: others, ofBlock: {block.Row()}},
		})
	}
	for _, p := range peers.KDFs() {
		if p.Derive.Way != "" {
			derive, _ := p.Prepare(k)
			c.Contenders = append(c.Contenders, suite.Contender{
				Label: p.Derive, Op: chained(derive),
				Versus: map[suite.Column][]suite.Row{ofBlock: {block.Row()}},
			})
		}
	}
	if limit.SHA256Available() {
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: block, Kind: results.Part,
			Op:    func() { limit.SHA256Block(suite.LimitHashed) },
			Worth: suite.LimitHashed,
		})
	}
	return c
}

// msgKeyOne hashes one message.
func msgKeyOne(size int, settings []suite.Setting) suite.Case {
	c := suite.Case{Name: msgKeyName(size), Op: msgKeyOp, Count: 1, Size: size, Bytes: size, Time: caseTime}
	k, padded := suite.AuthKey(1), make([]byte, size)
	var others []suite.Row
	for _, p := range peers.KDFs() {
		others = append(others, p.MsgKey.Row())
	}
	add := func(l suite.Label, in *suite.Setting, msgKey peers.MsgKeyFunc) {
		con := suite.Contender{
			Label: l, Setting: in,
			Op:     func() { msgKey(kdf.Client, padded) },
			Versus: map[suite.Column][]suite.Row{suite.OfLimit: {shaLimit.Row()}},
		}
		if in != nil {
			con.Versus[suite.VsPeer] = others
		}
		c.Contenders = append(c.Contenders, con)
	}
	for _, in := range slices.Backward(settings) {
		_, msgKey := ours(k)
		add(msgKeyWay, &in, msgKey)
	}
	for _, p := range peers.KDFs() {
		_, msgKey := p.Prepare(k)
		add(p.MsgKey, nil, msgKey)
	}
	c.Contenders = append(c.Contenders, suite.NewSHA256Limit(shaLimit, suite.SHA256Blocks(32+size))...)
	return c
}

// batchCase is one of the batches, and the same messages one at a time.
func batchCase(count int, of column, settings []suite.Setting) suite.Case {
	id, size := batchID(count, of), of.size
	c := suite.Case{
		Name: fmt.Sprintf("%d × %s", count, of), Op: id.Op, Count: count, Size: size, Bytes: count * size,
		Time: batchTime, InGrid: true,
	}
	jobs := make([]kdf.Job, count)
	for i := range jobs {
		jobs[i] = kdf.Job{AuthKey: suite.AuthKey(uint64(i)), Padded: make([]byte, size)}
	}
	batch, each := func() { kdf.DeriveBatch(jobs) }, func() {
		for i := range jobs {
			j := &jobs[i]
			j.AuthKey.Derive(&j.Key, &j.IV, j.Side, &j.MsgKey)
		}
	}
	if of.op == msgKeyBatchOp {
		batch, each = func() { kdf.MsgKeyBatch(jobs) }, func() {
			for i := range jobs {
				j := &jobs[i]
				j.MsgKey = j.AuthKey.MsgKey(j.Side, j.Padded)
			}
		}
	}
	singles := suite.Without(settings, "AVX-512")
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: suite.InBatch, Setting: &in, Op: batch,
			Versus: map[suite.Column][]suite.Row{suite.VsOne: {in.Single(singles)}},
		})
	}
	for _, in := range slices.Backward(singles) {
		c.Contenders = append(c.Contenders, suite.Contender{Label: suite.OneByOne, Setting: &in, Op: each})
	}
	return c
}

func msgKeyName(size int) string { return "msg_key " + results.Size(size) }

// A column of the grid is an operation, on messages of one size.
type column struct {
	op   string
	size int
}

func (c column) String() string {
	if c.op == msgKeyBatchOp {
		return msgKeyName(c.size)
	}
	return "derive batch"
}

func batchID(count int, c column) results.CaseID {
	return results.CaseID{Op: c.op, Count: count, Size: c.size}
}

func newGrid(columns []column, in suite.Setting) suite.Grid {
	g := suite.Grid{
		Title: suite.OurName(in), Corner: "messages",
		Case:      func(row, column int) results.CaseID { return batchID(batchCounts[row], columns[column]) },
		Contender: in.Row(results.Batch),
		Ratio:     suite.VsOne,
	}
	for _, count := range batchCounts {
		g.Rows = append(g.Rows, strconv.Itoa(count))
	}
	for _, c := range columns {
		g.Columns = append(g.Columns, c.String())
	}
	return g
}
