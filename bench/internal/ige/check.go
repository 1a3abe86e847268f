package ige

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/ige"
)

// checkedBlocks returns the lengths of the messages to check: beyond what any kernel takes
// at once, and around the 64 KiB at which calls of kernels are cut.
func checkedBlocks() []int {
	var lengths []int
	for n := range 71 {
		lengths = append(lengths, n)
	}
	return append(lengths, 4095, 4096, 4097, 8193)
}

// check compares the results of all ways to encrypt or decrypt a message with those of the
// first peer: first the other peers, then mtcore, in each of the settings. The generic
// setting is one of them, so each backend is compared with it too.
func check(settings []suite.Setting, ours func(suite.Direction) []Way, others func(suite.Direction) []peers.IGE, passed func(line string)) error {
	reference := others(suite.Encrypt)[0]
	samples := map[suite.Direction][]Sample{
		suite.Encrypt: makeSamples(others(suite.Encrypt)[0]),
		suite.Decrypt: makeSamples(others(suite.Decrypt)[0]),
	}
	for _, d := range []suite.Direction{suite.Encrypt, suite.Decrypt} {
		for _, p := range others(d)[1:] {
			// Peers do not work in place.
			if err := CheckWay(p.How, p.Prepare, samples[d], false); err != nil {
				return fmt.Errorf("%s %s, %w", p.Who, d, err)
			}
		}
	}
	lengths := checkedBlocks()
	scope := fmt.Sprintf("%d lengths up to %d blocks, both directions", len(lengths), slices.Max(lengths))
	passed(fmt.Sprintf("the peers agree: %s", scope))

	for _, in := range settings {
		if err := checkSetting(in, ours, samples); err != nil {
			return fmt.Errorf("%s %w", suite.OurName(in), err)
		}
		with := reference.Who
		if in.Name != suite.Generic {
			with += " and generic"
		}
		passed(fmt.Sprintf("%s agrees with %s: %s, in place and apart, %d ways to call", suite.OurName(in), with,
			scope, len(ours(suite.Encrypt))+len(ours(suite.Decrypt))))
	}
	return nil
}

func checkSetting(in suite.Setting, ours func(suite.Direction) []Way, samples map[suite.Direction][]Sample) error {
	defer in.Enter()()
	for _, d := range []suite.Direction{suite.Encrypt, suite.Decrypt} {
		for _, w := range ours(d) {
			for _, inPlace := range []bool{false, true} {
				if err := CheckWay(w.How, w.Prepare, samples[d], inPlace); err != nil {
					return fmt.Errorf("%s, %w", d, err)
				}
			}
		}
	}
	return nil
}

// CheckWay compares the results of a way with the expected ones.
func CheckWay(how string, prepare peers.PrepareIGE, samples []Sample, inPlace bool) error {
	for _, s := range samples {
		if err := s.check(prepare, inPlace); err != nil {
			return fmt.Errorf("%s, %d blocks %s: %w", how, s.Blocks(), Place(inPlace), err)
		}
	}
	return nil
}

// Place returns how errors call it.
func Place(inPlace bool) string {
	if inPlace {
		return "in place"
	}
	return "apart"
}

// A Sample is a message and its expected result.
type Sample struct {
	Key       [ige.KeySize]byte
	IV        [ige.IVSize]byte
	Src, want []byte
}

// makeSamples makes a message of each length to check, with the results of p.
func makeSamples(p peers.IGE) []Sample {
	random := rand.NewChaCha8([32]byte{}) // the same in every run
	var samples []Sample
	for _, blocks := range checkedBlocks() {
		samples = append(samples, MakeSample(random, blocks, p))
	}
	return samples
}

// MakeSample makes a message of the given number of blocks, with the result of p.
func MakeSample(random *rand.ChaCha8, blocks int, p peers.IGE) Sample {
	var s Sample
	s.Src = make([]byte, blocks*ige.BlockSize)
	s.want = make([]byte, len(s.Src))
	for _, b := range [][]byte{s.Key[:], s.IV[:], s.Src} {
		random.Read(b) // never fails
	}
	p.Prepare(&s.Key, &s.IV)(s.want, s.Src)
	return s
}

// Blocks returns the length of the message.
func (s Sample) Blocks() int { return len(s.Src) / ige.BlockSize }

// check compares the result of a way with the expected one.
func (s Sample) check(prepare peers.PrepareIGE, inPlace bool) error {
	key, iv := s.Key, s.IV
	crypt := prepare(&key, &iv)
	for range 2 { // the second time shows whether the first left anything behind
		t := s.Trial(inPlace)
		crypt(t.Dst, t.Src)
		if err := t.Verify(&key, &iv); err != nil {
			return err
		}
	}
	return nil
}

// A Trial is a copy of a sample, in its own buffers.
type Trial struct {
	Sample   Sample
	out      []byte // dst with a margin on both sides
	Dst, Src []byte
}

// margin is how many bytes on both sides of the output a trial watches. It is odd, so that
// the buffers are not aligned.
const margin = 33

const marginByte = 0xa5

// Trial returns a copy of the message in its own buffers.
func (s Sample) Trial(inPlace bool) Trial {
	out := bytes.Repeat([]byte{marginByte}, margin+len(s.Src)+margin)
	t := Trial{Sample: s, out: out, Dst: out[margin : margin+len(s.Src)], Src: bytes.Clone(s.Src)}
	if inPlace {
		copy(t.Dst, t.Src)
		t.Src = t.Dst
	}
	return t
}

// Verify returns an error if anything differs from the expected result.
func (t Trial) Verify(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) error {
	s := t.Sample
	inPlace := len(t.Src) > 0 && &t.Src[0] == &t.Dst[0]
	untouched := bytes.Repeat([]byte{marginByte}, margin)
	switch {
	case !bytes.Equal(t.Dst, s.want):
		return suite.FirstDifference(t.Dst, s.want)
	case !bytes.Equal(t.out[:margin], untouched), !bytes.Equal(t.out[margin+len(t.Dst):], untouched):
		return errors.New("wrote outside the output")
	case !inPlace && !bytes.Equal(t.Src, s.Src):
		return errors.New("changed the input")
	case *key != s.Key, *iv != s.IV:
		return errors.New("changed the key or the iv")
	}
	return nil
}
