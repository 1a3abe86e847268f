package gotd

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/mtcore/mtcore/secretchat"
)

// Store keeps what a [Manager] must not forget, as records with a key and a value. The
// states of chats are among them, sealed by package secretchat under [Options.StateKey]; the
// rest is what the server knows anyway: ids, access hashes, dates, updates as it sent
// them. A store is for one account, and for one Manager at a time.
//
// State must not go back in time: restoring a store from a backup breaks all chats.
//
// Package boltstore has one in a file. Package storetest has the tests that a store must
// pass.
type Store interface {
	// Load calls f for the records whose key begins with prefix, in the order of keys, and
	// returns its error. The slices are valid until f returns. f does not call the store.
	Load(prefix []byte, f func(key, value []byte) error) error
	// Commit makes all changes or none, in order, so that of two of one key the last
	// counts. It returns when they, or the error, are durable: what it has made is found
	// after a crash. It does not keep the slices. Nobody calls it twice at a time.
	Commit(changes []Change) error
}

// Change of a [Store] sets the record of Key to Value, or removes it if Value is nil.
type Change struct{ Key, Value []byte }

// tx collects the changes of one transaction.
type tx struct{ changes []Change }

func (t *tx) add(changes ...Change) { t.changes = append(t.changes, changes...) }

// committer is the only way to a Store. Transactions that come while another is being
// written are written together, each of them whole, so that many chats that are busy at the
// same time wait for the disk once.
//
// After an error nobody can tell what is in the store, so that it is the end: all that
// follow fail as well.
type committer struct {
	store Store

	mu   sync.Mutex
	next *batch // that does not wait for the disk yet
	err  error

	turn sync.Mutex // of the batch that does
}

type batch struct {
	tx
	done chan struct{}
	err  error
}

// commit returns when the changes are on disk. The error is secretchat's ErrStore.
func (c *committer) commit(changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	c.mu.Lock()
	b := c.next
	first := b == nil
	if first {
		b = &batch{done: make(chan struct{})}
		c.next = b
	}
	b.add(changes...)
	c.mu.Unlock()
	if !first {
		<-b.done
		return b.err
	}
	defer close(b.done)
	c.turn.Lock()
	defer c.turn.Unlock()
	c.gather(b)
	c.mu.Lock()
	c.next = nil // who comes now is in the next one
	b.err = c.err
	c.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	if err := c.write(b.changes); err != nil {
		b.err = fmt.Errorf("%w: %w", secretchat.ErrStore, err)
		c.mu.Lock()
		c.err = b.err
		c.mu.Unlock()
	}
	return b.err
}

// gather lets others join a batch for as long as some do. Whoever was in the last one has been
// woken now that it is on disk, and most have something new. If the first of them did not wait, the
// disk would be busy with his changes alone, and all others be late by one commit. It ends, since
// each of them is in a batch once and waits for it.
func (c *committer) gather(b *batch) {
	for n := -1; ; {
		c.mu.Lock()
		more := len(b.changes)
		c.mu.Unlock()
		if more == n {
			return
		}
		n = more
		runtime.Gosched()
	}
}

// write has a store that panics count as one that has failed.
func (c *committer) write(changes []Change) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("gotd: Store has panicked: %v", r)
		}
	}()
	return c.store.Commit(changes)
}

// failed returns the error of the store, if there was one.
func (c *committer) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
