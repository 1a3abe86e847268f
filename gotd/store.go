package gotd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"github.com/mtcore/mtcore/secretchat"
)

// Store keeps what a [Manager] must not forget, as records with a key and a value. The
// states of chats are among them, sealed by package secretchat under [Options.StateKey]; the
// rest is what the server knows anyway: ids, access hashes, the parameters of
// Diffie–Hellman. A store is for one account, and for one Manager at a time.
//
// State must not go back in time: restoring a store from a backup breaks all chats.
type Store interface {
	// Load calls f for all records, and returns its error. The slices are valid until f
	// returns.
	Load(f func(key, value []byte) error) error
	// Commit makes all changes or none. It returns when they, or the error, are durable:
	// what it has made is found after a crash. It does not keep the slices.
	Commit(changes []Change) error
}

// Change of a [Store] sets the record of Key to Value, or removes it if Value is nil.
type Change struct{ Key, Value []byte }

// Keys of records, each with the first letter of its kind. Those of a chat go on with its
// id, those of a file with another.
const (
	keyDH    = 'd'
	keyChat  = 'c'
	keyState = 's' // sealed
	keySend  = 'o' // the file of a message to be sent, by random_id
	keyFile  = 'i' // the file of a message that was received, by its id
)

func recordKey(kind byte, chat int, id ...int64) []byte {
	key := fmt.Appendf(nil, "%c%08x", kind, uint32(chat))
	for _, id := range id {
		key = fmt.Appendf(key, "%016x", uint64(id))
	}
	return key
}

var errKind = errors.New("unknown kind")

// records is a Store when it is loaded.
type records struct {
	dh    *dhRecord
	chats []chatRecord
	state map[int][]byte
	send  map[int][]*sendRecord
	files map[int][]*tg.EncryptedFile
}

// dhRecord is a checked configuration of Diffie–Hellman.
type dhRecord struct {
	Version, G int
	P          []byte
}

// chatRecord is what there is to know about a chat besides its keys.
type chatRecord struct {
	ID         int
	AccessHash int64
	PeerID     int64
	Originator bool
	State      State
	// GA is what the peer has sent, in StateRequested.
	GA      []byte   `json:",omitempty"`
	Closing *closing `json:",omitempty"` // in StateClosing
}

// closing is why a chat has come to its end: because of a rule of the protocol, for
// another reason, or because one of the two users wanted it. Told says that the server
// knows, and Silent that the application never knew of the chat.
type closing struct {
	Rule   secretchat.Rule `json:",omitempty"`
	Reason string          `json:",omitempty"`
	Told   bool            `json:",omitempty"`
	Silent bool            `json:",omitempty"`
}

func (c *closing) err() error {
	switch {
	case c.Rule != "":
		return &secretchat.FatalError{Rule: c.Rule}
	case c.Reason != "":
		return errors.New("gotd: " + c.Reason)
	default:
		return nil
	}
}

// sendRecord is the file that belongs to a message of ours. It is kept until the peer has
// received the message, which it may ask for again.
type sendRecord struct {
	Chat     int
	RandomID int64
	Seq      int // -1 as long as it is not known
	File     []byte
}

func (r *sendRecord) key() []byte { return recordKey(keySend, r.Chat, r.RandomID) }

type fileRecord struct {
	Chat int
	File []byte
}

// fileKey is the key of a file's record.
func fileKey(chat int, f *tg.EncryptedFile) []byte { return recordKey(keyFile, chat, f.ID) }

// put is the change that sets a record to the JSON of v.
func put(key []byte, v any) Change {
	value, err := json.Marshal(v)
	if err != nil {
		panic("gotd: internal error: " + err.Error())
	}
	return Change{key, value}
}

func remove(key []byte) Change { return Change{Key: key} }

// load reads all records.
func load(s Store) (*records, error) {
	r := &records{
		state: map[int][]byte{}, send: map[int][]*sendRecord{}, files: map[int][]*tg.EncryptedFile{},
	}
	err := s.Load(func(key, value []byte) error {
		if err := r.add(key, value); err != nil {
			return fmt.Errorf("gotd: record %q: %w", key, err)
		}
		return nil
	})
	return r, err
}

func (r *records) add(key, value []byte) error {
	switch {
	case len(key) == 0:
		return errKind
	case key[0] == keyDH:
		return json.Unmarshal(value, &r.dh)
	case key[0] == keyChat:
		var c chatRecord
		r.chats = append(r.chats, c)
		return json.Unmarshal(value, &r.chats[len(r.chats)-1])
	case key[0] == keyState:
		var id uint32
		if _, err := fmt.Sscanf(string(key[1:]), "%08x", &id); err != nil {
			return err
		}
		r.state[int(int32(id))] = bytes.Clone(value)
		return nil
	case key[0] == keySend:
		var s sendRecord
		err := json.Unmarshal(value, &s)
		r.send[s.Chat] = append(r.send[s.Chat], &s)
		return err
	case key[0] == keyFile:
		var f fileRecord
		if err := json.Unmarshal(value, &f); err != nil {
			return err
		}
		file := new(tg.EncryptedFile)
		r.files[f.Chat] = append(r.files[f.Chat], file)
		return file.Decode(&bin.Buffer{Buf: f.File})
	default:
		return errKind
	}
}

// stateStore is the secretchat.Store of a chat. What the chat's caller has to store
// together with it goes into the same transaction.
type stateStore struct{ c *Chat }

var _ secretchat.Store = stateStore{}

// Commit is called while c.mu is held by who called a method of the chat.
func (s stateStore) Commit(_ int64, state []byte) error {
	changes := append(s.c.with, Change{recordKey(keyState, s.c.id), state})
	s.c.with = nil
	return s.c.m.opt.Store.Commit(changes)
}
