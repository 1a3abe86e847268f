package boltstore_test

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/boltstore"
)

func open(t *testing.T, path, bucket string) (*boltstore.Store, *bbolt.DB) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := boltstore.New(db, bucket)
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

func set(key, value string) gotd.Change { return gotd.Change{Key: []byte(key), Value: []byte(value)} }

func want(t *testing.T, s *boltstore.Store, records map[string]string) {
	t.Helper()
	got := map[string]string{}
	err := s.Load(nil, func(key, value []byte) error {
		got[string(key)] = string(value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, records) {
		t.Errorf("got records %v, want %v", got, records)
	}
}

// TestCommit: what was committed is there when the file is opened again, and nothing else.
func TestCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, db := open(t, path, "a")
	want(t, s, nil)
	for _, changes := range [][]gotd.Change{
		{set("1", "one"), set("2", "two")},
		{set("1", "uno"), {Key: []byte("2")}, set("3", "tre")},
		{{Key: []byte("4")}}, // which does not exist
		nil,
	} {
		if err := s.Commit(changes); err != nil {
			t.Fatal(err)
		}
	}
	records := map[string]string{"1": "uno", "3": "tre"}
	want(t, s, records)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, db = open(t, path, "a")
	want(t, s, records)

	other, err := boltstore.New(db, "b")
	if err != nil {
		t.Fatal(err)
	}
	want(t, other, nil)
}

// TestCommitFails: then nothing has changed.
func TestCommitFails(t *testing.T) {
	s, _ := open(t, filepath.Join(t.TempDir(), "db"), "a")
	if err := s.Commit([]gotd.Change{set("1", "one")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit([]gotd.Change{set("1", "uno"), set("", "a key that bbolt refuses")}); err == nil {
		t.Error("a record without a key was stored")
	}
	want(t, s, map[string]string{"1": "one"})
}

// TestLoadFails: the error is the caller's.
func TestLoadFails(t *testing.T) {
	s, _ := open(t, filepath.Join(t.TempDir(), "db"), "a")
	if err := s.Commit([]gotd.Change{set("1", "one")}); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no")
	if err := s.Load(nil, func(_, _ []byte) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
	if err := s.Load(nil, func(k, v []byte) error { return fmt.Errorf("%s", k) }); err == nil || err.Error() != "1" {
		t.Errorf("got %v, want the error of the function", err)
	}
}
