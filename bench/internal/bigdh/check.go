package bigdh

import (
	"bytes"
	"fmt"
	"math/big"
	"math/rand/v2"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bigdh"
)

// checkedPowers is how many powers of random numbers each contender computes, besides those
// of numbers that are all ones or all zeros.
const checkedPowers = 12

// A powerSample is a power to check.
type powerSample struct{ base, exp, want [bigdh.Size]byte }

// check compares the powers that everybody computes with those of the first peer: first the
// other peers, then mtcore, in each of the settings. In each setting it also makes two
// sides agree on a key.
func check(settings []suite.Setting, ours peers.PowerFunc, others []peers.Power, passed func(line string)) error {
	samples := makePowers(others[0])
	for _, p := range others[1:] {
		if err := checkPower(p.Exp, samples); err != nil {
			return fmt.Errorf("%s: %w", p.Who, err)
		}
	}
	passed(fmt.Sprintf("the peers agree: %d powers of 2048 bits", len(samples)))
	for _, in := range settings {
		if err := checkSetting(in, ours, samples); err != nil {
			return fmt.Errorf("%s: %w", suite.OurName(in), err)
		}
		passed(fmt.Sprintf("%s agrees with %s: the same, and exchanges of keys with generators 3, 4 and 7, in batches too", suite.OurName(in), others[0].Who))
	}
	return nil
}

func makePowers(p peers.Power) []powerSample {
	random := rand.NewChaCha8([32]byte{9}) // the same in every run
	prime := suite.Telegram().Prime()
	minusOne := prime
	minusOne[bigdh.Size-1]--
	extremes := [][bigdh.Size]byte{{}, {bigdh.Size - 1: 1}, minusOne}
	var samples []powerSample
	for _, base := range extremes {
		for _, exp := range append(extremes, [bigdh.Size]byte(bytes.Repeat([]byte{0xff}, bigdh.Size))) {
			samples = append(samples, powerSample{base: base, exp: exp})
		}
	}
	for range checkedPowers {
		var s powerSample
		random.Read(s.base[:])
		random.Read(s.exp[:])
		s.base[0] &= 0x7f
		samples = append(samples, s)
	}
	for i := range samples {
		s := &samples[i]
		p.Exp(&s.want, &s.base, &s.exp)
	}
	return samples
}

func checkPower(exp peers.PowerFunc, samples []powerSample) error {
	for _, s := range samples {
		var got [bigdh.Size]byte
		base, e := s.base, s.exp
		exp(&got, &base, &e)
		if err := suite.FirstDifference(got[:], s.want[:]); err != nil {
			return fmt.Errorf("%x^%x: %w", s.base, s.exp, err)
		}
		if base != s.base || e != s.exp {
			return fmt.Errorf("%x^%x: changed the input", s.base, s.exp)
		}
	}
	return nil
}

func checkSetting(in suite.Setting, ours peers.PowerFunc, samples []powerSample) error {
	defer in.Enter()()
	if err := checkPower(ours, samples); err != nil {
		return err
	}
	for _, g := range []int{3, 4, 7} {
		if err := checkExchange(g); err != nil {
			return fmt.Errorf("exchange with generator %d: %w", g, err)
		}
	}
	return nil
}

// checkExchange makes two sides agree on keys, one at a time and in a batch, and compares
// public values and secrets with math/big.
func checkExchange(g int) error {
	group, err := bigdh.Telegram(g)
	if err != nil {
		return err
	}
	prime := group.Prime()
	p := new(big.Int).SetBytes(prime[:])
	var jobs []bigdh.DHJob
	var want [][bigdh.Size]byte
	for range 3 {
		a, err := group.GenerateKey(nil)
		if err != nil {
			return err
		}
		b, err := group.GenerateKey(nil)
		if err != nil {
			return err
		}
		x, public := a.Bytes(), a.PublicKey().Bytes()
		var power, secret [bigdh.Size]byte
		new(big.Int).Exp(big.NewInt(int64(g)), new(big.Int).SetBytes(x[:]), p).FillBytes(power[:])
		if err := suite.FirstDifference(public[:], power[:]); err != nil {
			return fmt.Errorf("public key: %w", err)
		}
		y := b.PublicKey().Bytes()
		new(big.Int).Exp(new(big.Int).SetBytes(y[:]), new(big.Int).SetBytes(x[:]), p).FillBytes(secret[:])
		want = append(want, secret, secret)
		jobs = append(jobs, bigdh.DHJob{Key: a, Peer: b.PublicKey()}, bigdh.DHJob{Key: b, Peer: a.PublicKey()})
	}
	bigdh.DHBatch(jobs)
	for i, j := range jobs {
		var one [bigdh.Size]byte
		if err := j.Key.DH(&one, j.Peer); err != nil {
			return err
		}
		if j.Err != nil {
			return j.Err
		}
		for _, got := range [][bigdh.Size]byte{one, j.Secret} {
			if err := suite.FirstDifference(got[:], want[i][:]); err != nil {
				return fmt.Errorf("secret: %w", err)
			}
		}
	}
	return nil
}
