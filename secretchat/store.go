package secretchat

import "fmt"

// Store keeps the states of chats, each as records with a key and a value. A chat calls it
// while it is locked: Commit must not call methods of the chat.
type Store interface {
	// Commit makes all changes to the records of the chat with the given id, or none of
	// them. It is atomic, and durable when it returns: after a crash, either all of them
	// are found or none, and all if Commit has returned nil. It must not keep the slices.
	//
	// What there is to write is a head, of a few hundred bytes, and the keys, messages and
	// events that have changed since the last commit: see the documentation of the package.
	//
	// A chat whose Commit has failed, or panicked, returns [ErrStore] from then on, since
	// nobody can tell what has been kept. Restore it from what the store has: if the state
	// was kept when Encrypt failed, the message is in [Chat.Outbox], under its random id.
	Commit(chat int64, changes []Change) error
}

// Change of a [Store] sets the record of Key to Value, or removes it if Value is nil. It is
// no error if there is none to be removed. No two changes of a commit have the same key.
//
// Keys are those of one chat: a store for several has to put the id of the chat in front.
// They have at most [MaxKeySize] bytes, and sort by the numbers of messages. Nothing in a
// Change is secret.
type Change struct{ Key, Value []byte }

// MaxKeySize is the length in bytes of the longest key of a [Change].
const MaxKeySize = 8

// errNoReturn is what a chat returns whose Store has panicked.
var errNoReturn = fmt.Errorf("%w: Commit has not returned", ErrStore)

// commit is the only way to a Store.
func commit(s Store, chat int64, changes []Change) error {
	if err := s.Commit(chat, changes); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	return nil
}
