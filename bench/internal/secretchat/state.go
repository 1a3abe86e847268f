package secretchat

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/secretchat"
)

const stateLegend = `The state of a chat is a head and a record for each message that is kept; a commit writes what has
changed. Send: one side has so many unacknowledged messages, and sends one more to a side that is as
far behind and has no store. The label says how much Encrypt writes, keys included. Restore: a state
with so many records, all of them messages. Idle: a chat in which the last message of each side is
unacknowledged and the last event not handled. Stored: messages go back and forth, and the states of
both sides are kept in memory, or in files of bbolt that are on disk before the message goes on:
that measures the disk.`

const (
	stateTime = 100 * time.Millisecond
	diskTime  = 300 * time.Millisecond
)

// Ways of the suite.
const (
	sendWay    results.Way = "mtcore.state-send"
	restoreWay results.Way = "mtcore.state-restore"
	idleWay    results.Way = "mtcore.state-idle"
	memoryWay  results.Way = "mtcore.state-memory"
	bboltWay   results.Way = "mtcore.state-bbolt"
)

// NewState returns the suite that measures the cost of keeping states.
func NewState(opt suite.Options) suite.Suite {
	settings := settings()
	measured := opt.Measured(settings)
	s := suite.Suite{
		Name:     "state",
		Backends: suite.Names(settings),
		Check:    func(passed func(string)) error { return checkStates(settings, restoreBoth, passed) },
		Legend:   stateLegend,
	}
	if len(measured) == 0 {
		return s
	}
	for _, size := range suite.Choice(opt.Sizes, 100, 4000) {
		if size < minMessage || size > 4000 {
			continue
		}
		for _, waiting := range []int{0, 100, 900, 9000} {
			s.Cases = append(s.Cases, sendCase(size, waiting, measured))
		}
		s.Cases = append(s.Cases, restoreCase(size, 1000, measured))
		if size <= 100 {
			s.Cases = append(s.Cases, restoreCase(size, 10_000, measured))
		}
		s.Cases = append(s.Cases, storedCase(size, measured))
	}
	s.Cases = append(s.Cases, idleCase(measured))
	return s
}

// backlog is a chat in which side 0, which has a store, is ahead of the other side.
type backlog struct {
	chatPair
	store   *memoryStore
	ahead   int
	message []byte
	flying  [][]byte // from side 0
	sent    int
	written int // by Encrypt
}

func newBacklog(size, ahead int) *backlog {
	b := &backlog{store: new(memoryStore), ahead: ahead, message: textMessage(size)}
	b.chatPair = suite.Must(newChatsIn([2]secretchat.Store{b.store}))
	for len(b.flying) < ahead {
		b.send()
	}
	b.sent, b.written = 0, 0
	return b
}

// send sends a message from side 0. If the other side is too far behind, it receives one,
// and answers now and then so that what it has received is acknowledged.
func (b *backlog) send() {
	const answered = 32
	before := b.store.written
	p := suite.Must(b.chatPair[0].Encrypt(b.message))
	b.written += b.store.written - before
	b.sent++
	b.take(p)
	b.out(0)
	for len(b.flying) > b.ahead {
		b.receive(1, b.flying[0])
		b.flying = slices.Delete(b.flying, 0, 1)
	}
	if b.sent%answered == 0 {
		p := suite.Must(b.chatPair[1].Encrypt(b.message))
		b.chatPair[1].Sent(p)
		b.receive(0, p.Data)
	}
	for _, p := range b.chatPair[1].Outbox() {
		b.chatPair[1].Sent(p)
		b.receive(0, p.Data)
	}
	b.out(0)
}

// receive gives a side a packet, which may have been sent twice, the second time under a key that
// the first has had replaced.
func (b *backlog) receive(side int, packet []byte) {
	_, err := b.chatPair[side].Receive(packet)
	if err != nil && !errors.Is(err, secretchat.ErrDuplicate) && !errors.Is(err, secretchat.ErrReplacedKey) {
		panic(err)
	}
}

func (b *backlog) take(p secretchat.Packet) {
	b.flying = append(b.flying, p.Data)
	b.chatPair[0].Sent(p)
}

func (b *backlog) out(side int) {
	for _, p := range b.chatPair[side].Outbox() {
		b.take(p)
	}
}

func sendCase(size, waiting int, settings []suite.Setting) suite.Case {
	b := newBacklog(size, waiting)
	for range 64 {
		b.send()
	}
	how := fmt.Sprintf("Chat.Encrypt, which writes %d bytes", b.written/b.sent)
	return suite.Case{
		Name: fmt.Sprintf("send %d B, %d waiting", size, waiting), Op: fmt.Sprintf("send, %d waiting", waiting),
		Count: 1, Size: size, Bytes: size, Time: stateTime,
		Contenders: inEach(settings, suite.Label{Way: sendWay, How: how}, b.send),
	}
}

// inEach measures op in each of the settings.
func inEach(settings []suite.Setting, l suite.Label, op func()) (contenders []suite.Contender) {
	for _, in := range slices.Backward(settings) {
		contenders = append(contenders, suite.Contender{Label: l, Setting: &in, Op: op})
	}
	return contenders
}

func restoreCase(size, records int, settings []suite.Setting) suite.Case {
	b := newBacklog(size, records-1)
	return suite.Case{
		Name: fmt.Sprintf("restore %d × %d B", records, size), Op: "restore",
		Count: records, Size: size, Bytes: records * size, Time: stateTime,
		Contenders: inEach(settings, suite.Label{Way: restoreWay, How: "Restore"}, func() {
			suite.Must(secretchat.Restore(1, b.store.all, sideOptions(0, nil)))
		}),
	}
}

// idleChats is how many chats are measured together, so that the error of each is small.
const idleChats = 1000

func idleCase(settings []suite.Setting) suite.Case {
	stores := [2]*memoryStore{new(memoryStore), new(memoryStore)}
	chats := suite.Must(newChatsIn([2]secretchat.Store{stores[0], stores[1]}))
	for i := range 210 { // until the key was replaced a few times
		suite.Must(chats.send(i%2, textMessage(256)))
	}
	restore := func() *secretchat.Chat {
		return suite.Must(secretchat.Restore(1, stores[0].all, sideOptions(0, nil)))
	}
	all := make([]*secretchat.Chat, idleChats)
	before := heap()
	for i := range all {
		all[i] = restore()
	}
	per := (int64(heap()) - int64(before)) / idleChats
	runtime.KeepAlive(all)
	return suite.Case{
		Name: "restore an idle chat", Op: "restore idle", Count: 1, Time: stateTime,
		Contenders: inEach(settings, suite.Label{Way: idleWay, How: fmt.Sprintf("Restore, %d bytes of memory", per)}, func() {
			restore()
		}),
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // also empties what finalizers and pools have held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func storedCase(size int, settings []suite.Setting) suite.Case {
	c := suite.Case{
		Name: fmt.Sprintf("stored message of %d B", size), Op: "stored message", Count: 1, Size: size, Bytes: size, Time: diskTime,
	}
	for _, x := range []struct {
		way  results.Way
		how  string
		make func() secretchat.Store
	}{
		{memoryWay, "stores in memory", func() secretchat.Store { return new(memoryStore) }},
		{bboltWay, "stores in bbolt", func() secretchat.Store { return suite.Must(newBoltStore()) }},
	} {
		chats, n := suite.Must(newChatsIn([2]secretchat.Store{x.make(), x.make()})), 0
		message := textMessage(size)
		c.Contenders = append(c.Contenders, inEach(settings, suite.Label{Way: x.way, How: x.how}, func() {
			suite.Must(chats.send(n%2, message))
			n++
		})...)
	}
	return c
}

// boltStore is a Store in its own database, which is gone when the program ends.
type boltStore struct{ db *bbolt.DB }

var bucket = []byte("chat")

func newBoltStore() (*boltStore, error) {
	dir, err := os.MkdirTemp("", "mtcore-bench")
	if err != nil {
		return nil, err
	}
	db, err := bbolt.Open(filepath.Join(dir, "chat"), 0o600, nil)
	if err != nil {
		return nil, err
	}
	// On systems that can remove the file of an open database, nothing is left behind.
	os.RemoveAll(dir)
	return &boltStore{db}, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucket)
		return err
	})
}

func (s *boltStore) Commit(_ int64, changes []secretchat.Change) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		for _, c := range changes {
			var err error
			if c.Value == nil {
				err = b.Delete(c.Key)
			} else {
				err = b.Put(slices.Clone(c.Key), slices.Clone(c.Value))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
