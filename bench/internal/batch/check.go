package batch

import (
	"fmt"
	"math/rand/v2"

	one "github.com/mtcore/mtcore/bench/internal/ige"
	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/ige"
)

const (
	checkedMessages = 40        // at most, per batch: more than twice what any kernel takes at once
	usualBlocks     = 70        // at most, in most messages
	longBlocks      = 1024 + 70 // at most, in some: kernels are cut at 1024
)

// A batchFunc works on all messages, like ige.DecryptBatch.
type batchFunc func(ms []ige.Message) error

func ours(d suite.Direction) batchFunc {
	if d == suite.Decrypt {
		return ige.DecryptBatch
	}
	return func(ms []ige.Message) error {
		ige.EncryptBatch(ms)
		return nil
	}
}

// check compares the results of a batch, in each of the settings, with what the first peer
// makes of each message, and with what mtcore makes of each message alone.
func check(settings []suite.Setting, ours func(suite.Direction) batchFunc, passed func(line string)) error {
	batches := map[suite.Direction][][]one.Sample{
		suite.Encrypt: makeBatches(peers.IGEs(suite.Encrypt)[0]),
		suite.Decrypt: makeBatches(peers.IGEs(suite.Decrypt)[0]),
	}
	for _, in := range settings {
		if err := checkBatchSetting(in, ours, batches); err != nil {
			return fmt.Errorf("%s %w", suite.OurName(in), err)
		}
		passed(fmt.Sprintf("%s agrees with one at a time and %s: batches of 0 to %d messages of up to %d blocks, both directions, in place and apart",
			suite.OurName(in), peers.IGEs(suite.Encrypt)[0].Who, checkedMessages, longBlocks))
	}
	return nil
}

// makeBatches makes batches of every number of messages, of random lengths, with the
// results of p.
func makeBatches(p peers.IGE) [][]one.Sample {
	source := rand.NewChaCha8([32]byte{}) // the same in every run
	random := rand.New(source)
	batches := make([][]one.Sample, checkedMessages+1)
	for count := range batches {
		for range count {
			blocks := random.IntN(usualBlocks + 1)
			if random.IntN(32) == 0 {
				blocks = longBlocks - blocks
			}
			batches[count] = append(batches[count], one.MakeSample(source, blocks, p))
		}
	}
	return batches
}

func checkBatchSetting(in suite.Setting, ours func(suite.Direction) batchFunc, batches map[suite.Direction][][]one.Sample) error {
	defer in.Enter()()
	for _, d := range []suite.Direction{suite.Encrypt, suite.Decrypt} {
		for _, samples := range batches[d] {
			for _, inPlace := range []bool{false, true} {
				if err := checkOneBatch(ours(d), samples, inPlace); err != nil {
					return fmt.Errorf("%s, %d messages %s, %w", d, len(samples), one.Place(inPlace), err)
				}
			}
			single := one.Ways(d)[0]
			if err := one.CheckWay(single.How, single.Prepare, samples, false); err != nil {
				return fmt.Errorf("%s, one at a time, %w", d, err)
			}
		}
	}
	return nil
}

func checkOneBatch(crypt batchFunc, samples []one.Sample, inPlace bool) error {
	ms := make([]ige.Message, len(samples))
	trials := make([]one.Trial, len(samples))
	for i, s := range samples {
		trials[i] = s.Trial(inPlace)
		ms[i] = ige.Message{Key: s.Key, IV: s.IV, Dst: trials[i].Dst, Src: trials[i].Src}
	}
	if err := crypt(ms); err != nil {
		return err
	}
	for i, t := range trials {
		if err := t.Verify(&ms[i].Key, &ms[i].IV); err != nil {
			return fmt.Errorf("message %d of %d blocks: %w", i, t.Sample.Blocks(), err)
		}
	}
	return nil
}
