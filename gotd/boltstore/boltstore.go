// Package boltstore keeps the state of secret chats in bbolt, the database in which gotd's
// own examples keep the state of updates: one file, no server, and transactions that
// are on disk when they are over. An application that has such a file already may share it.
package boltstore

import (
	"bytes"

	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/gotd"
)

// Store is a [gotd.Store]. Each commit is one transaction.
type Store struct {
	db     *bbolt.DB
	bucket []byte
}

var _ gotd.Store = (*Store)(nil)

// New returns the store in a bucket of db, which is made if need be. Each account has its
// own. The database should have been opened with durable writes, as it is by default, and
// is not closed by the store.
func New(db *bbolt.DB, bucket string) (*Store, error) {
	s := &Store{db, []byte(bucket)}
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(s.bucket)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Load implements [gotd.Store].
func (s *Store) Load(prefix []byte, f func(key, value []byte) error) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(s.bucket).Cursor()
		for key, value := c.Seek(prefix); bytes.HasPrefix(key, prefix) && key != nil; key, value = c.Next() {
			if err := f(key, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Commit implements [gotd.Store].
func (s *Store) Commit(changes []gotd.Change) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(s.bucket)
		for _, c := range changes {
			if err := apply(b, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func apply(b *bbolt.Bucket, c gotd.Change) error {
	if c.Value == nil {
		return b.Delete(c.Key)
	}
	return b.Put(c.Key, c.Value)
}
