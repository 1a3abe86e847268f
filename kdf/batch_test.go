package kdf

import (
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// checkJob compares all results of a job with the reference.
func checkJob(t *testing.T, name string, j *Job) {
	t.Helper()
	if want := referenceMsgKey(j.AuthKey, j.Side, j.Padded); j.MsgKey != want {
		t.Errorf("%s: message key of %d bytes: %x, want %x", name, len(j.Padded), j.MsgKey, want)
	}
	checkDerived(t, name, j)
}

func checkDerived(t *testing.T, name string, j *Job) {
	t.Helper()
	if wantKey, wantIV := referenceDerive(j.AuthKey, j.Side, j.MsgKey); j.Key != wantKey || j.IV != wantIV {
		t.Errorf("%s: key and iv:\n%x %x, want\n%x %x", name, j.Key, j.IV, wantKey, wantIV)
	}
}

// clone returns a copy of jobs with the same keys and plaintexts.
func clone(jobs []Job) []Job { return slices.Clone(jobs) }

// checkBatch computes both batches and looks for changes where there should be none.
func checkBatch(t *testing.T, name string, jobs []Job) {
	t.Helper()
	before := clone(jobs)
	keys, plaintexts := make([]AuthKey, len(jobs)), make([][]byte, len(jobs))
	for i, j := range jobs {
		keys[i], plaintexts[i] = *j.AuthKey, slices.Clone(j.Padded)
	}

	MsgKeyBatch(jobs)
	for i := range jobs {
		if jobs[i].Key != before[i].Key || jobs[i].IV != before[i].IV {
			t.Errorf("%s: job %d of %d: MsgKeyBatch changed key or iv", name, i, len(jobs))
		}
	}
	between := clone(jobs)
	DeriveBatch(jobs)
	for i := range jobs {
		j := &jobs[i]
		checkJob(t, name, j)
		if j.MsgKey != between[i].MsgKey {
			t.Errorf("%s: job %d of %d: DeriveBatch changed the message key", name, i, len(jobs))
		}
		if j.AuthKey != before[i].AuthKey || *j.AuthKey != keys[i] || j.Side != before[i].Side {
			t.Errorf("%s: job %d of %d: authorization key or side changed", name, i, len(jobs))
		}
		if !slices.Equal(j.Padded, plaintexts[i]) {
			t.Errorf("%s: job %d of %d: plaintext changed", name, i, len(jobs))
		}
	}
}

func TestBatchEveryCount(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(1)
		for count := range 41 {
			lengths := make([]int, count)
			for i := range lengths {
				lengths[i] = int(r.Uint64() % 300)
			}
			checkBatch(t, "random lengths", newJobs(uint64(count), lengths...))
			for i := range lengths {
				lengths[i] = 96
			}
			checkBatch(t, "equal lengths", newJobs(uint64(count), lengths...))
		}
	})
}

// batchShapes are lengths in bytes as they may come together.
func batchShapes() map[string][]int {
	repeat := func(n, length int) []int { return slices.Repeat([]int{length}, n) }
	ascending := make([]int, 200)
	for i := range ascending {
		ascending[i] = i
	}
	descending := slices.Clone(ascending)
	slices.Reverse(descending)
	r := newRand(9)
	many := make([]int, 300)
	for i := range many {
		many[i] = int(r.Uint64() % 2000)
	}
	return map[string][]int{
		"ascending":                ascending,
		"descending":               descending,
		"one long among short":     append(append(repeat(7, 20), 70_000), repeat(30, 33)...),
		"nine long":                repeat(9, 70_001),
		"two very long":            {200_000, 199_999, 3},
		"all empty":                repeat(20, 0),
		"around the first block":   {30, 31, 32, 33, 34, 22, 23, 24, 25, 0, 1, 86, 87, 88, 89, 95, 96, 97, 118, 119, 120},
		"MTProto":                  {1024, 80, 64, 16_384, 48, 32, 96, 1056, 80, 64, 64, 144, 48, 32, 528, 192, 16},
		"sixteen and one straggle": append(repeat(16, 640), 64),
		"many":                     many,
	}
}

func TestBatchShapes(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for name, lengths := range batchShapes() {
			checkBatch(t, name, newJobs(uint64(len(name)), lengths...))
		}
	})
}

// TestBatchSharedKey: jobs may share the authorization key and the plaintext.
func TestBatchSharedKey(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		jobs := newJobs(1, slices.Repeat([]int{500}, 21)...)
		for i := range jobs {
			jobs[i].AuthKey, jobs[i].Padded = jobs[0].AuthKey, jobs[0].Padded[:25*i]
		}
		checkBatch(t, "shared", jobs)
	})
}

// TestBatchPanics: a mistake in one job is noticed before anything is written.
func TestBatchPanics(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for _, mistake := range []struct {
			name string
			make func(j *Job)
			want string
		}{
			{"no key", func(j *Job) { j.AuthKey = nil }, "kdf: job without an authorization key"},
			{"wrong side", func(j *Job) { j.Side = 2 }, "kdf: invalid side"},
		} {
			for _, count := range []int{1, 2, 9, 17} {
				for at := range count {
					jobs := newJobs(1, slices.Repeat([]int{100}, count)...)
					mistake.make(&jobs[at])
					before := clone(jobs)
					for name, f := range map[string]func([]Job){"MsgKeyBatch": MsgKeyBatch, "DeriveBatch": DeriveBatch} {
						if got := panicText(func() { f(jobs) }); got != mistake.want {
							t.Errorf("%s: %s in job %d of %d: panic %q, want %q", name, mistake.name, at, count, got, mistake.want)
						}
						for i := range jobs {
							if jobs[i].MsgKey != before[i].MsgKey || jobs[i].Key != before[i].Key || jobs[i].IV != before[i].IV {
								t.Errorf("%s: %s in job %d of %d: job %d was written", name, mistake.name, at, count, i)
							}
						}
					}
				}
			}
		}
	})
}

func TestBatchOfNothing(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		MsgKeyBatch(nil)
		DeriveBatch(nil)
		MsgKeyBatch([]Job{})
		DeriveBatch([]Job{})
	})
}
