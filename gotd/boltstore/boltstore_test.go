package boltstore_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/boltstore"
	"github.com/mtcore/mtcore/gotd/storetest"
)

var suite = storetest.Suite{Open: open}

func TestMain(m *testing.M) {
	storetest.Main(suite)
	os.Exit(m.Run())
}

func open(place string) (gotd.Store, func() error, error) {
	db, err := bbolt.Open(place, 0o600, &bbolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		return nil, nil, err
	}
	s, err := boltstore.New(db, "a")
	return s, db.Close, err
}

func TestStore(t *testing.T) { storetest.Run(t, suite) }

// TestBuckets: those of two accounts in one file have nothing to do with each other.
func TestBuckets(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var stores [2]*boltstore.Store
	for i, bucket := range []string{"a", "b"} {
		if stores[i], err = boltstore.New(db, bucket); err != nil {
			t.Fatal(err)
		}
	}
	if err := stores[0].Commit([]gotd.Change{{Key: []byte("1"), Value: []byte("one")}}); err != nil {
		t.Fatal(err)
	}
	err = stores[1].Load(nil, func(key, _ []byte) error {
		t.Errorf("record %q of another account", key)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestCommitFails: then nothing has changed.
func TestCommitFails(t *testing.T) {
	s, closeStore, err := open(filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore()
	one := gotd.Change{Key: []byte("1"), Value: []byte("one")}
	refused := gotd.Change{Value: []byte("a key that bbolt refuses")}
	if err := s.Commit([]gotd.Change{one, refused}); err == nil {
		t.Error("a record without a key was stored")
	}
	err = s.Load(nil, func(key, _ []byte) error {
		t.Errorf("record %q is there", key)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
