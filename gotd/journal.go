package gotd

import (
	"context"
	"sync"
	"time"

	"github.com/gotd/log"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"
)

// The journal takes the updates of all chats as gotd passes them on. They are on disk, in
// one transaction for as many as there are, before gotd's own state may say that they were
// received. From there the inboxes of the chats take them.
type journal struct {
	m        *Manager
	received chan int // the qts to be acknowledged
	wake     chan struct{}

	writing sync.Mutex // by who has taken what arrived, until the chats have it

	mu      sync.Mutex
	arrived []arrival
	early   []arrival // messages that are here before gotd's state
	next    int64     // number
	tracked bool      // whether gotd's state is known
	qts     int       // in gotd's state
	moved   chan struct{}
}

// arrival is an update that is nowhere but in memory.
type arrival struct {
	update tg.UpdateClass
	users  map[int64]*tg.User
}

func (j *journal) init(m *Manager, next int64) {
	j.m, j.next = m, next
	j.received, j.wake, j.moved = make(chan int, 1), make(chan struct{}, 1), make(chan struct{})
}

// number returns the next number of what arrives.
func (j *journal) number() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := j.next
	j.next++
	return n
}

// Register has the dispatcher pass the updates of secret chats to the manager.
func (m *Manager) Register(d tg.UpdateDispatcher) {
	d.OnEncryption(func(_ context.Context, e tg.Entities, u *tg.UpdateEncryption) error {
		return m.journal.take(arrival{u, e.Users})
	})
	d.OnNewEncryptedMessage(func(_ context.Context, _ tg.Entities, u *tg.UpdateNewEncryptedMessage) error {
		return m.journal.take(arrival{update: u})
	})
	d.OnEncryptedMessagesRead(func(_ context.Context, _ tg.Entities, u *tg.UpdateEncryptedMessagesRead) error {
		return m.journal.take(arrival{update: u})
	})
	d.OnEncryptedChatTyping(func(_ context.Context, _ tg.Entities, u *tg.UpdateEncryptedChatTyping) error {
		return m.journal.take(arrival{update: u})
	})
}

// take takes an update.
func (j *journal) take(a arrival) error {
	if j.m.isStopped() {
		return ErrStopped
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.isEarly(a.update) {
		j.arrived = append(j.arrived, a)
		j.wakeUp()
	} else if len(j.early) < maxEarly {
		j.early = append(j.early, a)
	}
	return nil
}

func (j *journal) wakeUp() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// maxEarly is how many messages wait for gotd's state. Of more, peers will be asked.
const maxEarly = 1000

// isEarly reports whether an update is a message that the server pushes before gotd has its
// state, which is when gotd passes on everything as it comes: before what there is to catch up
// on. If that is a lot, the gap before the message would end the chat.
func (j *journal) isEarly(u tg.UpdateClass) bool {
	m, ok := u.(*tg.UpdateNewEncryptedMessage)
	return ok && m.Qts > 0 && j.tracked && j.qts < 0
}

// first takes the messages that came before gotd had any state: they will not come again.
func (j *journal) first() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.arrived, j.early = append(j.arrived, j.early...), nil
	j.wakeUp()
}

// run writes what arrives, if gotd does not have it done before.
func (j *journal) run(ctx context.Context) error {
	for {
		select {
		case <-j.wake:
			if err := j.write(); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// write writes all that has arrived, and passes it on.
func (j *journal) write() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	arrived := j.arrived
	j.arrived = nil
	j.mu.Unlock()
	var t tx
	var pass []func()
	for _, a := range arrived {
		if f := j.enter(&t, a); f != nil {
			pass = append(pass, f)
		}
	}
	if err := j.m.commit(&t); err != nil {
		return err
	}
	for _, f := range pass {
		f()
	}
	return nil
}

// enter puts what an update changes into the transaction, and returns what is to be done
// after it.
func (j *journal) enter(t *tx, a arrival) func() {
	var id int
	switch u := a.update.(type) {
	case *tg.UpdateEncryption:
		id = u.Chat.GetID()
		if requested, ok := u.Chat.(*tg.EncryptedChatRequested); ok {
			return j.m.requested(t, requested, a.users)
		}
	case *tg.UpdateNewEncryptedMessage:
		id = u.Message.GetChatID()
	case *tg.UpdateEncryptedMessagesRead:
		id = u.ChatID
	case *tg.UpdateEncryptedChatTyping:
		if c := j.m.chat(u.ChatID); c != nil {
			return func() { c.do(func(ctx context.Context) error { return c.tell(ctx, &Typing{c}) }) }
		}
		return nil
	}
	c := j.m.chat(id)
	if c == nil {
		// It belongs to another device of ours, or is over.
		j.m.log.Debug(context.Background(), "Update of an unknown secret chat", log.Int("chat", id))
		return nil
	}
	value, err := encode(a.update)
	if err != nil {
		j.m.log.Warn(context.Background(), "Update of a secret chat cannot be stored", log.Int("chat", id), log.Error(err))
		return nil
	}
	key := recordKey(keyUpdate, id, j.number())
	t.add(Change{key, value})
	return func() { c.arrive(storedUpdate{key, a.update, len(value)}) }
}

// requested remembers a chat that a peer asks for, and has the handler told.
func (m *Manager) requested(t *tx, chat *tg.EncryptedChatRequested, users map[int64]*tg.User) func() {
	c := newChat(m, chat.ID)
	c.rec.AccessHash, c.rec.PeerID, c.rec.State, c.rec.GA = chat.AccessHash, chat.AdminID, StateRequested, chat.GA
	if user := users[chat.AdminID]; user != nil {
		var err error
		if c.rec.User, err = encode(user); err != nil {
			m.log.Warn(context.Background(), "Who asks for a secret chat cannot be stored", log.Int("chat", c.id), log.Error(err))
		}
	}
	c.unstored = true
	record := c.record()
	if !m.add(c) {
		return nil
	}
	t.add(record)
	return func() {
		m.show(c)
		c.do(c.tellRequested)
	}
}

// StateStorage returns a storage for gotd's updates.Manager that is s, but learns that an
// update was received only when the update is in the [Store]. Of messages the server is
// told as well, by messages.receivedQueue.
func (m *Manager) StateStorage(s updates.StateStorage) updates.StateStorage {
	m.journal.mu.Lock()
	defer m.journal.mu.Unlock()
	m.journal.tracked, m.journal.qts = true, -1
	return &stateStorage{s, &m.journal}
}

type stateStorage struct {
	updates.StateStorage
	j *journal
}

// before is called before anything is learnt.
func (s *stateStorage) before() error {
	if s.j.m.isStopped() {
		return ErrStopped
	}
	return s.j.write()
}

func (s *stateStorage) GetState(ctx context.Context, user int64) (updates.State, bool, error) {
	state, found, err := s.StateStorage.GetState(ctx, user)
	if err == nil && found {
		s.j.setQts(state.Qts)
	}
	return state, found, err
}

// SetState acknowledges nothing in the first state of all, before which nothing was
// received.
func (s *stateStorage) SetState(ctx context.Context, user int64, state updates.State) error {
	last, found, err := s.StateStorage.GetState(ctx, user)
	if err != nil {
		return err
	}
	if !found {
		s.j.first()
	}
	if err := s.before(); err != nil {
		return err
	}
	if err := s.StateStorage.SetState(ctx, user, state); err != nil {
		return err
	}
	if found && last.Qts != state.Qts {
		s.j.acknowledgeLater(state.Qts)
	}
	s.j.setQts(state.Qts)
	return nil
}

func (s *stateStorage) SetQts(ctx context.Context, user int64, qts int) error {
	if err := s.before(); err != nil {
		return err
	}
	if err := s.StateStorage.SetQts(ctx, user, qts); err != nil {
		return err
	}
	s.j.acknowledgeLater(qts)
	s.j.setQts(qts)
	return nil
}

func (s *stateStorage) SetPts(ctx context.Context, user int64, pts int) error {
	if err := s.before(); err != nil {
		return err
	}
	return s.StateStorage.SetPts(ctx, user, pts)
}

func (s *stateStorage) SetDate(ctx context.Context, user int64, date int) error {
	if err := s.before(); err != nil {
		return err
	}
	return s.StateStorage.SetDate(ctx, user, date)
}

func (s *stateStorage) SetSeq(ctx context.Context, user int64, seq int) error {
	if err := s.before(); err != nil {
		return err
	}
	return s.StateStorage.SetSeq(ctx, user, seq)
}

func (s *stateStorage) SetDateSeq(ctx context.Context, user int64, date, seq int) error {
	if err := s.before(); err != nil {
		return err
	}
	return s.StateStorage.SetDateSeq(ctx, user, date, seq)
}

// setQts notes how far gotd has passed on messages. All that came before it knew comes again.
func (j *journal) setQts(qts int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.qts, j.early = max(j.qts, qts), nil
	close(j.moved)
	j.moved = make(chan struct{})
}

// passedOn reports whether gotd has passed on all messages up to qts, or returns what to
// wait for.
func (j *journal) passedOn(qts int) (bool, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.tracked || j.qts >= qts, j.moved
}

// caughtUp returns when gotd has passed on all messages that are in the server's queue by
// now, or after a time.
func (j *journal) caughtUp(ctx context.Context, most time.Duration) {
	if done, _ := j.passedOn(int(^uint(0) >> 1)); done {
		return // gotd does not tell.
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var state *tg.UpdatesState
	err := j.m.call(ctx, "getState", func(ctx context.Context) (err error) {
		state, err = j.m.api.UpdatesGetState(ctx)
		return err
	})
	if err != nil {
		j.m.log.Warn(ctx, "State of updates is not known", log.Error(err))
		return
	}
	for {
		done, moved := j.passedOn(state.Qts)
		if done {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return
		}
	}
}

// acknowledgeLater replaces the qts that is to be acknowledged.
func (j *journal) acknowledgeLater(qts int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case last := <-j.received:
		qts = max(qts, last)
	default:
	}
	j.received <- qts
}

// acknowledge tells the server which messages it need not keep.
func (j *journal) acknowledge(ctx context.Context) error {
	for {
		select {
		case qts := <-j.received:
			err := j.m.call(ctx, "receivedQueue", func(ctx context.Context) error {
				_, err := j.m.api.MessagesReceivedQueue(ctx, qts)
				return err
			})
			if err != nil && ctx.Err() == nil {
				j.m.log.Warn(ctx, "Messages cannot be acknowledged", log.Error(err))
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
