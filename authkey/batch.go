package authkey

import (
	"context"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/stack"
	"github.com/mtcore/mtcore/kdf"
)

// StepJob is one step of a batch.
type StepJob struct {
	Server  *Server
	Message []byte // from the client
	Reply   []byte // to the client
	Err     error
}

// StepBatch sets the Reply and the Err of each job as [Server.Step] would, one after another.
// The servers may be at any step.
//
// With IFMA it takes less time for each eight of them that compute a key, which is two thirds of
// the work of a server: see [bigdh.DHBatch]. So whoever has many clients waits a few milliseconds
// for more messages to come, divides them among the cores, and calls StepBatch on each. A client
// that breaks the protocol changes nothing for the others.
func StepBatch(ctx context.Context, jobs []StepJob) {
	stack.Reserve96K()
	var waiting agreements
	for i := range jobs {
		j := &jobs[i]
		if j.Server.x.state == stateAgree {
			waiting.agree() // for it is in here twice
		}
		var peer *bigdh.PublicKey
		if j.Reply, peer, j.Err = j.Server.receive(ctx, j.Message); peer != nil {
			waiting.add(j, peer)
		}
	}
	waiting.agree()
}

// agreements are jobs whose keys are still to be computed, as many as package bigdh does at once.
type agreements struct {
	jobs [8]*StepJob
	dh   [8]bigdh.DHJob
	n    int
}

func (a *agreements) add(j *StepJob, peer *bigdh.PublicKey) {
	a.jobs[a.n] = j
	a.dh[a.n] = bigdh.DHJob{Key: j.Server.private, Peer: peer}
	if a.n++; a.n == len(a.jobs) {
		a.agree()
	}
}

// agree does the jobs. There are no secrets in a before and afterwards.
func (a *agreements) agree() {
	dh := a.dh[:a.n]
	defer clear(dh)
	a.n = 0
	bigdh.DHBatch(dh)
	for i, j := range a.jobs[:len(dh)] {
		if dh[i].Err != nil {
			panic("authkey: internal error: " + dh[i].Err.Error())
		}
		j.Reply, j.Err = j.Server.agree((*kdf.AuthKey)(&dh[i].Secret))
	}
}
