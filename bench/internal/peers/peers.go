// Package peers holds other people's implementations of what mtcore does. Everything that the benchmark
// knows about a peer is in its file: its name, its module, and what it can do. Each suite checks, and
// then measures, the peers that have something for it.
package peers

import (
	"crypto/rsa"
	"math/big"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
)

// A Peer is somebody else's implementation of part of the work. Fields for what it cannot do are nil.
type Peer struct {
	ID     string // the part of its ways before the dot
	Module string // whose version is in reports; empty if there is none

	Encrypt, Decrypt []IGE
	KDF              []KDF
	Sealers          []Sealer
	Openers          []Opener
	Powers           []Power
	Primes           []Prime
	Factorers        []Factorer
	RSASeals         []RSA // with the public key
	RSAOpens         []RSA // with the private key
	Exchanges        []Exchange
	SRPs             []SRP
}

// all lists the peers in the order of tables. Where results are compared with a single peer, it is the
// first one that does the same.
var all = []*Peer{gotdIGE, gotdTD, gogram, stdSHA256, simd, stdRSA, mathBig, filippo, openSSL, gnuMP}

// All returns the peers that are built into this program.
func All() []*Peer {
	var here []*Peer
	for _, p := range all {
		if p != nil {
			here = append(here, p)
		}
	}
	return here
}

// An IGE is a way to encrypt or to decrypt. Unlike mtcore, peers compute garbage in place, without
// warning.
type IGE struct {
	suite.Label
	Prepare PrepareIGE
	Column  suite.Column  // compares mtcore with it
	Against []results.Way // mtcore's ways that do the same amount of work
}

// A PrepareIGE does the part of the work that is not repeated for each message, such as expanding a key
// shared by many messages, and returns the rest: crypt starts again from iv each time.
type PrepareIGE func(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) (crypt func(dst, src []byte))

// A KDF hashes messages and, if Derive has a way, derives keys from the hashes, with an authorization
// key that it has seen before.
type KDF struct {
	Derive, MsgKey suite.Label
	Prepare        func(k *kdf.AuthKey) (DeriveFunc, MsgKeyFunc)
}

type (
	DeriveFunc func(key, iv *[32]byte, side kdf.Side, m *kdf.MsgKey)
	MsgKeyFunc func(side kdf.Side, padded []byte) kdf.MsgKey
)

// A Sealer seals messages that a client sends.
type Sealer struct {
	suite.Label
	Free    bool         // whether random bytes cost nothing and there are as few as possible
	Column  suite.Column // compares mtcore with it, if there is a column besides that of the fastest
	Prepare func(k *kdf.AuthKey) SealFunc
}

// An Opener opens messages that a client sends.
type Opener struct {
	suite.Label
	Column  suite.Column // as in Sealer
	Prepare func(k *kdf.AuthKey) OpenFunc
}

// A SealFunc returns the packet of a plaintext, which is valid until the next call.
type SealFunc func(plaintext []byte) (packet []byte)

// An OpenFunc returns the plaintext of a packet, to its last byte or without padding.
type OpenFunc func(packet []byte) (plaintext []byte, err error)

// CloudHeader is the part of the plaintext before the body, in cloud chats.
const CloudHeader = 32

// A Power computes base^exp modulo Telegram's prime into dst.
type Power struct {
	suite.Label
	Constant bool         // in time
	Column   suite.Column // compares mtcore with it, if there is a column besides that of the fastest
	Exp      PowerFunc
}

type PowerFunc func(dst, base, exp *[bigdh.Size]byte)

// A Prime reports whether a number is a safe prime. Like package bigdh, it tests both p and (p-1)/2
// with so many rounds that nobody gets a composite number past it.
type Prime struct {
	suite.Label
	Check func(p *big.Int) bool
}

// A Factorer returns the prime factors of pq, the smaller one first.
type Factorer struct {
	suite.Label
	Factor func(pq uint64) (p, q uint64)
}

// An RSA prepares the encryption or decryption of what a client sends in an exchange or, failing that,
// the peer's shortest operation with the key.
type RSA struct {
	suite.Label
	Prepare func(k *rsa.PrivateKey) (operation func() error)
}

// An Exchange does everything that a client and a server compute in an auth-key exchange.
type Exchange struct {
	suite.Label
	Run func(k *rsa.PrivateKey) error
}

// An SRP returns A and M1 of a client, for Telegram's prime and generator 3.
type SRP struct {
	suite.Label
	Check func(password, salt1, salt2, srpB []byte) (a, m1 []byte, err error)
}

// IGEs returns all of the peers' ways to encrypt or to decrypt.
func IGEs(d suite.Direction) []IGE {
	return gather(func(p *Peer) []IGE {
		if d == suite.Encrypt {
			return p.Encrypt
		}
		return p.Decrypt
	})
}

func KDFs() []KDF       { return gather(func(p *Peer) []KDF { return p.KDF }) }
func Sealers() []Sealer { return gather(func(p *Peer) []Sealer { return p.Sealers }) }
func Openers() []Opener { return gather(func(p *Peer) []Opener { return p.Openers }) }
func Powers() []Power   { return gather(func(p *Peer) []Power { return p.Powers }) }
func Primes() []Prime   { return gather(func(p *Peer) []Prime { return p.Primes }) }

func Factorers() []Factorer { return gather(func(p *Peer) []Factorer { return p.Factorers }) }
func RSASeals() []RSA       { return gather(func(p *Peer) []RSA { return p.RSASeals }) }
func RSAOpens() []RSA       { return gather(func(p *Peer) []RSA { return p.RSAOpens }) }
func Exchanges() []Exchange { return gather(func(p *Peer) []Exchange { return p.Exchanges }) }
func SRPs() []SRP           { return gather(func(p *Peer) []SRP { return p.SRPs }) }

func gather[T any](of func(p *Peer) []T) []T {
	var ways []T
	for _, p := range All() {
		ways = append(ways, of(p)...)
	}
	return ways
}

// Labels returns all of the peer's ways.
func (p *Peer) Labels() []suite.Label {
	var labels []suite.Label
	add := func(l suite.Label) {
		if l.Way != "" {
			labels = append(labels, l)
		}
	}
	for _, x := range append(p.Encrypt, p.Decrypt...) {
		add(x.Label)
	}
	for _, x := range p.KDF {
		add(x.Derive)
		add(x.MsgKey)
	}
	for _, x := range p.Sealers {
		add(x.Label)
	}
	for _, x := range p.Openers {
		add(x.Label)
	}
	for _, x := range p.Powers {
		add(x.Label)
	}
	for _, x := range p.Primes {
		add(x.Label)
	}
	for _, x := range p.Factorers {
		add(x.Label)
	}
	for _, x := range append(p.RSASeals, p.RSAOpens...) {
		add(x.Label)
	}
	for _, x := range p.Exchanges {
		add(x.Label)
	}
	for _, x := range p.SRPs {
		add(x.Label)
	}
	return labels
}
