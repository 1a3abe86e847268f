package gotd

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/gotd/log"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"github.com/mtcore/mtcore/secretchat"
)

// Keys of records begin with the letter of their kind. Those of a chat go on with its id,
// in 8 hexadecimal digits, and if there can be several of the kind with a number, in 16.
const (
	keyDH     = 'd' // of the account
	keyChat   = 'c'
	keyState  = 's' // secretchat's, sealed
	keyUpdate = 'u' // an update that is still to be handled, by the order of arrival
	keySend   = 'o' // a message of ours, by random_id
	keyFile   = 'i' // the file of a message that was received, by the order of arrival
)

var chatKinds = []byte{keyChat, keyState, keyUpdate, keySend, keyFile}

func recordKey(kind byte, chat int, id ...int64) []byte {
	key := fmt.Appendf(nil, "%c%08x", kind, uint32(chat))
	for _, id := range id {
		key = fmt.Appendf(key, "%016x", uint64(id))
	}
	return key
}

// recordVersion is that of all records with a version. Those without are of the first.
const recordVersion = 2

// ErrNewer says that a record was written by a newer version of this package.
var ErrNewer = errors.New("gotd: record of a newer version")

var errKind = errors.New("gotd: unknown kind of record")

// dhRecord is a checked configuration of Diffie–Hellman.
type dhRecord struct {
	Version, G int
	P          []byte
}

// chatRecord is what there is to know about a chat besides its keys.
type chatRecord struct {
	V          int `json:",omitempty"`
	ID         int
	AccessHash int64
	PeerID     int64
	Originator bool
	State      State
	// GA is what the peer has sent, and User who it is, a tg.User if the server has named
	// it: in StateRequested.
	GA   []byte `json:",omitempty"`
	User []byte `json:",omitempty"`
	// TTL is what new messages have, in seconds.
	TTL int `json:",omitempty"`
	// Date is that of the last message that was received.
	Date int `json:",omitempty"`
	// Opened says that the handler has been told so.
	Opened  bool     `json:",omitempty"`
	Closing *closing `json:",omitempty"` // in StateEnding and StateClosing
}

// closing is how a chat has come to its end, and what is left to do about it.
type closing struct {
	By ClosedBy `json:",omitempty"`
	// Rule or Refusal is why, if somebody else than the two users wanted it.
	Rule    secretchat.Rule `json:",omitempty"`
	Refusal *refusal        `json:",omitempty"`
	// HistoryDeleted is what the peer wants of us.
	HistoryDeleted bool `json:",omitempty"`
	// DeleteHistory and Spam are what the server is to be told with the end.
	DeleteHistory bool `json:",omitempty"`
	Spam          bool `json:",omitempty"`
	// Told says that the server knows, and Silent that there is no one to be told here:
	// the handler has been, or the application never knew of the chat.
	Told   bool `json:",omitempty"`
	Silent bool `json:",omitempty"`
}

func (c *closing) err() error {
	switch {
	case c.Rule != "":
		return &secretchat.FatalError{Rule: c.Rule}
	case c.Refusal != nil:
		return c.Refusal.err()
	default:
		return nil
	}
}

// sendRecord is a message of ours, until the peer has it and the handler knows.
type sendRecord struct {
	V        int `json:",omitempty"`
	Chat     int
	RandomID int64
	Seq      int
	Silent   bool   `json:",omitempty"`
	File     []byte `json:",omitempty"` // an InputEncryptedFile
	// Date and Stored, an EncryptedFile, are what the server has answered.
	Date   int    `json:",omitempty"`
	Stored []byte `json:",omitempty"`
	// Failed is why the server does not take it. What has its number then is an order to
	// delete it.
	Failed *refusal `json:",omitempty"`
	Seen   bool     `json:",omitempty"` // by the peer's client
	// What the handler knows.
	SentTold bool `json:",omitempty"`
	SeenTold bool `json:",omitempty"`
}

func (r *sendRecord) key() []byte    { return recordKey(keySend, r.Chat, r.RandomID) }
func (r *sendRecord) change() Change { return put(r.key(), r) }

// over reports whether there is nothing left to remember about the message.
func (r *sendRecord) over() bool {
	if r.Failed != nil {
		return r.SentTold
	}
	return r.SentTold && r.SeenTold
}

// fileRecord is a file that came with a message, as the server knows it.
type fileRecord struct {
	Chat int
	File []byte
}

// storedFile is a file with the key of its record.
type storedFile struct {
	key  []byte
	file *tg.EncryptedFile
}

// put is the change that sets a record to the JSON of v.
func put(key []byte, v any) Change {
	value, err := json.Marshal(v)
	if err != nil {
		panic("gotd: internal error: " + err.Error())
	}
	return Change{key, value}
}

func remove(key []byte) Change { return Change{Key: key} }

// chatRecords are all records of a chat as they are found in a store.
type chatRecords struct {
	rec     chatRecord
	found   bool
	state   states // with the keys that secretchat gave them
	updates []storedUpdate
	sends   []*sendRecord
	files   []storedFile
	err     error // of the first that is not as it should be
}

// storedUpdate is an update of the journal.
type storedUpdate struct {
	key    []byte
	update tg.UpdateClass
	size   int
}

// records is a Store when it is loaded.
type records struct {
	dh    *dhRecord
	chats map[int]*chatRecords
	next  int64 // number for what arrives
}

// load reads all records. One that cannot be read is its chat's problem.
func load(s Store, logger log.Helper) (*records, error) {
	r := &records{chats: map[int]*chatRecords{}, next: 1}
	err := s.Load(nil, func(key, value []byte) error {
		if len(key) == 1 && key[0] == keyDH {
			if err := json.Unmarshal(value, &r.dh); err != nil {
				r.dh = nil // The server has it as well.
			}
			return nil
		}
		chat, rest, ok := parseKey(key)
		if !ok {
			logger.Warn(context.Background(), "Unknown record in the store of secret chats", log.String("key", string(key)))
			return nil
		}
		c := r.chats[chat]
		if c == nil {
			c = new(chatRecords)
			r.chats[chat] = c
		}
		if err := c.add(key, rest, value); err != nil && c.err == nil {
			c.err = fmt.Errorf("gotd: record %q: %w", key, err)
		}
		if n, err := strconv.ParseUint(rest, 16, 64); err == nil && (key[0] == keyUpdate || key[0] == keyFile) {
			r.next = max(r.next, int64(n)+1)
		}
		return nil
	})
	return r, err
}

// parseKey returns the chat that a record is of, and what follows its id.
func parseKey(key []byte) (chat int, rest string, ok bool) {
	if len(key) < 9 {
		return 0, "", false
	}
	id, err := strconv.ParseUint(string(key[1:9]), 16, 32)
	return int(int32(id)), string(key[9:]), err == nil
}

func (c *chatRecords) add(key []byte, rest string, value []byte) error {
	switch key[0] {
	case keyChat:
		c.found = true
		if err := json.Unmarshal(value, &c.rec); err != nil {
			return err
		}
		return checkVersion(c.rec.V)
	case keyState:
		c.state.add(rest, value)
		return nil
	case keyUpdate:
		u, err := decodeUpdate(value)
		c.updates = append(c.updates, storedUpdate{bytes.Clone(key), u, len(value)})
		return err
	case keySend:
		r := new(sendRecord)
		if err := json.Unmarshal(value, r); err != nil {
			return err
		}
		c.sends = append(c.sends, r)
		return checkVersion(r.V)
	case keyFile:
		var f fileRecord
		if err := json.Unmarshal(value, &f); err != nil {
			return err
		}
		file := new(tg.EncryptedFile)
		c.files = append(c.files, storedFile{bytes.Clone(key), file})
		return file.Decode(&bin.Buffer{Buf: f.File})
	default:
		return errKind
	}
}

func decodeUpdate(value []byte) (tg.UpdateClass, error) {
	return tg.DecodeUpdate(&bin.Buffer{Buf: bytes.Clone(value)})
}

func checkVersion(v int) error {
	if v > recordVersion {
		return fmt.Errorf("%w: %d, this one knows %d", ErrNewer, v, recordVersion)
	}
	return nil
}

// states are the records of a chat that package secretchat has made, under its keys in
// hexadecimal. There was one for each chat before, under no key.
type states []Change

func (s *states) add(rest string, value []byte) {
	key, err := hex.DecodeString(rest)
	if err != nil {
		key = []byte(rest) // which is none that secretchat knows
	}
	*s = append(*s, Change{key, bytes.Clone(value)})
}

// all has them as secretchat wants them.
func (s states) all(yield func(key, value []byte) bool) {
	for _, c := range s {
		if !yield(c.Key, c.Value) {
			return
		}
	}
}

// stateStore is the secretchat.Store of a chat. It has no way to the disk of its own: what
// the driver commits goes with the transaction in which it was called, and with that
// becomes durable before anybody sees a packet or an event: see [Chat.atomically].
type stateStore struct {
	chat int
	tx   *tx // nil outside of transactions
}

var _ secretchat.Store = (*stateStore)(nil)

// Commit implements [secretchat.Store].
func (s *stateStore) Commit(_ int64, changes []secretchat.Change) error {
	if s.tx == nil {
		panic("gotd: internal error: the state of a chat changes outside of a transaction")
	}
	for _, c := range changes {
		s.tx.add(Change{fmt.Appendf(recordKey(keyState, s.chat), "%x", c.Key), bytes.Clone(c.Value)})
	}
	return nil
}
