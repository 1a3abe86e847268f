// Package login measures the computations of a login: the exchange of an authorization key, and the
// check of a password.
package login

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	_ "embed" // for the key
	"encoding/pem"
	"slices"
	"time"

	"github.com/mtcore/mtcore/authkey"
	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/internal/rsa2048"
	"github.com/mtcore/mtcore/internal/rsapad"
	"github.com/mtcore/mtcore/srp"
)

var (
	pqID       = results.CaseID{Op: "factor pq", Count: 1}
	sealID     = results.CaseID{Op: "rsa-pad seal", Count: 1}
	openID     = results.CaseID{Op: "rsa-pad open", Count: 1}
	exchangeID = results.CaseID{Op: "exchange", Count: 1}
	batchID    = results.CaseID{Op: "exchange batch", Count: 8}
	passwordID = results.CaseID{Op: "srp client", Count: 1}
	verifyID   = results.CaseID{Op: "srp server", Count: 1}
)

var (
	pqWay     = suite.Label{Way: "mtcore.pq", Who: "mtcore", How: "authkey.FactorPQ"}
	sealWay   = suite.Label{Way: "mtcore.rsa-pad-seal", How: "RSA_PAD"}
	openWay   = suite.Label{Way: "mtcore.rsa-pad-open", How: "RSA_PAD"}
	rsaWay    = suite.Label{Way: "mtcore.rsa-private", How: "x^d mod n alone"}
	bothWay   = suite.Label{Way: "mtcore.exchange", How: "Client and Server"}
	clientWay = suite.Label{Way: "mtcore.exchange-client", How: "Client"}
	serverWay = suite.Label{Way: "mtcore.exchange-server", How: "Server"}
	batchWay  = suite.Label{Way: "mtcore.exchange-servers", How: "StepBatch"}
	checkWay  = suite.Label{Way: "mtcore.srp-check", How: "srp.Check"}
	verifyWay = suite.Label{Way: "mtcore.srp-server", How: "NewServer, Verify"}
	pbkdf2Way = suite.Label{Way: "part.pbkdf2", Who: "crypto/pbkdf2", How: "100,000 iterations"}

	ofPBKDF2 = suite.Column{ID: "of-pbkdf2", Title: "× PBKDF2", Multiple: true}
)

const legend = `pq: products of two random primes with 31 bits, the same ones for everybody. RSA_PAD: 96 bytes, with
a key of 2048 bits; crypto/rsa does not have it, and removes another padding. Exchange: everything
that is computed, from req_pq_multi to dh_gen_ok; Client and Server each get the recorded messages
of the other side, and the random bytes that go with them. A server with one core does 10⁹ divided
by ns/op exchanges per second. 8 exchanges: Servers alone, whose last messages are one batch.
vs peer: how many times faster than the fastest peer; for an exchange, than both of the peer's
sides.
× PBKDF2: time as a multiple of the standard library's PBKDF2 alone.`

const (
	shortTime = 1500 * time.Millisecond
	longTime  = 2400 * time.Millisecond
)

// allBackends is the setting with the best backend of each package.
const allBackends = "all backends"

// settings are those of all packages together: generic, the intermediate ones of bigdh and RSA, and the
// best.
func settings() []suite.Setting {
	packages := []string{"ige", "kdf", "envelope"}
	var all []suite.Setting
	powers, private := suite.StatesOf("bigdh"), suite.StatesOf("rsa2048")
	for i := range powers {
		s := suite.Setting{Name: powers[i].Name}
		switch i {
		case 0:
			s.Name = suite.Generic
		case len(powers) - 1:
			s.Name = allBackends
		}
		s.States = append(s.States, powers[i], private[i])
		for _, pkg := range packages {
			states := suite.StatesOf(pkg)
			if i == 0 {
				s.States = append(s.States, states[0])
			} else {
				s.States = append(s.States, states[len(states)-1])
			}
		}
		all = append(all, s)
	}
	return all
}

// New returns the suite.
func New(opt suite.Options) suite.Suite {
	settings := settings()
	measured := opt.Measured(settings)
	s := suite.Suite{
		Name:     "login",
		Backends: suite.Names(settings),
		Check:    func(passed func(string)) error { return check(settings, peers.Factorers(), passed) },
		Columns:  []suite.Column{suite.VsPeer, ofPBKDF2},
		Legend:   legend,
	}
	if len(measured) == 0 {
		return s
	}
	s.Cases = []suite.Case{
		pqCase(),
		sealCase(measured),
		openCase(measured),
		exchangeCase(measured),
		batchCase(measured[len(measured)-1]),
		clientCase(measured),
		serverCase(measured),
	}
	s.Targets = targets(measured)
	return s
}

func newCase(name string, id results.CaseID, t time.Duration) suite.Case {
	return suite.Case{Name: name, Op: id.Op, Count: id.Count, Time: t}
}

// key is the RSA key that is measured.
var key = func() *rsa.PrivateKey {
	block, _ := pem.Decode(keyPEM)
	return suite.Must(x509.ParsePKCS1PrivateKey(block.Bytes))
}()

//go:embed key.pem
var keyPEM []byte

func pqCase() suite.Case {
	c := newCase("pq, 62 bits", pqID, longTime)
	numbers := manyPQ(64)
	var others []suite.Row
	for _, p := range peers.Factorers() {
		others = append(others, p.Row())
	}
	next := 0
	c.Contenders = append(c.Contenders, suite.Contender{
		Label: pqWay, Kind: results.Ours, Versus: map[suite.Column][]suite.Row{suite.VsPeer: others},
		Op: func() {
			n := numbers[next%len(numbers)]
			next++
			if p, q, err := authkey.FactorPQ(context.Background(), n.bytes); err != nil || p != n.p || q != n.q {
				panic("bench: internal error: wrong factors")
			}
		},
	})
	for _, peer := range peers.Factorers() {
		next := 0
		c.Contenders = append(c.Contenders, suite.Contender{Label: peer.Label, Op: func() {
			n := numbers[next%len(numbers)]
			next++
			if p, q := peer.Factor(n.p * n.q); p != n.p || q != n.q {
				panic("bench: " + peer.Who + " found wrong factors")
			}
		}})
	}
	return c
}

func sealCase(settings []suite.Setting) suite.Case {
	c := newCase("RSA_PAD, seal", sealID, shortTime/2)
	own := suite.Must(rsa2048.NewPublicKey(key.N.Bytes(), uint32(key.E)))
	data := make([]byte, 96)
	addRSA(&c, settings, sealWay, peers.RSASeals(), func() error {
		var out [rsapad.Size]byte
		return rsapad.Seal(&out, own, data, rand.Reader)
	})
	return c
}

func openCase(settings []suite.Setting) suite.Case {
	c := newCase("RSA_PAD, open", openID, shortTime)
	own := suite.Must(rsa2048.NewPrivateKey(key))
	var encrypted [rsapad.Size]byte
	must(rsapad.Seal(&encrypted, own.Public(), make([]byte, 96), rand.Reader))
	addRSA(&c, settings, openWay, peers.RSAOpens(), func() error {
		var padded [rsapad.PaddedSize]byte
		return rsapad.Open(&padded, own, encrypted[:])
	})
	addRSA(&c, settings, rsaWay, nil, func() error {
		var x [rsa2048.Size]byte
		return own.Decrypt(&x, &encrypted)
	})
	return c
}

// addRSA adds mtcore in the settings, and the peers.
func addRSA(c *suite.Case, settings []suite.Setting, l suite.Label, others []peers.RSA, own func() error) {
	versus := map[suite.Column][]suite.Row{}
	for _, p := range others {
		versus[suite.VsPeer] = append(versus[suite.VsPeer], p.Row())
	}
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders, suite.Contender{Label: l, Setting: &in, Versus: versus, Op: func() { must(own()) }})
	}
	for _, peer := range others {
		operation := peer.Prepare(key)
		c.Contenders = append(c.Contenders, suite.Contender{Label: peer.Label, Op: func() { must(operation()) }})
	}
}

func exchangeCase(settings []suite.Setting) suite.Case {
	c := newCase("exchange of a key", exchangeID, longTime)
	var others []suite.Row
	for _, p := range peers.Exchanges() {
		others = append(others, p.Row())
	}
	versus := map[suite.Column][]suite.Row{suite.VsPeer: others}
	recordings := manyRecordings(32)
	for _, in := range slices.Backward(settings) {
		next := 0
		each := func(f func(*recording) error) func() {
			return func() {
				must(f(recordings[next%len(recordings)]))
				next++
			}
		}
		c.Contenders = append(c.Contenders,
			suite.Contender{Label: bothWay, Setting: &in, Versus: versus, Op: func() { must(exchange()) }},
			suite.Contender{Label: clientWay, Setting: &in, Op: each((*recording).client)},
			suite.Contender{Label: serverWay, Setting: &in, Op: each((*recording).server)})
	}
	for _, peer := range peers.Exchanges() {
		c.Contenders = append(c.Contenders, suite.Contender{Label: peer.Label, Op: func() { must(peer.Run(key)) }})
	}
	return c
}

// batchCase is the server's side of several exchanges.
func batchCase(in suite.Setting) suite.Case {
	c := newCase("8 exchanges, servers", batchID, shortTime/2)
	recordings := manyRecordings(batchID.Count)
	c.Contenders = append(c.Contenders,
		suite.Contender{Label: batchWay, Setting: &in, Op: func() { must(servers(recordings)) }},
		suite.Contender{Label: suite.OneByOne, Setting: &in, Op: func() {
			for _, r := range recordings {
				must(r.server())
			}
		}})
	return c
}

func clientCase(settings []suite.Setting) suite.Case {
	c := newCase("password, client", passwordID, longTime)
	a := newAccount()
	versus := map[suite.Column][]suite.Row{ofPBKDF2: {pbkdf2Way.Row()}}
	for _, p := range peers.SRPs() {
		versus[suite.VsPeer] = append(versus[suite.VsPeer], p.Row())
	}
	b := suite.Must(srp.NewServer(&a.params, &a.verifier)).B()
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders, suite.Contender{Label: checkWay, Setting: &in, Versus: versus, Op: func() {
			_, _, err := srp.Check(context.Background(), &a.params, password, b[:])
			must(err)
		}})
	}
	c.Contenders = append(c.Contenders, suite.Contender{Label: pbkdf2Way, Kind: results.Part, Op: func() {
		suite.Must(pbkdf2.Key(sha512.New, string(make([]byte, 32)), a.params.Salt1, 100_000, sha512.Size))
	}})
	for _, peer := range peers.SRPs() {
		c.Contenders = append(c.Contenders, suite.Contender{Label: peer.Label, Op: func() {
			_, _, err := peer.Check(password, a.params.Salt1, a.params.Salt2, b[:])
			must(err)
		}})
	}
	return c
}

func serverCase(settings []suite.Setting) suite.Case {
	c := newCase("password, server", verifyID, shortTime)
	a := newAccount()
	b := suite.Must(srp.NewServer(&a.params, &a.verifier)).B()
	public, proof, err := srp.Check(context.Background(), &a.params, password, b[:])
	must(err)
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders, suite.Contender{Label: verifyWay, Setting: &in, Op: func() {
			// Verify answers once, so this is for another B, which takes as long and fails.
			suite.Must(srp.NewServer(&a.params, &a.verifier)).Verify(public[:], proof[:])
		}})
	}
	return c
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// targets returns targets for machines that have the instructions.
func targets(settings []suite.Setting) []suite.Target {
	all := []suite.Target{{Case: pqID, Row: pqWay.Row(), Column: suite.NsPerOp, Bound: 250e3}}
	add := func(in suite.Setting, id results.CaseID, l suite.Label, c suite.Column, bound float64) {
		all = append(all, suite.Target{Case: id, Row: in.Row(l.Way), Column: c, Bound: bound})
	}
	powers := suite.StatesOf("bigdh")
	for _, in := range settings {
		switch {
		case in.Name == allBackends && powers[len(powers)-1].Name == "IFMA":
			add(in, openID, rsaWay, suite.NsPerOp, 130e3)
			add(in, exchangeID, clientWay, suite.NsPerOp, 1.2e6)
			add(in, exchangeID, serverWay, suite.NsPerOp, 0.6e6)
			add(in, verifyID, verifyWay, suite.NsPerOp, 0.5e6)
			add(in, exchangeID, bothWay, suite.VsPeer, 150)
		case in.Name == "ADX":
			add(in, openID, rsaWay, suite.NsPerOp, 380e3)
		}
	}
	best := settings[len(settings)-1]
	add(best, passwordID, checkWay, ofPBKDF2, 1.05)
	add(best, exchangeID, bothWay, suite.AllocsPerOp, 40)
	return all
}
