package secretchat

import (
	"bytes"
	"iter"
	"maps"
	"slices"
)

// recordSet is what a store has of a chat.
type recordSet map[string][]byte

func (r *recordSet) apply(changes []Change) {
	for _, c := range changes {
		if c.Value == nil {
			delete(*r, string(c.Key))
			continue
		}
		if *r == nil {
			*r = recordSet{}
		}
		(*r)[string(c.Key)] = bytes.Clone(c.Value)
	}
}

// seal applies what a commit of s changes.
func (r *recordSet) seal(l *ledger, s source, ids []recordID) {
	_, changes := l.batch(s, ids)
	r.apply(changes)
}

func (r recordSet) all() iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		// Nobody may keep what is given to him, and the order means nothing.
		for _, key := range slices.Backward(slices.Sorted(maps.Keys(r))) {
			k, v := []byte(key), bytes.Clone(r[key])
			if !yield(k, v) {
				return
			}
			clear(k)
			clear(v)
		}
	}
}

// size returns how long all values are together.
func (r recordSet) size() (n int) {
	for _, value := range r {
		n += len(value)
	}
	return n
}

func (r recordSet) equal(other recordSet) bool { return maps.EqualFunc(r, other, bytes.Equal) }

// snapshot returns the records that a chat would have if it began now.
func snapshot(c *Chat) (r recordSet) {
	l := ledger{key: c.ledger.key, chat: c.ledger.chat, peer: c.ledger.peer}
	r.seal(&l, &c.session, allRecords(c))
	return r
}

func allRecords(c *Chat) (ids []recordID) {
	if c.key != nil {
		ids = append(ids, keysID)
	}
	for i := range c.history.records {
		ids = append(ids, newRecordID(kindOwn, c.history.first+i))
	}
	for _, m := range c.queue.waiting {
		ids = append(ids, newRecordID(kindWaiting, m.seq))
	}
	for i := range c.unhandled.list {
		ids = append(ids, newRecordID(kindEvent, c.unhandled.first+i))
	}
	return ids
}

// plainState returns a chat's state as it is before it is sealed.
func plainState(c *Chat) string {
	w := coder{mode: writing}
	for _, id := range append(allRecords(c), headID) {
		c.code(&w, id)
	}
	return string(w.b)
}
