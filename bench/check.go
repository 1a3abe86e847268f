package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/mtcore/mtcore/ige"
)

// checkedBlocks returns the lengths of the messages to check: more than any kernel
// takes at once, and around the 64 KiB at which calls of kernels are cut.
func checkedBlocks() []int {
	var lengths []int
	for n := range 71 {
		lengths = append(lengths, n)
	}
	return append(lengths, 4095, 4096, 4097, 8193)
}

// checkIGE compares the results of all ways to have a message encrypted or decrypted
// with those of the first peer: those of the other peers, then those of ours, in
// each of the settings. As the generic setting is among them, each backend is compared
// with it, too.
func checkIGE(settings []setting, ours func(direction) []way, peers func(direction) []peer, passed func(line string)) error {
	samples := map[direction][]sample{
		encrypt: makeSamples(peers(encrypt)[0]),
		decrypt: makeSamples(peers(decrypt)[0]),
	}
	for _, d := range []direction{encrypt, decrypt} {
		for _, p := range peers(d)[1:] {
			// Peers do not work in place.
			if err := checkWay(p.way, samples[d], false); err != nil {
				return fmt.Errorf("%s %s, %w", p.who, d, err)
			}
		}
	}
	lengths := checkedBlocks()
	scope := fmt.Sprintf("%d lengths up to %d blocks, both directions", len(lengths), slices.Max(lengths))
	passed(fmt.Sprintf("the peers agree: %s", scope))

	for _, in := range settings {
		if err := checkSetting(in, ours, samples); err != nil {
			return fmt.Errorf("%s %w", ourName(in), err)
		}
		with := gotdName
		if in.name != "generic" {
			with += " and generic"
		}
		passed(fmt.Sprintf("%s agrees with %s: %s, in place and apart, %d ways to call", ourName(in), with,
			scope, len(ours(encrypt))+len(ours(decrypt))))
	}
	return nil
}

func checkSetting(in setting, ours func(direction) []way, samples map[direction][]sample) error {
	defer in.enter()()
	for _, d := range []direction{encrypt, decrypt} {
		for _, w := range ours(d) {
			for _, inPlace := range []bool{false, true} {
				if err := checkWay(w, samples[d], inPlace); err != nil {
					return fmt.Errorf("%s, %w", d, err)
				}
			}
		}
	}
	return nil
}

func checkWay(w way, samples []sample, inPlace bool) error {
	for _, s := range samples {
		if err := s.check(w.prepare, inPlace); err != nil {
			return fmt.Errorf("%s, %d blocks %s: %w", w.how, s.blocks(), place(inPlace), err)
		}
	}
	return nil
}

func place(inPlace bool) string {
	if inPlace {
		return "in place"
	}
	return "apart"
}

// A sample is a message and what must become of it.
type sample struct {
	key       [ige.KeySize]byte
	iv        [ige.IVSize]byte
	src, want []byte
}

// makeSamples makes a message of each length to check, with the results of p.
func makeSamples(p peer) []sample {
	random := rand.NewChaCha8([32]byte{}) // the same in every run
	var samples []sample
	for _, blocks := range checkedBlocks() {
		samples = append(samples, makeSample(random, blocks, p))
	}
	return samples
}

func makeSample(random *rand.ChaCha8, blocks int, p peer) sample {
	var s sample
	s.src = make([]byte, blocks*ige.BlockSize)
	s.want = make([]byte, len(s.src))
	for _, b := range [][]byte{s.key[:], s.iv[:], s.src} {
		random.Read(b) // never fails
	}
	p.prepare(&s.key, &s.iv)(s.want, s.src)
	return s
}

func (s sample) blocks() int { return len(s.src) / ige.BlockSize }

// check compares what a way makes of the message with what it should.
func (s sample) check(prepare prepareFunc, inPlace bool) error {
	key, iv := s.key, s.iv
	crypt := prepare(&key, &iv)
	for range 2 { // the second time to see that the first has left nothing behind
		t := s.trial(inPlace)
		crypt(t.dst, t.src)
		if err := t.verify(&key, &iv); err != nil {
			return err
		}
	}
	return nil
}

// A trial is a sample in buffers of its own.
type trial struct {
	sample   sample
	out      []byte // dst with a margin on both sides
	dst, src []byte
}

// margin is what a trial watches on both sides of the output. It is odd, so that
// the buffers are not aligned.
const margin = 33

const marginByte = 0xa5

func (s sample) trial(inPlace bool) trial {
	out := bytes.Repeat([]byte{marginByte}, margin+len(s.src)+margin)
	t := trial{sample: s, out: out, dst: out[margin : margin+len(s.src)], src: bytes.Clone(s.src)}
	if inPlace {
		copy(t.dst, t.src)
		t.src = t.dst
	}
	return t
}

// verify returns an error if anything differs from what should have become of it.
func (t trial) verify(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) error {
	s := t.sample
	inPlace := len(t.src) > 0 && &t.src[0] == &t.dst[0]
	untouched := bytes.Repeat([]byte{marginByte}, margin)
	switch {
	case !bytes.Equal(t.dst, s.want):
		return firstDifference(t.dst, s.want)
	case !bytes.Equal(t.out[:margin], untouched), !bytes.Equal(t.out[margin+len(t.dst):], untouched):
		return errors.New("wrote outside the output")
	case !inPlace && !bytes.Equal(t.src, s.src):
		return errors.New("changed the input")
	case *key != s.key, *iv != s.iv:
		return errors.New("changed the key or the iv")
	}
	return nil
}

func firstDifference(got, want []byte) error {
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("byte %d is %#02x, want %#02x", i, got[i], want[i])
		}
	}
	return nil
}
