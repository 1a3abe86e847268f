package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
)

// checkedPackets returns the lengths of the packets to check: every length through some
// kernel widths, and those around which calls of kernels are cut.
func checkedPackets() []int {
	var sizes []int
	for size := minSize; size < 40*16; size += 16 {
		sizes = append(sizes, size)
	}
	return append(sizes, 16<<10-16, 16<<10, 64<<10, 64<<10+16, 128<<10+48)
}

// check opens what each sealer has sealed with each opener. mtcore takes part in each of
// the settings, one at a time and in batches. Nobody may open a packet that was changed.
func check(settings []suite.Setting, ours func(k *kdf.AuthKey) peers.OpenFunc, sealers []peers.Sealer, openers []peers.Opener, passed func(line string)) error {
	for _, s := range sealers {
		for _, o := range openers {
			if err := checkPair(s, o); err != nil {
				return fmt.Errorf("%s sealed, %s %w", s.Who, o.Who, err)
			}
		}
	}
	sizes := checkedPackets()
	scope := fmt.Sprintf("%d lengths up to %s", len(sizes), results.Size(slices.Max(sizes)))
	passed(fmt.Sprintf("the peers understand each other: %s", scope))
	for _, in := range settings {
		if err := checkSetting(in, ours, sealers, openers); err != nil {
			return fmt.Errorf("%s: %w", suite.OurName(in), err)
		}
		passed(fmt.Sprintf("%s and the peers understand each other: %s, one at a time and in batches; changed packets are refused", suite.OurName(in), scope))
	}
	return nil
}

func checkSetting(in suite.Setting, ours func(k *kdf.AuthKey) peers.OpenFunc, sealers []peers.Sealer, openers []peers.Opener) error {
	defer in.Enter()()
	us := peers.Opener{Label: suite.Label{Who: "mtcore"}, Prepare: ours}
	for _, s := range sealers {
		if err := checkPair(s, us); err != nil {
			return fmt.Errorf("%s sealed, we %w", s.Who, err)
		}
	}
	for _, pad := range []envelope.Padding{envelope.PadRandom, envelope.PadMinimal} {
		s := peers.Sealer{Prepare: ourSealer(pad)}
		for _, o := range append(openers, us) {
			if err := checkPair(s, o); err != nil {
				return fmt.Errorf("we sealed, %s %w", o.Who, err)
			}
		}
	}
	for _, count := range []int{1, 2, 3, 7, 8, 16, 17, 33} {
		if err := checkBatch(count); err != nil {
			return fmt.Errorf("batch of %d: %w", count, err)
		}
	}
	return nil
}

// checkPair seals messages of all lengths with one and opens them with the other.
func checkPair(s peers.Sealer, o peers.Opener) error {
	random := rand.NewChaCha8([32]byte{5}) // the same in every run
	k := suite.AuthKey(random.Uint64())
	seal, open := s.Prepare(k), o.Prepare(k)
	for _, size := range checkedPackets() {
		plaintext := plaintextOf(size, random)
		packet := bytes.Clone(seal(plaintext))
		opened, err := open(packet)
		if err != nil {
			return fmt.Errorf("opened %s: %w", results.Size(size), err)
		}
		if !hasBody(opened, plaintext) {
			return fmt.Errorf("opened %s to something else", results.Size(size))
		}
		i := int(random.Uint64() % uint64(len(packet)))
		packet[i] ^= 1 << (random.Uint64() % 8)
		if _, err := open(packet); err == nil {
			return fmt.Errorf("opened %s with byte %d changed", results.Size(size), i)
		}
	}
	return nil
}

// hasBody reports whether the plaintext was recovered, with or without its header and
// padding.
func hasBody(opened, plaintext []byte) bool {
	return bytes.HasPrefix(opened, plaintext) || bytes.Equal(opened, plaintext[peers.CloudHeader:])
}

// checkBatch seals and opens a batch of messages of all lengths, one of whose packets is
// changed.
func checkBatch(count int) error {
	random := rand.NewChaCha8([32]byte{6})
	sizes := checkedPackets()
	jobs := make([]envelope.Job, count)
	plaintexts := make([][]byte, count)
	for i := range jobs {
		k := suite.AuthKey(random.Uint64())
		plaintexts[i] = plaintextOf(sizes[random.Uint64()%uint64(len(sizes))], random)
		jobs[i] = envelope.Job{Key: envelope.NewKey(k), Src: plaintexts[i]}
	}
	if err := envelope.SealBatch(jobs); err != nil {
		return err
	}
	for i := range jobs {
		jobs[i].Src, jobs[i].Dst = jobs[i].Dst, nil
	}
	bad := int(random.Uint64() % uint64(count))
	jobs[bad].Src[len(jobs[bad].Src)/2] ^= 0x10
	if err := envelope.OpenBatch(jobs); !errors.Is(err, envelope.ErrDecrypt) {
		return fmt.Errorf("changed packet %d: error %v", bad, err)
	}
	for i, j := range jobs {
		switch {
		case i == bad && j.Err == nil:
			return fmt.Errorf("opened packet %d, which was changed", i)
		case i != bad && j.Err != nil:
			return fmt.Errorf("packet %d: %w", i, j.Err)
		case i != bad && !bytes.HasPrefix(j.Dst, plaintexts[i]):
			return fmt.Errorf("opened packet %d to something else", i)
		}
	}
	return nil
}
