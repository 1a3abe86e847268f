package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/gotd/td/telegram/updates"
)

// stateFile keeps the state of updates in a file, so that nothing is missed while the
// program does not run. It knows no channels. A larger program has a database for this:
// the one of github.com/gotd/contrib/bbolt fits into the same file as the chats.
type stateFile struct {
	path string
	mu   sync.Mutex
}

var _ updates.StateStorage = (*stateFile)(nil)

func (f *stateFile) read() (s updates.State, err error) {
	b, err := os.ReadFile(f.path)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

func (f *stateFile) write(s updates.State) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(f.path+".new", f.path)
}

func (f *stateFile) update(change func(*updates.State)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.read()
	if err != nil {
		return err
	}
	change(&s)
	return f.write(s)
}

func (f *stateFile) GetState(context.Context, int64) (s updates.State, found bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err = f.read()
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	return s, err == nil, err
}

func (f *stateFile) SetState(_ context.Context, _ int64, s updates.State) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.write(s)
}

func (f *stateFile) SetPts(_ context.Context, _ int64, pts int) error {
	return f.update(func(s *updates.State) { s.Pts = pts })
}

func (f *stateFile) SetQts(_ context.Context, _ int64, qts int) error {
	return f.update(func(s *updates.State) { s.Qts = qts })
}

func (f *stateFile) SetDate(_ context.Context, _ int64, date int) error {
	return f.update(func(s *updates.State) { s.Date = date })
}

func (f *stateFile) SetSeq(_ context.Context, _ int64, seq int) error {
	return f.update(func(s *updates.State) { s.Seq = seq })
}

func (f *stateFile) SetDateSeq(_ context.Context, _ int64, date, seq int) error {
	return f.update(func(s *updates.State) { s.Date, s.Seq = date, seq })
}

func (f *stateFile) GetChannelPts(context.Context, int64, int64) (pts int, found bool, err error) {
	return 0, false, nil
}

func (f *stateFile) SetChannelPts(context.Context, int64, int64, int) error { return nil }

func (f *stateFile) ForEachChannels(context.Context, int64, func(context.Context, int64, int) error) error {
	return nil
}
