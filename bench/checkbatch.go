package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/mtcore/mtcore/ige"
)

const (
	checkedMessages = 40        // at most, in a batch: more than twice what any kernel takes at once
	usualBlocks     = 70        // at most, in most messages
	longBlocks      = 1024 + 70 // at most, in some: kernels are cut at 1024
)

// A batchFunc works on all messages, like ige.DecryptBatch.
type batchFunc func(ms []ige.Message) error

func ourBatch(d direction) batchFunc {
	if d == decrypt {
		return ige.DecryptBatch
	}
	return func(ms []ige.Message) error {
		ige.EncryptBatch(ms)
		return nil
	}
}

// checkBatch compares what becomes of the messages of a batch, in each of the
// settings, with what the first peer makes of each of them, and with what we make of
// them one at a time.
func checkBatch(settings []setting, ours func(direction) batchFunc, passed func(line string)) error {
	batches := map[direction][][]sample{
		encrypt: makeBatches(peers(encrypt)[0]),
		decrypt: makeBatches(peers(decrypt)[0]),
	}
	for _, in := range settings {
		if err := checkBatchSetting(in, ours, batches); err != nil {
			return fmt.Errorf("%s %w", ourName(in), err)
		}
		passed(fmt.Sprintf("%s agrees with one at a time and %s: batches of 0 to %d messages of up to %d blocks, both directions, in place and apart",
			ourName(in), gotdName, checkedMessages, longBlocks))
	}
	return nil
}

// makeBatches makes batches of every number of messages, of random lengths, with the
// results of p.
func makeBatches(p peer) [][]sample {
	source := rand.NewChaCha8([32]byte{}) // the same in every run
	random := rand.New(source)
	batches := make([][]sample, checkedMessages+1)
	for count := range batches {
		for range count {
			blocks := random.IntN(usualBlocks + 1)
			if random.IntN(32) == 0 {
				blocks = longBlocks - blocks
			}
			batches[count] = append(batches[count], makeSample(source, blocks, p))
		}
	}
	return batches
}

func checkBatchSetting(in setting, ours func(direction) batchFunc, batches map[direction][][]sample) error {
	defer in.enter()()
	for _, d := range []direction{encrypt, decrypt} {
		for _, samples := range batches[d] {
			for _, inPlace := range []bool{false, true} {
				if err := checkOneBatch(ours(d), samples, inPlace); err != nil {
					return fmt.Errorf("%s, %d messages %s, %w", d, len(samples), place(inPlace), err)
				}
			}
			oneByOne := ourWays(d)[0]
			if err := checkWay(oneByOne, samples, false); err != nil {
				return fmt.Errorf("%s, one at a time, %w", d, err)
			}
		}
	}
	return nil
}

func checkOneBatch(crypt batchFunc, samples []sample, inPlace bool) error {
	ms := make([]ige.Message, len(samples))
	trials := make([]trial, len(samples))
	for i, s := range samples {
		trials[i] = s.trial(inPlace)
		ms[i] = ige.Message{Key: s.key, IV: s.iv, Dst: trials[i].dst, Src: trials[i].src}
	}
	if err := crypt(ms); err != nil {
		return err
	}
	for i, t := range trials {
		if err := t.verify(&ms[i].Key, &ms[i].IV); err != nil {
			return fmt.Errorf("message %d of %d blocks: %w", i, t.sample.blocks(), err)
		}
	}
	return nil
}
