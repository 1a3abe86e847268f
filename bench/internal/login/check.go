package login

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"

	"github.com/mtcore/mtcore/authkey"
	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/rsa2048"
	"github.com/mtcore/mtcore/srp"
)

// A number is a pq with its factors.
type number struct {
	p, q  uint64
	bytes []byte
}

// manyPQ returns numbers like those that servers send. They are the same in every run.
func manyPQ(n int) []number {
	random := mathrand.New(mathrand.NewPCG(1, 2))
	prime := func() uint64 {
		for {
			if x := uint64(random.Uint32()>>1 | 1<<30 | 1); big.NewInt(int64(x)).ProbablyPrime(0) {
				return x
			}
		}
	}
	numbers := make([]number, n)
	for i := range numbers {
		p, q := prime(), prime()
		numbers[i] = number{min(p, q), max(p, q), binary.BigEndian.AppendUint64(nil, p*q)}
	}
	return numbers
}

var (
	ownKey = suite.Must(authkey.ParsePrivateKey(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))

	clientOptions = authkey.ClientOptions{Keys: []*authkey.PublicKey{ownKey.PublicKey()}, DC: 2}
	serverOptions = authkey.ServerOptions{Key: ownKey, DC: 2}
)

// A recording is an exchange that either side can repeat by itself: given the same random bytes, it
// sends the same messages.
type recording struct {
	clientSeed, serverSeed [32]byte
	messages               [][]byte
}

func manyRecordings(n int) []*recording {
	all := make([]*recording, n)
	for i := range all {
		r := &recording{clientSeed: [32]byte{byte(i)}, serverSeed: [32]byte{byte(i), 1}}
		must(r.record())
		all[i] = r
	}
	return all
}

// with calls f with random in place of the system's random bytes.
func with(random io.Reader, f func() error) error {
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	rand.Reader = random
	return f()
}

func (r *recording) record() error {
	clientRandom, serverRandom := mathrand.NewChaCha8(r.clientSeed), mathrand.NewChaCha8(r.serverSeed)
	var c *authkey.Client
	err := with(clientRandom, func() error {
		c = authkey.NewClient(clientOptions)
		return nil
	})
	if err != nil {
		return err
	}
	s := authkey.NewServer(serverOptions)
	step := func(random io.Reader, side interface {
		Step(context.Context, []byte) ([]byte, error)
	}, message []byte) (reply []byte, err error) {
		r.messages = append(r.messages, message)
		err = with(random, func() (err error) {
			reply, err = side.Step(context.Background(), message)
			return err
		})
		return reply, err
	}
	for message := c.Start(); message != nil; {
		if message, err = step(serverRandom, s, message); err != nil {
			return err
		}
		if message, err = step(clientRandom, c, message); err != nil {
			return err
		}
	}
	return nil
}

// client repeats what the client did.
func (r *recording) client() error {
	return with(mathrand.NewChaCha8(r.clientSeed), func() error {
		c := authkey.NewClient(clientOptions)
		c.Start()
		for i := 1; i < len(r.messages); i += 2 {
			if _, err := c.Step(context.Background(), r.messages[i]); err != nil {
				return err
			}
		}
		_, err := c.Result()
		return err
	})
}

// server repeats what the server did.
func (r *recording) server() error {
	return with(mathrand.NewChaCha8(r.serverSeed), func() error {
		s := authkey.NewServer(serverOptions)
		for i := 0; i < len(r.messages); i += 2 {
			if _, err := s.Step(context.Background(), r.messages[i]); err != nil {
				return err
			}
		}
		_, err := s.Result()
		return err
	})
}

// servers repeats what several servers did, and has all of them take the last message at once. Nothing
// is random in that step.
func servers(rs []*recording) error {
	jobs := make([]authkey.StepJob, len(rs))
	for i, r := range rs {
		last := len(r.messages) - 2 // the client's
		s := authkey.NewServer(serverOptions)
		err := with(mathrand.NewChaCha8(r.serverSeed), func() (err error) {
			for i := 0; i < last && err == nil; i += 2 {
				_, err = s.Step(context.Background(), r.messages[i])
			}
			return err
		})
		if err != nil {
			return err
		}
		jobs[i] = authkey.StepJob{Server: s, Message: r.messages[last]}
	}
	authkey.StepBatch(context.Background(), jobs)
	for i := range jobs {
		if jobs[i].Err != nil {
			return jobs[i].Err
		}
		if _, err := jobs[i].Server.Result(); err != nil {
			return err
		}
	}
	return nil
}

// exchange makes two sides agree on a key.
func exchange() error {
	c, s := authkey.NewClient(clientOptions), authkey.NewServer(serverOptions)
	var err error
	for message := c.Start(); message != nil; {
		if message, err = s.Step(context.Background(), message); err != nil {
			return err
		}
		if message, err = c.Step(context.Background(), message); err != nil {
			return err
		}
	}
	a, err := c.Result()
	if err != nil {
		return err
	}
	b, err := s.Result()
	if err != nil {
		return err
	}
	if *a != *b {
		return errors.New("two sides with different results")
	}
	return nil
}

// An account is what a server stores for a password.
type account struct {
	params   srp.Params
	verifier [srp.Size]byte
}

var password = []byte("a password")

func newAccount() *account {
	a := &account{params: srp.Params{Group: suite.Telegram(), Salt1: []byte("eight by"), Salt2: []byte("sixteen bytes...")}}
	v, salt1, err := srp.NewVerifier(context.Background(), &a.params, password)
	must(err)
	a.verifier, a.params.Salt1 = v, salt1
	return a
}

// check lets everybody factor numbers. In each of the settings, it also makes two sides exchange a key
// and one side repeat what was recorded, and compares RSA and passwords with the standard library and
// the peers.
func check(settings []suite.Setting, factorers []peers.Factorer, passed func(line string)) error {
	numbers := manyPQ(24)
	for i, n := range numbers {
		p, q, err := authkey.FactorPQ(context.Background(), n.bytes)
		if err != nil || p != n.p || q != n.q {
			return fmt.Errorf("mtcore: %d is %d·%d (%v), want %d·%d", n.p*n.q, p, q, err, n.p, n.q)
		}
		for _, peer := range factorers {
			if i > 1 {
				break // some take long
			}
			if p, q := peer.Factor(n.p * n.q); p != n.p || q != n.q {
				return fmt.Errorf("%s: %d is %d·%d, want %d·%d", peer.Who, n.p*n.q, p, q, n.p, n.q)
			}
		}
	}
	passed(fmt.Sprintf("mtcore finds the factors of %d numbers, and the peers those of two", len(numbers)))
	for _, in := range settings {
		if err := checkSetting(in); err != nil {
			return fmt.Errorf("%s: %w", suite.OurName(in), err)
		}
		passed(fmt.Sprintf("%s: RSA, exchanges and passwords, beside math/big and the peers", suite.OurName(in)))
	}
	return nil
}

func checkSetting(in suite.Setting) error {
	defer in.Enter()()
	var x, y [rsa2048.Size]byte
	mathrand.NewChaCha8([32]byte{7}).Read(x[1:])
	if err := suite.Must(rsa2048.NewPrivateKey(key)).Decrypt(&y, &x); err != nil {
		return err
	}
	want := new(big.Int).SetBytes(x[:])
	want.Exp(want, key.D, key.N)
	if err := suite.FirstDifference(y[:], want.FillBytes(make([]byte, len(y)))); err != nil {
		return fmt.Errorf("RSA: %w", err)
	}
	if err := exchange(); err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	rs := manyRecordings(batchID.Count)
	if err := rs[0].client(); err != nil {
		return fmt.Errorf("recorded exchange, client: %w", err)
	}
	if err := rs[0].server(); err != nil {
		return fmt.Errorf("recorded exchange, server: %w", err)
	}
	if err := servers(rs); err != nil {
		return fmt.Errorf("recorded exchanges, servers: %w", err)
	}

	a := newAccount()
	for _, typed := range [][]byte{password, []byte("another")} {
		s := suite.Must(srp.NewServer(&a.params, &a.verifier))
		b := s.B()
		public, proof, err := srp.Check(context.Background(), &a.params, typed, b[:])
		if err != nil {
			return err
		}
		if got, want := s.Verify(public[:], proof[:]), bytes.Equal(typed, password); got != want {
			return fmt.Errorf("password %q is accepted: %v, want %v", typed, got, want)
		}
	}
	return nil
}
