package secretchat

import (
	"bytes"
	"iter"
)

// Restore returns the chat with the given id from its records: all those that its [Store]
// has, in any order. A record is not used after the next step of the iteration. The id
// replaces Options.ChatID.
//
// The error is [ErrState] if the records are not all from one commit, or belong to another
// chat, peer or key. A chat that has failed is restored as one that has failed: see
// [Chat.Err].
//
// A state of version 1, of which a chat had only one, is passed as a single record, under any
// key. The first commit replaces it by records of the current version, and removes that key.
//
// If Options.Layer is higher than before, the peer is told. If it is lower, the previous
// one stays in force.
func Restore(chat int64, records iter.Seq2[[]byte, []byte], opt Options) (*Chat, error) {
	opt.ChatID = chat
	opt.check()
	opt.checkKey()
	c := new(Chat)
	c.use(&opt)
	if !c.read(records) {
		return nil, ErrState
	}
	c.makeRoom()
	if c.over != nil || opt.Layer <= c.own {
		return c, nil
	}
	if err := c.do(func() (bool, error) { return true, c.announce(opt.Layer) }); err != nil {
		return nil, err
	}
	return c, nil
}

// read reads all records of a chat, and reports whether they are that.
func (c *Chat) read(records iter.Seq2[[]byte, []byte]) bool {
	r := reader{session: &c.session}
	var sum tag
	for key, value := range records {
		if c.ledger.stale != nil {
			return false // There is more than the state of version 1.
		}
		if len(value) > 0 && value[0] == stateVersion1 {
			content, ok := c.ledger.openV1(value)
			ok = ok && !r.head && c.ledger.records == nil && c.readV1(content)
			clear(content)
			if !ok {
				return false
			}
			c.touchAll()
			c.ledger.stale = [][]byte{bytes.Clone(key)}
			continue
		}
		id, t, content, ok := c.ledger.open(key, value)
		if !ok || id == headID && r.head {
			return false
		}
		if id == headID {
			sum = t
		} else {
			c.ledger.enter(id, t)
		}
		if !r.read(id, content) {
			return false
		}
	}
	if c.ledger.stale != nil {
		return true
	}
	c.ledger.entered()
	return c.ledger.sum == sum && r.finish()
}

// RestoreOutgoing is [Restore] for a chat that the peer has not accepted yet. It returns
// [ErrState] if the records are those of a [Chat].
func RestoreOutgoing(chat int64, records iter.Seq2[[]byte, []byte], opt Options) (*Outgoing, error) {
	opt.ChatID = chat
	opt.check()
	opt.checkKey()
	o := newOutgoing(&opt)
	if !o.read(records) {
		return nil, ErrState
	}
	return o, nil
}

// read reads the one record of an exchange.
func (o *Outgoing) read(records iter.Seq2[[]byte, []byte]) bool {
	n := 0
	for key, value := range records {
		id, _, content, ok := o.ledger.open(key, value)
		if len(value) > 0 && value[0] == stateVersion1 {
			id = headID
			content, ok = o.ledger.openV1(value)
			o.ledger.stale = [][]byte{bytes.Clone(key)}
		}
		if n++; !ok || n > 1 || id != headID {
			return false
		}
		w := coder{mode: reading, b: content}
		o.code(&w, headID)
		clear(content)
		if w.bad || len(w.b) != 0 {
			return false
		}
	}
	return n == 1
}
