package main

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/report"
	"github.com/mtcore/mtcore/ige"
)

type direction string

const (
	encrypt direction = "encrypt"
	decrypt direction = "decrypt"
)

// What the rows say was done for a message.
const (
	oneShot       = "one-shot, key expanded"
	cipherReused  = "Cipher reused"
	newCipher     = "gotd API, aes.NewCipher"
	blockReused   = "gotd API, block reused"
	decryptAES256 = "gotd API, DecryptAES256Blocks"
)

var (
	vsGotd   = column{title: "vs gotd"}
	vsGogram = column{title: "vs gogram"}
	ofLimit  = column{title: "× limit", multiple: true}
)

const igeLegend = `One-shot is an ige.Message with all fields set anew; reused is an Encrypter or Decrypter that starts
again with a Cipher. The gotd API is EncryptBlocks or DecryptBlocks, of mtcore or of gotd/ige, with a crypto/aes block
that is made for each message, as gotd/td does, or reused.
vs gotd, vs gogram: how many times faster, key setup compared with key setup and reuse with reuse.
× limit: time as a multiple of 14 dependent AES rounds a block, which no implementation of one stream
can beat. But a CPU begins a message before it has finished the one before, if that is short and its
result not needed: then less than 1 is possible.`

// A way is one way to have a message encrypted or decrypted.
type way struct {
	how     string
	prepare prepareFunc
	versus  map[column][]id // the rows that our ways are compared with
	dropIn  bool            // whether it has the API of gotd/ige
}

// A prepareFunc does what is not part of the work on each message, such as expanding
// a key that many have in common, and returns what is: crypt starts again from iv
// each time.
type prepareFunc func(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) (crypt func(dst, src []byte))

// ourWays are the ways to call package ige.
func ourWays(d direction) []way {
	gotdNew := id{gotdName, newCipher}
	gotdReused := id{gotdName, blockReused}
	gogram := id{gogramName, gogramHow}
	if d == encrypt {
		return []way{
			{how: oneShot, prepare: messageEncrypt, versus: map[column][]id{vsGotd: {gotdNew}, vsGogram: {gogram}}},
			{how: cipherReused, prepare: encrypterReset, versus: map[column][]id{vsGotd: {gotdReused}}},
			{how: newCipher, prepare: withNewCipher(ige.EncryptBlocks), versus: map[column][]id{vsGotd: {gotdNew}, vsGogram: {gogram}}, dropIn: true},
			{how: blockReused, prepare: withBlock(ige.EncryptBlocks), versus: map[column][]id{vsGotd: {gotdReused}}, dropIn: true},
		}
	}
	gotdKey := id{gotdName, decryptAES256}
	return []way{
		{how: oneShot, prepare: messageDecrypt, versus: map[column][]id{vsGotd: {gotdNew}, vsGogram: {gogram}}},
		{how: cipherReused, prepare: decrypterReset, versus: map[column][]id{vsGotd: {gotdReused}}},
		{how: newCipher, prepare: withNewCipher(ige.DecryptBlocks), versus: map[column][]id{vsGotd: {gotdNew}, vsGogram: {gogram}}, dropIn: true},
		{how: blockReused, prepare: withBlock(ige.DecryptBlocks), versus: map[column][]id{vsGotd: {gotdReused}}, dropIn: true},
		{how: decryptAES256, prepare: withKey(ige.DecryptAES256Blocks), versus: map[column][]id{vsGotd: {gotdKey}, vsGogram: {gogram}}, dropIn: true},
	}
}

// messageEncrypt sets all fields of a Message each time. It does not make a new one, nor sets
// them in one statement: Go builds a composite literal aside and then copies it, which took
// a third of the time of 64 bytes, and the iv of such a statement as well.
func messageEncrypt(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
	var m ige.Message
	return func(dst, src []byte) {
		m.Key = *key
		m.IV = *iv
		m.Dst, m.Src = dst, src
		m.Encrypt()
	}
}

// messageDecrypt is messageEncrypt for the other direction.
func messageDecrypt(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
	var m ige.Message
	return func(dst, src []byte) {
		m.Key = *key
		m.IV = *iv
		m.Dst, m.Src = dst, src
		if err := m.Decrypt(); err != nil {
			panic(err)
		}
	}
}

func encrypterReset(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
	c := expand(key)
	e := ige.NewEncrypter(c, iv)
	return func(dst, src []byte) {
		e.Reset(c, iv)
		e.CryptBlocks(dst, src)
	}
}

func decrypterReset(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
	c := expand(key)
	d := ige.NewDecrypter(c, iv)
	return func(dst, src []byte) {
		d.Reset(c, iv)
		d.CryptBlocks(dst, src)
	}
}

func expand(key *[ige.KeySize]byte) *ige.Cipher {
	c, err := ige.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	return c
}

// withNewCipher is how gotd/td calls a function of the shape of EncryptBlocks: with
// a block that it makes for each message.
func withNewCipher(blocks func(b cipher.Block, iv, dst, src []byte)) prepareFunc {
	return func(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
		return func(dst, src []byte) { blocks(newBlock(key), iv[:], dst, src) }
	}
}

// withBlock calls it with a block that all messages share.
func withBlock(blocks func(b cipher.Block, iv, dst, src []byte)) prepareFunc {
	return func(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
		b := newBlock(key)
		return func(dst, src []byte) { blocks(b, iv[:], dst, src) }
	}
}

// withKey calls a function of the shape of DecryptAES256Blocks.
func withKey(crypt func(key, iv, dst, src []byte)) prepareFunc {
	return func(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
		return func(dst, src []byte) { crypt(key[:], iv[:], dst, src) }
	}
}

func newBlock(key *[ige.KeySize]byte) cipher.Block {
	b, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	return b
}

// igeSuite is one stream of AES-256-IGE.
func igeSuite(opt options) suite {
	settings := settingsOf("ige")
	measured := oneStream(opt.measured(settings))
	s := suite{
		name:    "ige",
		check:   func(passed func(string)) error { return checkIGE(settings, ourWays, peers, passed) },
		columns: []column{vsGotd, vsGogram, ofLimit},
		legend:  igeLegend,
	}
	for _, d := range choice(opt.directions, encrypt, decrypt) {
		for _, size := range choice(opt.sizes, 64, 256, 1<<10, 16<<10, 1<<20) {
			s.cases = append(s.cases, igeCase(d, size, measured))
		}
	}
	if len(measured) > 0 {
		s.targets = igeTargets(ourName(measured[len(measured)-1]))
	}
	return s
}

// oneStream drops the settings of which one stream knows nothing: VAES is for batches,
// and leaves one stream to AES-NI.
func oneStream(settings []setting) []setting {
	has := func(name string) bool {
		return slices.ContainsFunc(settings, func(s setting) bool { return s.name == name })
	}
	return slices.DeleteFunc(slices.Clone(settings), func(s setting) bool {
		return strings.HasPrefix(s.name, "VAES") && has("AES-NI")
	})
}

const igeTime = 1700 * time.Millisecond

// maxGeneric is the largest message that the generic implementation, the first of
// the settings, is measured with where the machine has a better one.
const maxGeneric = 1 << 10

func igeCase(d direction, size int, settings []setting) benchCase {
	c := benchCase{name: igeCaseName(d, size), op: string(d), count: 1, size: size, bytes: size, time: igeTime}
	key, iv := new([ige.KeySize]byte), new([ige.IVSize]byte)
	dst, src := make([]byte, size), make([]byte, size)

	add := func(who string, w way, in *setting) {
		if in != nil {
			defer in.enter()()
		}
		crypt := w.prepare(key, iv)
		versus := map[column][]id{ofLimit: {limitID}}
		maps.Copy(versus, w.versus)
		c.contenders = append(c.contenders, contender{
			who: who, how: w.how, setting: in,
			op:     func() { crypt(dst, src) },
			versus: versus,
		})
	}
	for i, in := range slices.Backward(settings) {
		best := i == len(settings)-1
		if !best && i == 0 && size > maxGeneric {
			continue
		}
		for _, w := range ourWays(d) {
			// What the API of gotd/ige adds does not depend on the backend.
			if best || !w.dropIn {
				add(ourName(in), w, &in)
			}
		}
	}
	for _, p := range peers(d) {
		add(p.who, p.way, nil)
	}
	if limit.Available() {
		c.contenders = append(c.contenders, probe(limitID, limit.Blocks, size))
	}
	return c
}

// limitWho is in the rows of what nothing can be faster than.
const limitWho = "limit"

var limitID = id{limitWho, "14 dependent AES rounds a block"}

// probeBlocks is how many blocks a probe runs in one go, since short runs overlap.
// All probes can run exactly so many.
const probeBlocks = 3840

// probe returns the contender that does what run does for the blocks of size bytes.
func probe(name id, run func(blocks int), size int) contender {
	return contender{
		who: name.who, how: name.how,
		op:    func() { run(probeBlocks) },
		worth: probeBlocks / (float64(size) / ige.BlockSize),
	}
}

func igeCaseName(d direction, size int) string { return fmt.Sprintf("%s %s", d, report.Size(size)) }

func ourName(s setting) string { return "mtcore " + s.name }

// igeTargets are those for one stream.
func igeTargets(ours string) []target {
	var targets []target
	for _, d := range []direction{encrypt, decrypt} {
		targets = append(targets, target{caseName: igeCaseName(d, 16<<10), row: id{ours, oneShot}, column: ofLimit, bound: 1.02})
	}
	for _, d := range []direction{encrypt, decrypt} {
		targets = append(targets, target{caseName: igeCaseName(d, 16<<10), row: id{ours, oneShot}, column: vsGotd, bound: 1.5})
	}
	targets = append(targets, target{caseName: igeCaseName(encrypt, 64), row: id{ours, oneShot}, column: vsGotd, bound: 3})
	for _, d := range []direction{encrypt, decrypt} {
		targets = append(targets, target{caseName: igeCaseName(d, 1<<10), row: id{ours, newCipher}, column: vsGotd, bound: 1.4})
	}
	return targets
}
