package secretchat

// Store keeps the states of chats. A chat calls it while it is locked: Commit must not
// call methods of the chat.
type Store interface {
	// Commit replaces what is kept of the chat with the given id by state, which
	// [Restore] takes, or forgets the chat if state is nil. It returns after the new
	// state, or an error, will be found after a crash: it is atomic and durable. It must not
	// keep state, whose bytes will change.
	//
	// A chat whose Commit has failed returns [ErrStore] from then on, since nobody can
	// tell what has been kept. Restore it from what the store has.
	Commit(chat int64, state []byte) error
}
