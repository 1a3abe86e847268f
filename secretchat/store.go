package secretchat

import "fmt"

// Store keeps the states of chats. A chat calls it while it is locked: Commit must not
// call methods of the chat.
type Store interface {
	// Commit replaces what is kept of the chat with the given id by state, which
	// [Restore] takes, or forgets the chat if state is nil. It is atomic, and durable
	// when it returns: after a crash, there is either the old state or the new one, and
	// the new one if Commit has returned nil. It must not keep the slice.
	//
	// A state has about a kilobyte, and in addition whatever the peer has not
	// acknowledged, what came too early, and the events that are not [Chat.Handled].
	//
	// A chat whose Commit has failed returns [ErrStore] from then on, since nobody can
	// tell what has been kept. Restore it from what the store has: if the state was
	// kept when Encrypt failed, the message is in [Chat.Outbox], under its random id.
	Commit(chat int64, state []byte) error
}

// commit is the only way to a Store.
func commit(s Store, chat int64, state []byte) error {
	if err := s.Commit(chat, state); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	return nil
}
