// Package bigdh measures Diffie–Hellman.
package bigdh

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/results"
)

var (
	expID   = results.CaseID{Op: "exp", Count: 1}
	fixedID = results.CaseID{Op: "exp generator", Count: 1}
	batchID = results.CaseID{Op: "exp batch", Count: 16}
	primeID = results.CaseID{Op: "check prime", Count: 1}
)

var (
	expWay     = suite.Label{Way: results.Exp, How: "Group.Exp"}
	dhWay      = suite.Label{Way: results.DH, How: "PrivateKey.DH"}
	fixedWay   = suite.Label{Way: results.NewKey, How: "NewPrivateKey"}
	batchWay   = suite.Label{Way: "mtcore.dh-batch", How: "DHBatch"}
	knownWay   = suite.Label{Way: results.KnownGroup, How: "NewGroup, Telegram's prime"}
	seenWay    = suite.Label{Way: results.SeenGroup, How: "NewGroup, checked before"}
	unknownWay = suite.Label{Way: results.NewGroup, How: "NewGroup, unknown"}

	ofExp = suite.Column{ID: "of-exp", Title: "× Exp", Multiple: true}
)

const legend = `y^x and 3^x are powers modulo Telegram's prime, with secret exponents of 2048 bits. IFMA, ADX and
generic are backends of mtcore; ADX has the IFMA instructions forced off, generic is Go without
assembly. NewPrivateKey computes a public key, using tables of powers of 3. DHBatch computes 16
shared secrets, and one at a time is PrivateKey.DH in a loop.
vs peer: how many times faster than the fastest peer that is constant-time too; for the check of a
prime, than the fastest peer that checks as much.
× bigmod, × OpenSSL, × Exp: time as a multiple of theirs, and of Group.Exp with the same backend.
NewGroup, unknown: the last of 64 Miller–Rabin rounds is left out, so that the verdict is not
remembered. OpenSSL and GMP are measured if the program was built with -tags openssl,gmp.`

const (
	expTime   = 2000 * time.Millisecond
	fixedTime = 1500 * time.Millisecond
	primeTime = 2 * time.Second
)

// ourPower computes a power modulo Telegram's prime.
func ourPower(dst, base, exp *[bigdh.Size]byte) {
	if err := suite.Telegram().Exp(dst, base, exp); err != nil {
		panic(err)
	}
}

// New returns the suite.
func New(opt suite.Options) suite.Suite {
	settings := suite.SettingsOf("bigdh")
	measured := opt.Measured(settings)
	s := suite.Suite{
		Name:     "bigdh",
		Backends: suite.Names(settings),
		Check:    func(passed func(string)) error { return check(settings, ourPower, peers.Powers(), passed) },
		Columns:  []suite.Column{suite.VsPeer},
		Legend:   legend,
	}
	for _, p := range peers.Powers() {
		if p.Column.ID != "" {
			s.Columns = append(s.Columns, p.Column)
		}
	}
	s.Columns = append(s.Columns, ofExp)
	if len(measured) == 0 {
		return s
	}
	s.Cases = []suite.Case{
		expCase(measured),
		fixedCase(measured),
		batchCase(measured[len(measured)-1:]),
		primeCase(measured),
	}
	s.Targets = targets(measured)
	best := measured[len(measured)-1]
	s.Cycles = []suite.CycleRow{{
		Name: "DHBatch of 16", Case: batchID,
		Contends: [suite.CycleColumns]suite.Row{best.Row(batchWay.Way), best.Row(results.OneByOne)},
	}}
	return s
}

func newCase(name string, id results.CaseID, t time.Duration) suite.Case {
	return suite.Case{Name: name, Op: id.Op, Count: id.Count, Size: id.Size, Time: t}
}

// expCase is a power of an arbitrary number.
func expCase(settings []suite.Setting) suite.Case {
	c := newCase("y^x, 2048 bits", expID, expTime)
	base, exp := suite.RandomPower(7)
	key, peer := keyPair()
	for _, in := range slices.Backward(settings) {
		versus := powerVersus(in)
		c.Contenders = append(c.Contenders,
			powerContender(expWay, &in, ourPower, base, exp, versus),
			suite.Contender{Label: dhWay, Setting: &in, Op: dhOp(key, peer), Versus: versus})
	}
	addPeers(&c, base, exp)
	return c
}

func dhOp(key *bigdh.PrivateKey, peer *bigdh.PublicKey) func() {
	var secret [bigdh.Size]byte
	return func() {
		if err := key.DH(&secret, peer); err != nil {
			panic(err)
		}
	}
}

func powerContender(l suite.Label, in *suite.Setting, f peers.PowerFunc, base, exp *[bigdh.Size]byte, versus map[suite.Column][]suite.Row) suite.Contender {
	var dst [bigdh.Size]byte
	return suite.Contender{Label: l, Setting: in, Op: func() { f(&dst, base, exp) }, Versus: versus}
}

func addPeers(c *suite.Case, base, exp *[bigdh.Size]byte) {
	for _, p := range peers.Powers() {
		c.Contenders = append(c.Contenders, powerContender(p.Label, nil, p.Exp, base, exp, nil))
	}
}

// powerVersus compares mtcore in a setting with the peers and with Exp.
func powerVersus(in suite.Setting) map[suite.Column][]suite.Row {
	versus := map[suite.Column][]suite.Row{ofExp: {in.Row(expWay.Way)}}
	for _, p := range peers.Powers() {
		if p.Constant {
			versus[suite.VsPeer] = append(versus[suite.VsPeer], p.Row())
		}
		if p.Column.ID != "" {
			versus[p.Column] = []suite.Row{p.Row()}
		}
	}
	return versus
}

// fixedCase is a power of the generator.
func fixedCase(settings []suite.Setting) suite.Case {
	c := newCase("3^x, 2048 bits", fixedID, fixedTime)
	_, exp := suite.RandomPower(8)
	three := &[bigdh.Size]byte{bigdh.Size - 1: 3}
	for _, in := range slices.Backward(settings) {
		versus := powerVersus(in)
		c.Contenders = append(c.Contenders,
			suite.Contender{Label: fixedWay, Setting: &in, Op: func() { suite.Must(suite.Telegram().NewPrivateKey(exp[:])) }, Versus: versus},
			powerContender(expWay, &in, ourPower, three, exp, versus))
	}
	addPeers(&c, three, exp)
	return c
}

// batchCase computes several shared secrets.
func batchCase(settings []suite.Setting) suite.Case {
	c := newCase("16 × y^x", batchID, expTime/2)
	jobs := make([]bigdh.DHJob, batchID.Count)
	for i := range jobs {
		key, peer := keyPair()
		jobs[i] = bigdh.DHJob{Key: key, Peer: peer}
	}
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders,
			suite.Contender{Label: batchWay, Setting: &in, Op: func() { bigdh.DHBatch(jobs) }},
			suite.Contender{Label: suite.OneByOne, Setting: &in, Op: func() {
				for i := range jobs {
					j := &jobs[i]
					j.Err = j.Key.DH(&j.Secret, j.Peer)
				}
			}},
		)
	}
	return c
}

// primeCase is the check of a safe prime.
func primeCase(settings []suite.Setting) suite.Case {
	c := newCase("check of a prime", primeID, primeTime)
	prime := suite.Telegram().Prime()
	unknown, seen := fromHex(ffdheHex), fromHex(modpHex)
	// The check of the first prime tells how long the check of the second one takes.
	counting := &polls{Context: context.Background()}
	suite.Must(bigdh.NewGroupContext(counting, seen, 2))
	var others []suite.Row
	for _, p := range peers.Primes() {
		others = append(others, p.Row())
	}
	vs := map[suite.Column][]suite.Row{suite.VsPeer: others}
	best := settings[len(settings)-1]
	c.Contenders = append(c.Contenders,
		suite.Contender{Label: knownWay, Setting: &best, Versus: vs, Op: func() { suite.Must(bigdh.NewGroup(prime[:], 3)) }},
		suite.Contender{Label: seenWay, Setting: &best, Versus: vs, Op: func() { suite.Must(bigdh.NewGroup(seen, 2)) }},
	)
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: unknownWay, Setting: &in, Versus: vs,
			Op: func() {
				almost := &polls{Context: context.Background(), max: counting.count}
				if _, err := bigdh.NewGroupContext(almost, unknown, 2); err != context.Canceled {
					panic(fmt.Sprint("bench: internal error: the check went on to ", err))
				}
			},
		})
	}
	p := new(big.Int).SetBytes(unknown)
	for _, checker := range peers.Primes() {
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: checker.Label,
			Op: func() {
				if !checker.Check(p) {
					panic("bench: " + checker.Who + " refused a safe prime")
				}
			},
		})
	}
	return c
}

// polls is a context that counts the calls of Err. It is done after max of them, unless max
// is 0.
type polls struct {
	context.Context
	count, max int
}

func (p *polls) Err() error {
	p.count++
	if p.max > 0 && p.count >= p.max {
		return context.Canceled
	}
	return nil
}

func fromHex(s string) []byte { return suite.Must(hex.DecodeString(s)) }

func keyPair() (*bigdh.PrivateKey, *bigdh.PublicKey) {
	return suite.Must(suite.Telegram().GenerateKey(nil)), suite.Must(suite.Telegram().GenerateKey(nil)).PublicKey()
}

// targets returns the targets of each backend.
func targets(settings []suite.Setting) []suite.Target {
	var all []suite.Target
	add := func(in suite.Setting, id results.CaseID, l suite.Label, c suite.Column, bound float64) {
		all = append(all, suite.Target{Case: id, Row: in.Row(l.Way), Column: c, Bound: bound})
	}
	for _, in := range slices.Backward(settings) {
		switch in.Name {
		case "IFMA":
			add(in, expID, expWay, peers.OfOpenSSL, 0.23)
			add(in, expID, expWay, peers.OfBigmod, 0.16)
			add(in, primeID, unknownWay, suite.NsPerOp, 45e6)
		case "ADX":
			add(in, expID, expWay, peers.OfOpenSSL, 0.85)
			add(in, expID, expWay, peers.OfBigmod, 0.57)
		case suite.Generic:
			if bigmodPortable {
				add(in, expID, expWay, peers.OfBigmod, 0.85)
			}
		}
		add(in, fixedID, fixedWay, ofExp, 0.30)
	}
	best := settings[len(settings)-1]
	add(best, primeID, knownWay, suite.NsPerOp, 1000)
	add(best, expID, expWay, suite.AllocsPerOp, 0)
	add(best, expID, dhWay, suite.AllocsPerOp, 0)
	return all
}
