package gotd_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/internal/relay"
)

// killTime is for a run by hand: go test -run Kill -killtime 2m
var killTime = flag.Duration("killtime", 5*time.Second, "for how long TestKill kills processes")

// childEnv has the folder of the process that is going to be killed, and firstEnv the number
// of the first message that it sends.
const (
	childEnv = "GOTD_TEST_CHILD"
	firstEnv = "GOTD_TEST_FIRST"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		fmt.Fprintln(os.Stderr, runChild(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// lastChild, instead of a first number, has a child send nothing but what is left.
const lastChild = -1

// runChild is a client that sends one message after the other for ever. It prints
//
//	sent NUMBER         when Send has returned
//	got SEQ TEXT        in the handler
//	idle                if there is nothing left to send
func runChild(dir string) error {
	first, err := strconv.Atoi(os.Getenv(firstEnv))
	if err != nil {
		return err
	}
	options, err := relay.RemoteOptions(dir)
	if err != nil {
		return err
	}
	c := &client{path: filepath.Join(dir, "secret.db")}
	store, err := c.open()
	if err != nil {
		return err
	}
	var gaps *updates.Manager
	options.UpdateHandler = telegram.UpdateHandlerFunc(func(ctx context.Context, u tg.UpdatesClass) error {
		return gaps.Handle(ctx, u)
	})
	tgClient := telegram.NewClient(1, "hash", options)
	chats, err := gotd.New(tgClient.API(), gotd.Options{
		Store: store, StateKey: stateKey,
		Handler: func(_ context.Context, e gotd.Event) error {
			switch e := e.(type) {
			case *gotd.Message:
				fmt.Println("got", e.Seq, e.Text())
			case *gotd.Closed, *gotd.Failed, *gotd.Damaged:
				fmt.Printf("unexpected %T %+v\n", e, e)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	dispatcher := tg.NewUpdateDispatcher()
	chats.Register(dispatcher)
	gaps = updates.New(updates.Config{Handler: dispatcher, Storage: chats.StateStorage(&fileState{path: filepath.Join(dir, "updates.json")})})
	return tgClient.Run(context.Background(), func(ctx context.Context) error {
		self, err := tgClient.Self(ctx)
		if err != nil {
			return err
		}
		go gaps.Run(ctx, tgClient.API(), self.ID, updates.AuthOptions{})
		go func() {
			chat := chats.Chats()[0]
			for i := first; ; i++ {
				if first == lastChild {
					time.Sleep(10 * time.Millisecond)
					if len(chat.Pending()) == 0 {
						fmt.Println("idle")
					}
					continue
				}
				if len(chat.Pending()) > 20 {
					time.Sleep(time.Millisecond)
					i--
					continue
				}
				if _, err := chat.SendText(fmt.Sprint(i)); err != nil {
					fmt.Println("unexpected", err)
					return
				}
				fmt.Println("sent", i)
			}
		}()
		return chats.Run(ctx)
	})
}

// TestKill kills a client with -9 again and again, while both sides send: nothing is lost,
// nothing doubled, nothing has another number than before.
func TestKill(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	_, atB := newChat(t, a, b)
	a.stop()
	dir := filepath.Dir(a.path)
	if err := alice.SaveAccess(dir); err != nil {
		t.Fatal(err)
	}
	state, _, err := a.state.GetState(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&fileState{path: filepath.Join(dir, "updates.json")}).write(state); err != nil {
		t.Fatal(err)
	}

	child := &childLog{t: t, dir: dir, got: map[int]string{}}
	stop := make(chan struct{})
	var g sync.WaitGroup
	var ours int // how many we have sent
	g.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if len(atB.Pending()) > 5 {
				time.Sleep(time.Millisecond)
				continue
			}
			if _, err := atB.SendText(fmt.Sprint("ours ", ours)); err != nil {
				t.Error(err)
				return
			}
			ours++
		}
	})
	kills := 0
	// On a slow machine it takes longer to have seen anything.
	for end := time.Now().Add(*killTime); time.Now().Before(end) || kills < 3 || len(child.sent) < 10; kills++ {
		child.run(kills*1_000_000, time.Duration(50+rand.IntN(400))*time.Millisecond)
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // in which it is off
	}
	close(stop)
	g.Wait()

	// At last it may live until all is there. What the children said that they have sent
	// arrives once, in order, with what they had no time to say in between.
	last, seen := -1, map[string]bool{}
	arrived := func() bool {
		for {
			e, ok := b.events.take()
			if !ok {
				return seen[child.sent[len(child.sent)-1]]
			}
			switch e := e.(type) {
			case *gotd.Message:
				if e.Seq <= last || seen[e.Text()] {
					t.Fatalf("message %q has number %d after %d, seen: %v", e.Text(), e.Seq, last, seen[e.Text()])
				}
				last, seen[e.Text()] = e.Seq, true
			default:
				t.Fatalf("unexpected %T %+v", e, e)
			}
		}
	}
	child.runUntil(lastChild, func() bool { return child.idle && len(child.got) >= ours && arrived() })
	if len(child.got) != ours {
		t.Fatalf("the child has %d of our %d messages", len(child.got), ours)
	}
	for seq, n := 0, 0; n < ours; seq++ {
		text, ok := child.got[seq]
		if !ok {
			continue // the driver's own
		}
		if want := fmt.Sprint("ours ", n); text != want {
			t.Fatalf("message %d of the child is %q, want %q", seq, text, want)
		}
		n++
	}
	for _, text := range child.sent {
		if !seen[text] {
			t.Errorf("message %q was sent and has not arrived", text)
		}
	}
	if extra := len(seen) - len(child.sent); extra > kills+1 {
		t.Errorf("%d messages have arrived that nobody said were sent, after %d kills", extra, kills)
	}
	t.Logf("%d kills, %d messages sent by the child, %d to it, %d events twice", kills, len(child.sent), ours, child.again)
}

// childLog is what the children have said.
type childLog struct {
	t     *testing.T
	dir   string
	sent  []string
	got   map[int]string // by number
	again int
	idle  bool
}

// run runs a child until some time after the first that it says.
func (l *childLog) run(first int, life time.Duration) {
	l.t.Helper()
	var deadline time.Time
	l.runUntil(first, func() bool {
		if deadline.IsZero() {
			deadline = time.Now().Add(life)
		}
		return time.Now().After(deadline)
	})
}

func (l *childLog) runUntil(first int, enough func() bool) {
	l.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+l.dir, firstEnv+"="+strconv.Itoa(first))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	killer := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer killer.Stop()
	defer cmd.Process.Kill() // if the test fails
	lines := bufio.NewScanner(out)
	silent := true
	for lines.Scan() {
		silent = false
		l.line(lines.Text())
		if enough() {
			cmd.Process.Kill()
			break
		}
	}
	for lines.Scan() { // what it said before it was killed
		l.line(lines.Text())
	}
	cmd.Wait()
	if silent {
		l.t.Fatal("the child says nothing")
	}
}

func (l *childLog) line(line string) {
	l.t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "sent":
		l.sent = append(l.sent, rest)
	case "got":
		number, text, _ := strings.Cut(rest, " ")
		seq, err := strconv.Atoi(number)
		if err != nil {
			return // cut off
		}
		if before, ok := l.got[seq]; ok {
			l.again++
			if before != text {
				l.t.Fatalf("message %d is %q, and was %q", seq, text, before)
			}
		}
		l.got[seq] = text
	case "idle":
		l.idle = true
	default:
		l.t.Fatalf("the child says %q", line)
	}
}

// fileState keeps the state of updates in a file, which is replaced as a whole.
type fileState struct {
	memState
	path string
}

func (s *fileState) write(state updates.State) error {
	b, err := json.Marshal(state)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(s.path+".new", s.path)
}

func (s *fileState) GetState(context.Context, int64) (state updates.State, found bool, err error) {
	b, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return state, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &state)
	}
	return state, err == nil, err
}

func (s *fileState) change(f func(*updates.State)) error {
	state, _, err := s.GetState(context.Background(), 0)
	if err != nil {
		return err
	}
	f(&state)
	return s.write(state)
}

func (s *fileState) SetState(_ context.Context, _ int64, state updates.State) error {
	return s.write(state)
}

func (s *fileState) SetPts(_ context.Context, _ int64, pts int) error {
	return s.change(func(s *updates.State) { s.Pts = pts })
}

func (s *fileState) SetQts(_ context.Context, _ int64, qts int) error {
	return s.change(func(s *updates.State) { s.Qts = qts })
}

func (s *fileState) SetDate(_ context.Context, _ int64, date int) error {
	return s.change(func(s *updates.State) { s.Date = date })
}

func (s *fileState) SetSeq(_ context.Context, _ int64, seq int) error {
	return s.change(func(s *updates.State) { s.Seq = seq })
}

func (s *fileState) SetDateSeq(_ context.Context, _ int64, date, seq int) error {
	return s.change(func(s *updates.State) { s.Date, s.Seq = date, seq })
}
