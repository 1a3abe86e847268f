package main

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"time"

	"github.com/gotd/td/bin"
	td "github.com/gotd/td/crypto"
	simd "github.com/minio/sha256-simd"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/report"
	"github.com/mtcore/mtcore/kdf"
)

const (
	tdName      = "gotd/td"
	tdKeys      = "crypto.Keys"
	tdMsgKey    = "crypto.MessageKey"
	gogramHash  = "concatenates, crypto/sha256"
	stdSHA      = "crypto/sha256"
	simdSHA     = "sha256-simd"
	hashReused  = "Reset, Write, Sum"
	ourDerive   = "AuthKey.Derive"
	ourMsgKey   = "AuthKey.MsgKey"
	deriveCase  = "derive"
	deriveBatch = "derive batch"
	msgKeyBatch = "msg_key batch"
)

var (
	vsPeer  = column{title: "vs peer"}
	ofBlock = column{title: "× block", multiple: true}
)

const kdfLegend = `derive is from a message key to the key and the iv of AES, MTProto 2.0; each message key is out of the
key before. msg_key is the hash of a message. Messages of a batch have different authorization keys.
vs peer: how many times faster than the fastest peer.
× block: time as a multiple of one block of SHA-256 by the CPU's instructions for it. A derivation has two, but
of two hashes, so that neither waits for the other.
× limit: time as a multiple of the blocks of one hash, each of which waits for the one before.`

// A keyDeriver is somebody's way to hash message keys and to derive from them, with an
// authorization key that it has seen before.
type keyDeriver struct {
	who                  string
	howDerive, howMsgKey string // "" if it does not do that
	prepare              func(k *kdf.AuthKey) (derive deriveFunc, msgKey msgKeyFunc)
}

type (
	deriveFunc func(key, iv *[32]byte, side kdf.Side, m *kdf.MsgKey)
	msgKeyFunc func(side kdf.Side, padded []byte) kdf.MsgKey
)

func ourDeriver(k *kdf.AuthKey) (deriveFunc, msgKeyFunc) { return k.Derive, k.MsgKey }

// keyDerivers are the peers. The first is the one that all others are checked against.
func keyDerivers() []keyDeriver {
	return []keyDeriver{
		{tdName, tdKeys, tdMsgKey, tdDeriver},
		{gogramName, gogramHash, gogramHash, gogramDeriver},
		{stdSHA, "", hashReused, func(k *kdf.AuthKey) (deriveFunc, msgKeyFunc) { return nil, reusedHash(k, sha256.New()) }},
		{simdSHA, "", hashReused, func(k *kdf.AuthKey) (deriveFunc, msgKeyFunc) { return nil, reusedHash(k, simd.New()) }},
	}
}

func tdDeriver(k *kdf.AuthKey) (deriveFunc, msgKeyFunc) {
	authKey := td.Key(*k)
	derive := func(key, iv *[32]byte, side kdf.Side, m *kdf.MsgKey) {
		aesKey, aesIV := td.Keys(authKey, bin.Int128(*m), td.Side(side))
		*key, *iv = aesKey, aesIV
	}
	msgKey := func(side kdf.Side, padded []byte) kdf.MsgKey {
		return kdf.MsgKey(td.MessageKey(authKey, padded, td.Side(side)))
	}
	return derive, msgKey
}

// gogramDeriver is no code of gogram's, but goes about the work as that does: with slices
// that are put together for each hash.
func gogramDeriver(k *kdf.AuthKey) (deriveFunc, msgKeyFunc) {
	derive := func(key, iv *[32]byte, side kdf.Side, m *kdf.MsgKey) {
		x := sideOffset(side)
		a := sha256.Sum256(concat(m[:], k[x:x+36]))
		b := sha256.Sum256(concat(k[40+x:76+x], m[:]))
		copy(key[:], concat(a[0:8], b[8:24], a[24:32]))
		copy(iv[:], concat(b[0:8], a[8:24], b[24:32]))
	}
	msgKey := func(side kdf.Side, padded []byte) kdf.MsgKey {
		x := sideOffset(side)
		large := sha256.Sum256(concat(k[88+x:120+x], padded))
		return kdf.MsgKey(large[8:24])
	}
	return derive, msgKey
}

func sideOffset(side kdf.Side) int { return 8 * int(side) }

func concat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func reusedHash(k *kdf.AuthKey, h hash.Hash) msgKeyFunc {
	var large [sha256.Size]byte
	return func(side kdf.Side, padded []byte) kdf.MsgKey {
		h.Reset()
		h.Write(k[88+sideOffset(side):][:32])
		h.Write(padded)
		h.Sum(large[:0])
		return kdf.MsgKey(large[8:24])
	}
}

const (
	kdfTime      = 700 * time.Millisecond
	kdfBatchTime = 350 * time.Millisecond
)

var kdfBatchCounts = []int{2, 4, 8, 16, 64}

// kdfSuite is the derivation of keys.
func kdfSuite(opt options) suite {
	settings := settingsOf("kdf")
	measured := opt.measured(settings)
	s := suite{
		name:    "kdf",
		check:   func(passed func(string)) error { return checkKDF(settings, ourDeriver, keyDerivers(), passed) },
		columns: []column{vsPeer, ofBlock, ofLimit},
		legend:  kdfLegend,
	}
	if len(measured) == 0 {
		return s
	}
	singles := without(measured, "AVX-512")
	s.cases = append(s.cases, deriveOne(singles))
	sizes := choice(opt.sizes, 64, 1<<10, 16<<10)
	for _, size := range sizes {
		s.cases = append(s.cases, msgKeyOne(size, singles))
	}
	columns := []string{deriveBatch}
	for _, count := range kdfBatchCounts {
		s.cases = append(s.cases, kdfBatch(deriveBatch, count, 0, measured))
	}
	for _, size := range sizes {
		if size > 4<<10 {
			continue // the longer, the less a batch is than its messages
		}
		columns = append(columns, msgKeyColumn(size))
		for _, count := range kdfBatchCounts {
			s.cases = append(s.cases, kdfBatch(msgKeyBatch, count, size, measured))
		}
	}
	for _, in := range slices.Backward(measured) {
		s.grids = append(s.grids, kdfGrid(columns, in))
	}
	one := singles[len(singles)-1]
	s.targets = append(s.targets, target{caseName: deriveCase, row: id{ourName(one), ourDerive}, column: allocsPerOp})
	if one.name != generic {
		s.targets = append(s.targets, target{caseName: deriveCase, row: id{ourName(one), ourDerive}, column: ofBlock, bound: 1.3})
	}
	return s
}

// deriveOne is the derivation for one message.
func deriveOne(settings []setting) benchCase {
	c := benchCase{name: deriveCase, op: deriveCase, count: 1, time: kdfTime}
	k, m := randomAuthKey(1), kdf.MsgKey{1}
	chained := func(derive deriveFunc) func() {
		var key, iv [32]byte
		return func() {
			derive(&key, &iv, kdf.Client, &m)
			m = kdf.MsgKey(key[:])
		}
	}
	peers := keyDerivers()
	var peerIDs []id
	for _, p := range peers {
		if p.howDerive != "" {
			peerIDs = append(peerIDs, id{p.who, p.howDerive})
		}
	}
	for _, in := range slices.Backward(settings) {
		derive, _ := ourDeriver(k)
		c.contenders = append(c.contenders, contender{
			who: ourName(in), how: ourDerive, setting: &in, op: chained(derive),
			versus: map[column][]id{vsPeer: peerIDs, ofBlock: {blockID}},
		})
	}
	for _, p := range peers {
		if p.howDerive != "" {
			derive, _ := p.prepare(k)
			c.contenders = append(c.contenders, contender{
				who: p.who, how: p.howDerive, op: chained(derive),
				versus: map[column][]id{ofBlock: {blockID}},
			})
		}
	}
	if limit.SHA256Available() {
		c.contenders = append(c.contenders, contender{
			who: blockID.who, how: blockID.how, kind: report.Part,
			op:    func() { limit.SHA256Block(probeHashed) },
			worth: probeHashed,
		})
	}
	return c
}

// msgKeyOne is the hash of one message.
func msgKeyOne(size int, settings []setting) benchCase {
	c := benchCase{name: "msg_key " + report.Size(size), op: "msg_key", count: 1, size: size, bytes: size, time: kdfTime}
	k, padded := randomAuthKey(1), make([]byte, size)
	peers := keyDerivers()
	var peerIDs []id
	for _, p := range peers {
		peerIDs = append(peerIDs, id{p.who, p.howMsgKey})
	}
	add := func(who, how string, in *setting, msgKey msgKeyFunc) {
		con := contender{
			who: who, how: how, setting: in,
			op:     func() { msgKey(kdf.Client, padded) },
			versus: map[column][]id{ofLimit: {shaLimitID}},
		}
		if in != nil {
			con.versus[vsPeer] = peerIDs
		}
		c.contenders = append(c.contenders, con)
	}
	for _, in := range slices.Backward(settings) {
		_, msgKey := ourDeriver(k)
		add(ourName(in), ourMsgKey, &in, msgKey)
	}
	for _, p := range peers {
		_, msgKey := p.prepare(k)
		add(p.who, p.howMsgKey, nil, msgKey)
	}
	return withSHAProbe(c, hashBlocks(32+size))
}

var (
	blockID    = id{"part", "one block of SHA-256"}
	shaLimitID = id{limitWho, "SHA-256 of as many blocks"}
)

// hashBlocks is how many blocks the hash of n bytes has.
func hashBlocks(n int) int { return (n + 1 + 8 + 63) / 64 }

// withSHAProbe adds a row for so many blocks of SHA-256, if there is a probe for that.
func withSHAProbe(c benchCase, blocks int) benchCase {
	if limit.SHA256Available() {
		c.contenders = append(c.contenders, contender{
			who: shaLimitID.who, how: shaLimitID.how,
			op:    func() { limit.SHA256(probeHashed) },
			worth: probeHashed / float64(blocks),
		})
	}
	return c
}

// probeHashed is how many blocks a probe hashes in one go.
const probeHashed = 256

// kdfBatch is one of the batches, and the same one at a time.
func kdfBatch(op string, count, size int, settings []setting) benchCase {
	heading := op
	if op == msgKeyBatch {
		heading = msgKeyColumn(size)
	}
	c := benchCase{
		name: kdfBatchName(strconv.Itoa(count), heading), op: op, count: count, size: size, bytes: count * size,
		time: kdfBatchTime, inGrid: true,
	}
	jobs := make([]kdf.Job, count)
	for i := range jobs {
		jobs[i] = kdf.Job{AuthKey: randomAuthKey(uint64(i)), Padded: make([]byte, size)}
	}
	batch, each := func() { kdf.DeriveBatch(jobs) }, func() {
		for i := range jobs {
			j := &jobs[i]
			j.AuthKey.Derive(&j.Key, &j.IV, j.Side, &j.MsgKey)
		}
	}
	if op == msgKeyBatch {
		batch, each = func() { kdf.MsgKeyBatch(jobs) }, func() {
			for i := range jobs {
				j := &jobs[i]
				j.MsgKey = j.AuthKey.MsgKey(j.Side, j.Padded)
			}
		}
	}
	singles := without(settings, "AVX-512")
	for _, in := range slices.Backward(settings) {
		c.contenders = append(c.contenders, contender{
			who: ourName(in), how: inBatch, setting: &in, op: batch,
			versus: map[column][]id{vsOne: {singleID(in, singles)}},
		})
	}
	for _, in := range slices.Backward(singles) {
		c.contenders = append(c.contenders, contender{who: ourName(in), how: oneByOne, setting: &in, op: each})
	}
	return c
}

func msgKeyColumn(size int) string { return "msg_key " + report.Size(size) }

func kdfBatchName(count, heading string) string { return fmt.Sprintf("%s × %s", count, heading) }

func kdfGrid(columns []string, in setting) grid {
	g := grid{
		title: ourName(in), corner: "messages", columns: columns,
		caseName:  kdfBatchName,
		contender: id{ourName(in), inBatch},
		ratio:     vsOne,
	}
	for _, count := range kdfBatchCounts {
		g.rows = append(g.rows, strconv.Itoa(count))
	}
	return g
}
