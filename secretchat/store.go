package secretchat

import "fmt"

// Store keeps the states of chats, each as records with a key and a value. A chat calls it
// with its lock held: Commit must not call methods of the chat.
type Store interface {
	// Commit applies all changes to the records of the chat with the given id, or none of
	// them, and makes them durable: after a crash, either all of them are found or none, and
	// all of them if Commit has returned nil. It must not keep the slices.
	//
	// The changes are a head, of a few hundred bytes, and the keys, messages and events that
	// have changed since the last commit: see the documentation of the package.
	//
	// If Commit fails or panics, the chat returns [ErrStore] from then on, since nobody can
	// tell what the store has kept. Restore the chat from that. If it was Encrypt that failed
	// and the state has been kept, [Chat.Outbox] has the message, under its random id.
	Commit(chat int64, changes []Change) error
}

// Change is a change to a [Store]. It sets the record under Key to Value or, if Value is nil,
// removes it; that there is no such record is no error then. No two changes of one commit
// have the same key.
//
// Different chats have the same keys: a store for several has to prefix them with the id of
// the chat. They have at most [MaxKeySize] bytes, and sort by the numbers of messages.
// Nothing in a Change is secret.
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
