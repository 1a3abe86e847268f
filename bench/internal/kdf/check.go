package kdf

import (
	"fmt"
	"math/rand/v2"

	td "github.com/gotd/td/crypto"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/kdf"
)

// checkedLengths is how many lengths of messages are hashed, starting at 0: more than the
// four blocks after which everything repeats.
const checkedLengths = 300

// check compares what everybody derives from the same keys and messages with the first
// peer: first the other peers, then mtcore, in each of the settings, one at a time and in
// batches. It also compares MTProto 1.0, which nobody measures.
func check(settings []suite.Setting, ours func(k *kdf.AuthKey) (peers.DeriveFunc, peers.MsgKeyFunc), others []peers.KDF, passed func(line string)) error {
	jobs := makeJobs(others[0])
	for _, p := range others[1:] {
		if err := checkDeriver(jobs, p.Prepare); err != nil {
			return fmt.Errorf("%s %w", p.MsgKey.Who, err)
		}
	}
	passed(fmt.Sprintf("the peers agree: %d messages of 0 to %d bytes, both sides", len(jobs), checkedLengths-1))
	for _, in := range settings {
		if err := checkSetting(in, ours, jobs); err != nil {
			return fmt.Errorf("%s %w", suite.OurName(in), err)
		}
		passed(fmt.Sprintf("%s agrees with %s: the same, one at a time and in batches of all sizes, and MTProto 1.0", suite.OurName(in), others[0].MsgKey.Who))
	}
	return nil
}

// makeJobs makes messages of all lengths to check, with the results of p.
func makeJobs(p peers.KDF) []kdf.Job {
	random := rand.NewChaCha8([32]byte{1}) // the same in every run
	var jobs []kdf.Job
	for length := range checkedLengths {
		for _, side := range []kdf.Side{kdf.Client, kdf.Server} {
			j := kdf.Job{AuthKey: suite.AuthKey(random.Uint64()), Side: side, Padded: make([]byte, length)}
			random.Read(j.Padded)
			derive, msgKey := p.Prepare(j.AuthKey)
			j.MsgKey = msgKey(side, j.Padded)
			derive(&j.Key, &j.IV, side, &j.MsgKey)
			jobs = append(jobs, j)
		}
	}
	return jobs
}

func checkSetting(in suite.Setting, ours func(k *kdf.AuthKey) (peers.DeriveFunc, peers.MsgKeyFunc), jobs []kdf.Job) error {
	defer in.Enter()()
	if err := checkDeriver(jobs, ours); err != nil {
		return err
	}
	for count := range 40 { // more than twice what any kernel takes at once
		if err := checkBatch(jobs[len(jobs)/2:][:count]); err != nil {
			return fmt.Errorf("batch of %d, %w", count, err)
		}
	}
	if err := checkBatch(jobs); err != nil {
		return fmt.Errorf("batch of %d, %w", len(jobs), err)
	}
	return checkV1(jobs)
}

// checkDeriver compares the results for the messages with the expected ones.
func checkDeriver(jobs []kdf.Job, prepare func(k *kdf.AuthKey) (peers.DeriveFunc, peers.MsgKeyFunc)) error {
	for _, j := range jobs {
		derive, msgKey := prepare(j.AuthKey)
		got := kdf.Job{AuthKey: j.AuthKey, Side: j.Side, Padded: j.Padded, Key: j.Key, IV: j.IV}
		got.MsgKey = msgKey(j.Side, j.Padded)
		if derive != nil {
			derive(&got.Key, &got.IV, j.Side, &j.MsgKey)
		}
		if err := sameJob(&got, &j); err != nil {
			return err
		}
	}
	return nil
}

func checkBatch(jobs []kdf.Job) error {
	got := make([]kdf.Job, len(jobs))
	for i, j := range jobs {
		got[i] = kdf.Job{AuthKey: j.AuthKey, Side: j.Side, Padded: j.Padded}
	}
	kdf.MsgKeyBatch(got)
	kdf.DeriveBatch(got)
	for i := range jobs {
		if err := sameJob(&got[i], &jobs[i]); err != nil {
			return fmt.Errorf("job %d: %w", i, err)
		}
	}
	return nil
}

func sameJob(got, want *kdf.Job) error {
	for _, x := range []struct {
		what      string
		got, want []byte
	}{
		{"msg_key", got.MsgKey[:], want.MsgKey[:]},
		{"key", got.Key[:], want.Key[:]},
		{"iv", got.IV[:], want.IV[:]},
	} {
		if err := suite.FirstDifference(x.got, x.want); err != nil {
			return fmt.Errorf("%d bytes from side %d: %s: %w", len(want.Padded), want.Side, x.what, err)
		}
	}
	return nil
}

func checkV1(jobs []kdf.Job) error {
	for _, j := range jobs {
		m := j.AuthKey.MsgKeyV1(j.Padded)
		want := td.MessageKeyV1(j.Padded)
		if err := suite.FirstDifference(m[:], want[:]); err != nil {
			return fmt.Errorf("MTProto 1.0, %d bytes: msg_key: %w", len(j.Padded), err)
		}
		var key, iv [32]byte
		j.AuthKey.DeriveV1(&key, &iv, j.Side, &m)
		wantKey, wantIV := td.OldKeys(td.Key(*j.AuthKey), want, td.Side(j.Side))
		if err := suite.FirstDifference(key[:], wantKey[:]); err != nil {
			return fmt.Errorf("MTProto 1.0, %d bytes: key: %w", len(j.Padded), err)
		}
		if err := suite.FirstDifference(iv[:], wantIV[:]); err != nil {
			return fmt.Errorf("MTProto 1.0, %d bytes: iv: %w", len(j.Padded), err)
		}
	}
	return nil
}
