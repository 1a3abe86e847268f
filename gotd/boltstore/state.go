package boltstore

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gotd/td/telegram/updates"
	"go.etcd.io/bbolt"
)

// State keeps, in a bucket of its own, what gotd's updates.Manager must not forget: how far
// it has passed on updates. It is what an application hands to gotd's Manager.StateStorage
// if it has nothing else.
type State struct {
	db     *bbolt.DB
	bucket []byte
}

var _ updates.StateStorage = (*State)(nil)

// ErrNoState says that a part of a state was to be set, and there is none.
var ErrNoState = errors.New("boltstore: no state of updates")

// NewState returns the state in a bucket of db, which is made if need be. It is for any
// number of users.
func NewState(db *bbolt.DB, bucket string) (*State, error) {
	s := &State{db, []byte(bucket)}
	return s, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(s.bucket)
		return err
	})
}

// Keys: of a user's state, and of channels.
func userKey(user int64) []byte { return binary.BigEndian.AppendUint64([]byte{'u'}, uint64(user)) }

func channelKey(user, channel int64) []byte {
	key := binary.BigEndian.AppendUint64([]byte{'c'}, uint64(user))
	return binary.BigEndian.AppendUint64(key, uint64(channel))
}

func (s *State) get(tx *bbolt.Tx, user int64) (state updates.State, found bool, err error) {
	value := tx.Bucket(s.bucket).Get(userKey(user))
	if value == nil {
		return state, false, nil
	}
	return state, true, json.Unmarshal(value, &state)
}

func (s *State) put(tx *bbolt.Tx, user int64, state updates.State) error {
	value, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return tx.Bucket(s.bucket).Put(userKey(user), value)
}

func (s *State) change(user int64, f func(*updates.State)) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		state, found, err := s.get(tx, user)
		if err != nil {
			return err
		}
		if !found {
			return ErrNoState
		}
		f(&state)
		return s.put(tx, user, state)
	})
}

// GetState implements updates.StateStorage.
func (s *State) GetState(_ context.Context, user int64) (state updates.State, found bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) (err error) {
		state, found, err = s.get(tx, user)
		return err
	})
	return state, found, err
}

// SetState implements updates.StateStorage.
func (s *State) SetState(_ context.Context, user int64, state updates.State) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return s.put(tx, user, state) })
}

// SetPts implements updates.StateStorage.
func (s *State) SetPts(_ context.Context, user int64, pts int) error {
	return s.change(user, func(s *updates.State) { s.Pts = pts })
}

// SetQts implements updates.StateStorage.
func (s *State) SetQts(_ context.Context, user int64, qts int) error {
	return s.change(user, func(s *updates.State) { s.Qts = qts })
}

// SetDate implements updates.StateStorage.
func (s *State) SetDate(_ context.Context, user int64, date int) error {
	return s.change(user, func(s *updates.State) { s.Date = date })
}

// SetSeq implements updates.StateStorage.
func (s *State) SetSeq(_ context.Context, user int64, seq int) error {
	return s.change(user, func(s *updates.State) { s.Seq = seq })
}

// SetDateSeq implements updates.StateStorage.
func (s *State) SetDateSeq(_ context.Context, user int64, date, seq int) error {
	return s.change(user, func(s *updates.State) { s.Date, s.Seq = date, seq })
}

// GetChannelPts implements updates.StateStorage.
func (s *State) GetChannelPts(_ context.Context, user, channel int64) (pts int, found bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		value := tx.Bucket(s.bucket).Get(channelKey(user, channel))
		if found = value != nil; found {
			pts, err = parsePts(value)
		}
		return err
	})
	return pts, found, err
}

func parsePts(value []byte) (int, error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("boltstore: pts of %d bytes", len(value))
	}
	return int(binary.BigEndian.Uint64(value)), nil
}

// SetChannelPts implements updates.StateStorage.
func (s *State) SetChannelPts(_ context.Context, user, channel int64, pts int) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(s.bucket).Put(channelKey(user, channel), binary.BigEndian.AppendUint64(nil, uint64(pts)))
	})
}

// ForEachChannels implements updates.StateStorage. f may call the State.
func (s *State) ForEachChannels(ctx context.Context, user int64, f func(ctx context.Context, channel int64, pts int) error) error {
	type entry struct {
		channel int64
		pts     int
	}
	var all []entry
	err := s.db.View(func(tx *bbolt.Tx) error {
		prefix := channelKey(user, 0)[:9]
		c := tx.Bucket(s.bucket).Cursor()
		for key, value := c.Seek(prefix); len(key) == 17 && string(key[:9]) == string(prefix); key, value = c.Next() {
			pts, err := parsePts(value)
			if err != nil {
				return err
			}
			all = append(all, entry{int64(binary.BigEndian.Uint64(key[9:])), pts})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, e := range all {
		if err := f(ctx, e.channel, e.pts); err != nil {
			return err
		}
	}
	return nil
}
