package kdf

import "github.com/mtcore/mtcore/internal/stack"

// Job is one message in a batch.
type Job struct {
	AuthKey *AuthKey // may be the same in several jobs
	Side    Side
	MsgKey  MsgKey
	Padded  []byte // the plaintext with its padding
	Key, IV [32]byte
}

// MsgKeyBatch sets the MsgKey of each job to AuthKey.MsgKey(Side, Padded). It panics,
// before it has written anything, if a job has no AuthKey.
func MsgKeyBatch(jobs []Job) {
	checkJobs(jobs)
	backends.Ready()
	stack.Reserve16K()
	msgKeyBatch(jobs)
}

// DeriveBatch sets the Key and the IV of each job as [AuthKey.Derive] does for its Side and
// MsgKey. It panics, before it has written anything, if a job has no AuthKey.
func DeriveBatch(jobs []Job) {
	checkJobs(jobs)
	backends.Ready()
	stack.Reserve16K()
	deriveBatch(jobs)
}

func checkJobs(jobs []Job) {
	for i := range jobs {
		if jobs[i].AuthKey == nil {
			panic("kdf: job without an authorization key")
		}
		jobs[i].Side.offset() // panics if there is no such side
	}
}

// msgKeyEach is msgKeyBatch, one hash at a time.
func msgKeyEach(jobs []Job) {
	for i := range jobs {
		j := &jobs[i]
		msgKey(&j.MsgKey, j.AuthKey.hashPart(j.Side), j.Padded)
	}
}

// deriveEach is deriveBatch, one job at a time.
func deriveEach(jobs []Job) {
	for i := range jobs {
		j := &jobs[i]
		derive(&j.Key, &j.IV, j.AuthKey.derivePart(j.Side), &j.MsgKey)
	}
}
