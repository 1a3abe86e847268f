package authkey

import (
	"bytes"
	"context"
	"testing"
)

// pairs returns both sides of exchanges, of which every other one is about a temporary key.
func pairs(n int) (cs []*Client, ss []*Server) {
	for i := range n {
		var opt []func(*ClientOptions)
		if i%2 == 1 {
			opt = append(opt, temporary)
		}
		cs, ss = append(cs, testClient(opt...)), append(ss, testServer())
	}
	return cs, ss
}

// untilKey takes exchanges to set_client_DH_params, and returns these messages as jobs.
func untilKey(t *testing.T, cs []*Client, ss []*Server) []StepJob {
	t.Helper()
	jobs := make([]StepJob, len(cs))
	for i, c := range cs {
		message := c.Start()
		for range 2 {
			message = mustStep(t, c, mustStep(t, ss[i], message))
		}
		jobs[i] = StepJob{Server: ss[i], Message: message}
	}
	return jobs
}

// checkAgreed has a client take the last answer, and compares the results.
func checkAgreed(t *testing.T, i int, c *Client, j *StepJob) {
	t.Helper()
	if j.Err != nil {
		t.Fatalf("server %d: %v", i, j.Err)
	}
	if reply, err := c.Step(t.Context(), j.Reply); reply != nil || err != nil {
		t.Fatalf("client %d: %x, %v", i, reply, err)
	}
	got, err := j.Server.Result()
	if err != nil {
		t.Fatalf("server %d: %v", i, err)
	}
	if want, err := c.Result(); err != nil || *got != *want {
		t.Errorf("exchange %d: the results are different (%v)", i, err)
	}
}

// TestStepBatch has many exchanges in each batch, at different steps, and some that have to be
// repeated.
func TestStepBatch(t *testing.T) {
	const count = 37
	cs, ss := pairs(count)
	refused := 0
	for i := 3; i < count; i += 5 {
		first := true
		ss[i].opt.Exists = func([8]byte) bool {
			defer func() { first = false; refused++ }()
			return first
		}
	}
	answers := make([][]byte, count) // for the clients
	ended := 0
	for round := 0; ended < count; round++ {
		var jobs []StepJob
		var clients []int
		for i, c := range cs {
			switch message := []byte(nil); {
			case round < i%3: // it is late
				continue
			case round == i%3:
				message = c.Start()
				fallthrough
			case answers[i] != nil:
				if message == nil {
					message = mustStep(t, c, answers[i])
				}
				answers[i] = nil
				if message == nil {
					ended++
					continue
				}
				jobs = append(jobs, StepJob{ss[i], message, []byte("another"), ErrKey})
				clients = append(clients, i)
			}
		}
		StepBatch(t.Context(), jobs)
		for n, i := range clients {
			if j := &jobs[n]; j.Err != nil || j.Reply == nil {
				t.Fatalf("round %d, server %d: %x, %v", round, i, j.Reply, j.Err)
			}
			answers[i] = jobs[n].Reply
		}
		if round > 20 {
			t.Fatal("no end")
		}
	}
	for i, c := range cs {
		want, err := c.Result()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ss[i].Result()
		if err != nil || *got != *want {
			t.Errorf("exchange %d: the results are different (%v)", i, err)
		}
		if temporary := i%2 == 1; temporary == got.ExpiresAt.IsZero() {
			t.Errorf("exchange %d expires at %v", i, got.ExpiresAt)
		}
	}
	if refused != 2*7 {
		t.Errorf("asked %d times for a key that may exist, want 14", refused)
	}
}

// TestStepBatchErrors: an error ends only the exchange in which it happens.
func TestStepBatchErrors(t *testing.T) {
	for _, count := range []int{1, 7, 8, 9, 19} {
		cs, ss := pairs(count)
		jobs := untilKey(t, cs, ss)
		wrong := map[int]bool{0: true, 6: true, count - 1: true}
		for i := range jobs {
			if wrong[i] {
				jobs[i].Message = bytes.Clone(jobs[i].Message)
				jobs[i].Message[len(jobs[i].Message)-1-i] ^= 1
			}
		}
		StepBatch(t.Context(), jobs)
		for i := range jobs {
			j := &jobs[i]
			if !wrong[i] {
				checkAgreed(t, i, cs[i], j)
				continue
			}
			if j.Reply != nil || j.Err != ErrPeer {
				t.Errorf("server %d of %d, given a wrong message: %x, %v, want %v", i, count, j.Reply, j.Err, ErrPeer)
			}
			checkEnded(t, cs[i], j.Server, nil, j.Err, ErrPeer)
		}
	}
}

// TestStepBatchGivesUp: dh_gen_fail is an answer and an error.
func TestStepBatchGivesUp(t *testing.T) {
	cs, ss := pairs(8)
	jobs := untilKey(t, cs, ss)
	ss[5].opt.Exists = func([8]byte) bool { return true }
	ss[5].x.attempts = maxAttempts - 1
	StepBatch(t.Context(), jobs)
	for i := range jobs {
		if i != 5 {
			checkAgreed(t, i, cs[i], &jobs[i])
		}
	}
	if j := &jobs[5]; j.Reply == nil || j.Err != ErrPeer {
		t.Errorf("%x, %v, want an answer and %v", j.Reply, j.Err, ErrPeer)
	}
	_, clientErr := cs[5].Step(t.Context(), jobs[5].Reply)
	checkEnded(t, cs[5], ss[5], clientErr, jobs[5].Err, ErrPeer)
}

// TestStepBatchTwice: a server that is in a batch twice takes one message after the other.
func TestStepBatchTwice(t *testing.T) {
	cs, ss := pairs(2)
	jobs := untilKey(t, cs, ss)
	ss[1].opt.Exists = func([8]byte) bool { return true } // so that it asks for another key
	jobs = append(jobs, jobs...)
	StepBatch(t.Context(), jobs)
	checkAgreed(t, 0, cs[0], &jobs[0])
	if j := &jobs[1]; j.Reply == nil || j.Err != nil {
		t.Errorf("a key that exists: %x, %v", j.Reply, j.Err)
	}
	for i, want := range []error{ErrState, ErrPeer} {
		if j := &jobs[2+i]; j.Reply != nil || j.Err != want {
			t.Errorf("server %d, the same message again: %x, %v, want %v", i, j.Reply, j.Err, want)
		}
	}

	s := testServer()
	jobs = []StepJob{{Server: s, Message: testClient().Start()}, {Server: s, Message: testClient().Start()}}
	StepBatch(t.Context(), jobs)
	if jobs[0].Err != nil || jobs[1].Err != ErrPeer {
		t.Errorf("two hellos: %v, %v, want %v for the second", jobs[0].Err, jobs[1].Err, ErrPeer)
	}
}

// TestStepBatchCancelled: the context ends all exchanges that are not done.
func TestStepBatchCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	StepBatch(ctx, nil)
	cs, ss := pairs(9)
	jobs := untilKey(t, cs, ss)
	cancel()
	StepBatch(ctx, jobs)
	for i := range jobs {
		if j := &jobs[i]; j.Reply != nil || j.Err != context.Canceled {
			t.Errorf("server %d: %x, %v, want %v", i, j.Reply, j.Err, context.Canceled)
		}
		checkEnded(t, cs[i], ss[i], nil, jobs[i].Err, context.Canceled)
	}

	// It may also be done in the middle, for whom a batch is too long.
	cs, ss = pairs(12)
	jobs = untilKey(t, cs, ss)
	left := 9
	StepBatch(endsAfter{t.Context(), &left}, jobs)
	for i := range jobs {
		if i < 9 {
			checkAgreed(t, i, cs[i], &jobs[i])
		} else if j := &jobs[i]; j.Reply != nil || j.Err != context.DeadlineExceeded {
			t.Errorf("server %d: %x, %v, want %v", i, j.Reply, j.Err, context.DeadlineExceeded)
		}
	}
}

// endsAfter is a context that is done after a number of calls of Err.
type endsAfter struct {
	context.Context
	left *int
}

func (c endsAfter) Err() error {
	if *c.left--; *c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}
