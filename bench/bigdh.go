package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"time"

	"filippo.io/bigmod"
	td "github.com/gotd/td/crypto"

	"github.com/mtcore/mtcore/bench/internal/gmp"
	"github.com/mtcore/mtcore/bench/internal/openssl"
	"github.com/mtcore/mtcore/bigdh"
)

const (
	expCase   = "y^x, 2048 bits"
	fixedCase = "3^x, 2048 bits"
	dhBatch   = "16 × y^x"
	primeCase = "check of a prime"

	ourExp       = "Group.Exp"
	ourDH        = "PrivateKey.DH"
	ourFixed     = "NewPrivateKey"
	ourKnown     = "NewGroup, Telegram's prime"
	ourSeen      = "NewGroup, checked before"
	ourUnknown   = "NewGroup, unknown"
	bigmodName   = "filippo.io/bigmod"
	bigmodExp    = "Nat.Exp"
	mathBig      = "math/big"
	mathBigExp   = "Int.Exp, not constant-time"
	mathBigPrime = "ProbablyPrime(64) of p and (p-1)/2"
	opensslName  = "OpenSSL"
	opensslExp   = "BN_mod_exp_mont_consttime"
	opensslPrime = "BN_check_prime of p and (p-1)/2"
	gmpName      = "GMP"
	gmpExp       = "mpz_powm_sec"
	tdCheck      = "crypto.CheckDH"
)

var (
	vsConstant = column{title: "vs peer"}
	ofBigmod   = column{title: "× bigmod", multiple: true}
	ofOpenSSL  = column{title: "× OpenSSL", multiple: true}
	ofExp      = column{title: "× Exp", multiple: true}
)

const bigdhLegend = `y^x and 3^x are powers modulo Telegram's prime, with secret exponents of 2048 bits. IFMA, ADX and generic are
backends of mtcore; ADX has the IFMA instructions forced off, generic is Go without assembly. NewPrivateKey
computes a public key, for which there are tables of powers of 3.
vs peer: how many times faster than the fastest peer that is constant-time too. To check a prime: than the
fastest of all that check as much.
× bigmod, × OpenSSL, × Exp: time as a multiple of theirs, and of Group.Exp with the same backend.
NewGroup, unknown: the last of 64 rounds of Miller and Rabin's test is left out, so that the verdict is not
remembered. OpenSSL and GMP are measured if the program was built with -tags openssl,gmp.`

const (
	expTime   = 2000 * time.Millisecond
	fixedTime = 1500 * time.Millisecond
	primeTime = 2 * time.Second
)

// A power sets dst to base^exp modulo Telegram's prime.
type power struct {
	who, how string
	constant bool // in time
	exp      func(dst, base, exp *[bigdh.Size]byte)
}

func ourPower(dst, base, exp *[bigdh.Size]byte) {
	if err := telegram().Exp(dst, base, exp); err != nil {
		panic(err)
	}
}

// telegram returns the group of Telegram's prime and 3.
var telegram = sync.OnceValue(func() *bigdh.Group {
	return must(bigdh.Telegram(3))
})

// powers are the peers. The first is the one that all others are checked against.
func powers() []power {
	prime := telegram().Prime()
	p := new(big.Int).SetBytes(prime[:])
	m := must(bigmod.NewModulus(prime[:]))
	peers := []power{
		{mathBig, mathBigExp, false, func(dst, base, exp *[bigdh.Size]byte) {
			x, y := new(big.Int).SetBytes(base[:]), new(big.Int).SetBytes(exp[:])
			x.Exp(x, y, p).FillBytes(dst[:])
		}},
		{bigmodName, bigmodExp, true, func(dst, base, exp *[bigdh.Size]byte) {
			x := must(bigmod.NewNat().SetBytes(base[:], m))
			copy(dst[:], bigmod.NewNat().Exp(x, exp[:], m).Bytes(m))
		}},
	}
	if openssl.Available {
		mod := openssl.NewModulus(prime[:])
		peers = append(peers, power{opensslName, opensslExp, true, func(dst, base, exp *[bigdh.Size]byte) {
			mod.Exp(dst[:], base[:], exp[:])
		}})
	}
	if gmp.Available {
		mod := gmp.NewModulus(prime[:])
		peers = append(peers, power{gmpName, gmpExp, true, func(dst, base, exp *[bigdh.Size]byte) {
			mod.Exp(dst[:], base[:], exp[:])
		}})
	}
	return peers
}

// bigdhSuite is Diffie–Hellman.
func bigdhSuite(opt options) suite {
	settings := settingsOf("bigdh")
	measured := opt.measured(settings)
	s := suite{
		name:    "bigdh",
		check:   func(passed func(string)) error { return checkBigDH(settings, ourPower, powers(), passed) },
		columns: []column{vsConstant, ofBigmod, ofOpenSSL, ofExp},
		legend:  bigdhLegend,
	}
	if !openssl.Available {
		s.columns = []column{vsConstant, ofBigmod, ofExp}
	}
	if len(measured) == 0 {
		return s
	}
	s.cases = []benchCase{
		expBench(measured),
		fixedBench(measured),
		dhBatchBench(measured[len(measured)-1:]),
		primeBench(measured),
	}
	s.targets = bigdhTargets(measured)
	return s
}

// expBench is a power of any number.
func expBench(settings []setting) benchCase {
	c := benchCase{name: expCase, op: "exp", count: 1, time: expTime}
	base, exp := randomPower(7)
	key, peer := keyPair()
	peers := powers()
	for _, in := range slices.Backward(settings) {
		addPower(&c, ourName(in), ourExp, &in, ourPower, peers, base, exp)
		c.contenders = append(c.contenders, contender{
			who: ourName(in), how: ourDH, setting: &in, op: dhOp(key, peer),
			versus: powerVersus(peers, in),
		})
	}
	for _, p := range peers {
		addPower(&c, p.who, p.how, nil, p.exp, peers, base, exp)
	}
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

func addPower(c *benchCase, who, how string, in *setting, f func(dst, base, exp *[bigdh.Size]byte), peers []power, base, exp *[bigdh.Size]byte) {
	var dst [bigdh.Size]byte
	con := contender{who: who, how: how, setting: in, op: func() { f(&dst, base, exp) }}
	if in != nil {
		con.versus = powerVersus(peers, *in)
	}
	c.contenders = append(c.contenders, con)
}

// powerVersus compares ours in a setting with the peers, and with Exp.
func powerVersus(peers []power, in setting) map[column][]id {
	versus := map[column][]id{ofExp: {{ourName(in), ourExp}}}
	for _, p := range peers {
		id := id{p.who, p.how}
		if p.constant {
			versus[vsConstant] = append(versus[vsConstant], id)
		}
		switch p.who {
		case bigmodName:
			versus[ofBigmod] = append(versus[ofBigmod], id)
		case opensslName:
			versus[ofOpenSSL] = append(versus[ofOpenSSL], id)
		}
	}
	return versus
}

// fixedBench is a power of the generator.
func fixedBench(settings []setting) benchCase {
	c := benchCase{name: fixedCase, op: "exp generator", count: 1, time: fixedTime}
	_, exp := randomPower(8)
	three := &[bigdh.Size]byte{bigdh.Size - 1: 3}
	peers := powers()
	for _, in := range slices.Backward(settings) {
		c.contenders = append(c.contenders, contender{
			who: ourName(in), how: ourFixed, setting: &in,
			op:     func() { must(telegram().NewPrivateKey(exp[:])) },
			versus: powerVersus(peers, in),
		})
		addPower(&c, ourName(in), ourExp, &in, ourPower, nil, three, exp)
	}
	for _, p := range peers {
		addPower(&c, p.who, p.how, nil, p.exp, nil, three, exp)
	}
	return c
}

// dhBatchBench is several shared secrets.
func dhBatchBench(settings []setting) benchCase {
	c := benchCase{name: dhBatch, op: "exp batch", count: 16, time: expTime / 2}
	jobs := make([]bigdh.DHJob, 16)
	for i := range jobs {
		key, peer := keyPair()
		jobs[i] = bigdh.DHJob{Key: key, Peer: peer}
	}
	for _, in := range slices.Backward(settings) {
		c.contenders = append(c.contenders,
			contender{who: ourName(in), how: "DHBatch", setting: &in, op: func() { bigdh.DHBatch(jobs) }},
			contender{who: ourName(in), how: oneByOne, setting: &in, op: func() {
				for i := range jobs {
					j := &jobs[i]
					j.Err = j.Key.DH(&j.Secret, j.Peer)
				}
			}},
		)
	}
	return c
}

// primeBench is the check of a safe prime.
func primeBench(settings []setting) benchCase {
	c := benchCase{name: primeCase, op: "check prime", count: 1, time: primeTime}
	prime := telegram().Prime()
	unknown, seen := fromHex(ffdheHex), fromHex(modpHex)
	// In the check of the one prime we learn how long that of the other takes.
	counting := &polls{Context: context.Background()}
	must(bigdh.NewGroupContext(counting, seen, 2))
	checkers := primeCheckers()
	var peers []id
	for _, p := range checkers {
		peers = append(peers, id{p.who, p.how})
	}
	vs := map[column][]id{vsConstant: peers}
	best := settings[len(settings)-1]
	c.contenders = append(c.contenders,
		contender{who: ourName(best), how: ourKnown, setting: &best, versus: vs, op: func() { must(bigdh.NewGroup(prime[:], 3)) }},
		contender{who: ourName(best), how: ourSeen, setting: &best, versus: vs, op: func() { must(bigdh.NewGroup(seen, 2)) }},
	)
	for _, in := range slices.Backward(settings) {
		c.contenders = append(c.contenders, contender{
			who: ourName(in), how: ourUnknown, setting: &in, versus: vs,
			op: func() {
				almost := &polls{Context: context.Background(), max: counting.count}
				if _, err := bigdh.NewGroupContext(almost, unknown, 2); err != context.Canceled {
					panic(fmt.Sprint("bench: internal error: the check went on to ", err))
				}
			},
		})
	}
	p := new(big.Int).SetBytes(unknown)
	for _, checker := range checkers {
		c.contenders = append(c.contenders, contender{
			who: checker.who, how: checker.how,
			op: func() {
				if !checker.check(p) {
					panic("bench: " + checker.who + " refused a safe prime")
				}
			},
		})
	}
	return c
}

// polls is a context that counts how often somebody looks whether it is done, and is done
// when that was max times, unless max is 0.
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

// A primeChecker reports whether a number is a safe prime.
type primeChecker struct {
	who, how string
	check    func(p *big.Int) bool
}

// primeCheckers are peers that, like package bigdh, test both p and (p-1)/2 for so long that
// nobody gets a composite number past them.
func primeCheckers() []primeChecker {
	checkers := []primeChecker{
		{tdName, tdCheck, func(p *big.Int) bool { return td.CheckDH(2, p) == nil }},
		{mathBig, mathBigPrime, func(p *big.Int) bool {
			return p.ProbablyPrime(64) && new(big.Int).Rsh(p, 1).ProbablyPrime(64)
		}},
	}
	if openssl.Available {
		checkers = append(checkers, primeChecker{opensslName, opensslPrime, func(p *big.Int) bool {
			return openssl.IsPrime(p.Bytes()) && openssl.IsPrime(new(big.Int).Rsh(p, 1).Bytes())
		}})
	}
	return checkers
}

func fromHex(s string) []byte {
	return must(hex.DecodeString(s))
}

// randomPower returns a base below Telegram's prime and an exponent of all bits.
func randomPower(seed byte) (base, exp *[bigdh.Size]byte) {
	random := mathrand.NewChaCha8([32]byte{seed})
	base, exp = new([bigdh.Size]byte), new([bigdh.Size]byte)
	random.Read(base[:])
	random.Read(exp[:])
	base[0] &= 0x7f
	exp[0] |= 0x80
	return base, exp
}

func keyPair() (*bigdh.PrivateKey, *bigdh.PublicKey) {
	return must(telegram().GenerateKey(nil)), must(telegram().GenerateKey(nil)).PublicKey()
}

// bigdhTargets are those of each backend.
func bigdhTargets(settings []setting) []target {
	var targets []target
	add := func(in setting, caseName, how string, c column, bound float64) {
		targets = append(targets, target{caseName: caseName, row: id{ourName(in), how}, column: c, bound: bound})
	}
	for _, in := range slices.Backward(settings) {
		switch in.name {
		case "IFMA":
			add(in, expCase, ourExp, ofOpenSSL, 0.23)
			add(in, expCase, ourExp, ofBigmod, 0.16)
			add(in, primeCase, ourUnknown, nsPerOp, 45e6)
		case "ADX":
			add(in, expCase, ourExp, ofOpenSSL, 0.85)
			add(in, expCase, ourExp, ofBigmod, 0.57)
		case generic:
			if bigmodPortable {
				add(in, expCase, ourExp, ofBigmod, 0.85)
			}
		}
		add(in, fixedCase, ourFixed, ofExp, 0.30)
	}
	best := settings[len(settings)-1]
	add(best, primeCase, ourKnown, nsPerOp, 1000)
	add(best, expCase, ourExp, allocsPerOp, 0)
	add(best, expCase, ourDH, allocsPerOp, 0)
	return targets
}
