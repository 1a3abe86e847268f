package boltstore_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/gotd/td/telegram/updates"
	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/gotd/boltstore"
)

// TestState: each part is found as it was set, of each user, also when the file is opened
// again.
func TestState(t *testing.T) {
	path, ctx := filepath.Join(t.TempDir(), "db"), t.Context()
	open := func() (*boltstore.State, *bbolt.DB) {
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := boltstore.NewState(db, "updates")
		if err != nil {
			t.Fatal(err)
		}
		return s, db
	}
	s, db := open()
	if _, found, err := s.GetState(ctx, 1); found || err != nil {
		t.Errorf("got %v, %v, want no state", found, err)
	}
	if err := s.SetQts(ctx, 1, 5); !errors.Is(err, boltstore.ErrNoState) {
		t.Errorf("got %v, want %v", err, boltstore.ErrNoState)
	}
	for _, user := range []int64{1, 2} {
		if err := s.SetState(ctx, user, updates.State{Pts: 1, Qts: 2, Date: 3, Seq: 4}); err != nil {
			t.Fatal(err)
		}
	}
	for i, set := range []func() error{
		func() error { return s.SetPts(ctx, 1, 10) },
		func() error { return s.SetQts(ctx, 1, 20) },
		func() error { return s.SetDate(ctx, 1, 30) },
		func() error { return s.SetSeq(ctx, 1, 40) },
		func() error { return s.SetDateSeq(ctx, 2, 50, 60) },
		func() error { return s.SetChannelPts(ctx, 1, -7, 70) },
		func() error { return s.SetChannelPts(ctx, 1, 8, 80) },
		func() error { return s.SetChannelPts(ctx, 2, 9, 90) },
	} {
		if err := set(); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, db = open()
	defer db.Close()
	for user, want := range map[int64]updates.State{1: {Pts: 10, Qts: 20, Date: 30, Seq: 40}, 2: {Pts: 1, Qts: 2, Date: 50, Seq: 60}} {
		if got, found, err := s.GetState(ctx, user); got != want || !found || err != nil {
			t.Errorf("user %d: got %+v, %v, %v, want %+v", user, got, found, err, want)
		}
	}
	got := map[int64]int{}
	err := s.ForEachChannels(ctx, 1, func(ctx context.Context, channel int64, pts int) error {
		got[channel] = pts
		return s.SetChannelPts(ctx, 1, channel, pts) // which must not wait for itself
	})
	if want := map[int64]int{-7: 70, 8: 80}; err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if pts, found, err := s.GetChannelPts(ctx, 2, 9); pts != 90 || !found || err != nil {
		t.Errorf("got %d, %v, %v", pts, found, err)
	}
	if _, found, err := s.GetChannelPts(ctx, 2, 8); found || err != nil {
		t.Errorf("channel of another user: %v, %v", found, err)
	}
}
