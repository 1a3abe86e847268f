// Package ige measures AES-256-IGE for one stream.
package ige

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
)

const legend = `One-shot is an ige.Message whose fields are all set each time; reused is an Encrypter or Decrypter
that is reset with a Cipher. The gotd API is EncryptBlocks or DecryptBlocks, of mtcore or of
gotd/ige, with a crypto/aes block that is made for each message, as in gotd/td, or reused.
vs gotd, vs gogram: how many times faster; key setup is compared with key setup, and reuse with
reuse.
× limit: time as a multiple of 14 dependent AES rounds per block, which no implementation of one
stream can beat. But a CPU starts the next message before it has finished a short one whose result
is not needed: then less than 1 is possible.`

// A Way is a way to encrypt or decrypt a message with package ige.
type Way struct {
	suite.Label
	Prepare peers.PrepareIGE
	dropIn  bool // whether it has the API of gotd/ige
}

// Ways are the ways to call package ige.
func Ways(d suite.Direction) []Way {
	if d == suite.Encrypt {
		return []Way{
			{oneShot, messageEncrypt, false},
			{reused, encrypterReset, false},
			{dropInNew, peers.WithNewCipher(ige.EncryptBlocks), true},
			{dropInReused, peers.WithBlock(ige.EncryptBlocks), true},
		}
	}
	return []Way{
		{oneShot, messageDecrypt, false},
		{reused, decrypterReset, false},
		{dropInNew, peers.WithNewCipher(ige.DecryptBlocks), true},
		{dropInReused, peers.WithBlock(ige.DecryptBlocks), true},
		{dropInKey, peers.WithKey(ige.DecryptAES256Blocks), true},
	}
}

var (
	oneShot      = suite.Label{Way: results.OneShot, How: "one-shot, key expanded"}
	reused       = suite.Label{Way: "mtcore.cipher-reused", How: "Cipher reused"}
	dropInNew    = suite.Label{Way: results.DropInNew, How: peers.NewCipher}
	dropInReused = suite.Label{Way: "mtcore.dropin-reused", How: peers.BlockReused}
	dropInKey    = suite.Label{Way: "mtcore.dropin-key", How: peers.DecryptAES256}
)

// messageEncrypt sets all fields of a Message each time. It neither makes a new one nor sets
// them in one statement: Go builds a composite literal aside and then copies it, which took a
// third of the time of 64 bytes, and such a statement copies the iv too.
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
	c := suite.Must(ige.NewCipher(key[:]))
	e := ige.NewEncrypter(c, iv)
	return func(dst, src []byte) {
		e.Reset(c, iv)
		e.CryptBlocks(dst, src)
	}
}

func decrypterReset(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
	c := suite.Must(ige.NewCipher(key[:]))
	d := ige.NewDecrypter(c, iv)
	return func(dst, src []byte) {
		d.Reset(c, iv)
		d.CryptBlocks(dst, src)
	}
}

// New returns the suite.
func New(opt suite.Options) suite.Suite {
	settings := suite.SettingsOf("ige")
	measured := OneStream(opt.Measured(settings))
	s := suite.Suite{
		Name:     "ige",
		Backends: suite.Names(settings),
		Check:    func(passed func(string)) error { return check(settings, Ways, peers.IGEs, passed) },
		Legend:   legend,
	}
	for _, p := range slices.Concat(peers.IGEs(suite.Encrypt), peers.IGEs(suite.Decrypt)) {
		if !slices.Contains(s.Columns, p.Column) {
			s.Columns = append(s.Columns, p.Column)
		}
	}
	s.Columns = append(s.Columns, suite.OfLimit)
	for _, d := range suite.Choice(opt.Directions, suite.Encrypt, suite.Decrypt) {
		for _, size := range suite.Choice(opt.Sizes, 64, 256, 1<<10, 16<<10, 1<<20) {
			s.Cases = append(s.Cases, newCase(d, size, measured))
		}
	}
	if len(measured) > 0 {
		best := measured[len(measured)-1]
		s.Targets = targets(best)
		s.Cycles = []suite.CycleRow{{
			Name: "EncryptBlocks, a block of crypto/aes, 64 B", Case: caseID(suite.Encrypt, 64),
			Contends: [suite.CycleColumns]suite.Row{best.Row(dropInReused.Way), "", "gotd-ige.reused"},
		}}
	}
	return s
}

// OneStream drops the settings that make no difference to one stream: VAES is for batches,
// and leaves one stream to AES-NI.
func OneStream(settings []suite.Setting) []suite.Setting {
	has := func(name string) bool {
		return slices.ContainsFunc(settings, func(s suite.Setting) bool { return s.Name == name })
	}
	return slices.DeleteFunc(slices.Clone(settings), func(s suite.Setting) bool {
		return strings.HasPrefix(s.Name, "VAES") && has("AES-NI")
	})
}

const caseTime = 1700 * time.Millisecond

func newCase(d suite.Direction, size int, settings []suite.Setting) suite.Case {
	id := caseID(d, size)
	c := suite.Case{
		Name: fmt.Sprintf("%s %s", d, results.Size(size)), Op: id.Op, Count: id.Count, Size: id.Size,
		Bytes: size, Time: caseTime,
	}
	key, iv := new([ige.KeySize]byte), new([ige.IVSize]byte)
	dst, src := make([]byte, size), make([]byte, size)

	add := func(l suite.Label, prepare peers.PrepareIGE, in *suite.Setting) *suite.Contender {
		if in != nil {
			defer in.Enter()()
		}
		crypt := prepare(key, iv)
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: l, Setting: in,
			Op:     func() { crypt(dst, src) },
			Versus: map[suite.Column][]suite.Row{suite.OfLimit: {suite.LimitAES.Row()}},
		})
		return &c.Contenders[len(c.Contenders)-1]
	}
	for i, in := range slices.Backward(settings) {
		if !suite.MeasuredWith(settings, i, size) {
			continue
		}
		for _, w := range Ways(d) {
			// The overhead of gotd/ige's API does not depend on the backend.
			if i < len(settings)-1 && w.dropIn {
				continue
			}
			con := add(w.Label, w.Prepare, &in)
			for _, p := range peers.IGEs(d) {
				if slices.Contains(p.Against, w.Way) {
					con.Versus[p.Column] = append(con.Versus[p.Column], p.Row())
				}
			}
		}
	}
	for _, p := range peers.IGEs(d) {
		add(p.Label, p.Prepare, nil)
	}
	if limit.Available() {
		c.Contenders = append(c.Contenders, suite.NewLimit(suite.LimitAES, limit.Blocks, size))
	}
	return c
}

func caseID(d suite.Direction, size int) results.CaseID {
	return results.CaseID{Op: string(d), Count: 1, Size: size}
}

// targets returns the targets for one stream.
func targets(best suite.Setting) []suite.Target {
	var all []suite.Target
	add := func(d suite.Direction, size int, l suite.Label, c suite.Column, bound float64) {
		all = append(all, suite.Target{Case: caseID(d, size), Row: best.Row(l.Way), Column: c, Bound: bound})
	}
	for _, d := range []suite.Direction{suite.Encrypt, suite.Decrypt} {
		add(d, 16<<10, oneShot, suite.OfLimit, 1.02)
	}
	for _, d := range []suite.Direction{suite.Encrypt, suite.Decrypt} {
		add(d, 16<<10, oneShot, peers.VsGotd, 1.5)
	}
	add(suite.Encrypt, 64, oneShot, peers.VsGotd, 3)
	for _, d := range []suite.Direction{suite.Encrypt, suite.Decrypt} {
		add(d, 1<<10, dropInNew, peers.VsGotd, 1.4)
	}
	return all
}
