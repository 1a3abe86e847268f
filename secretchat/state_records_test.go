package secretchat

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/tl"
)

// kinds returns both sides of a chat, of which b has several records of each kind.
func kinds(tb testing.TB, change ...func(*Options)) (a, b *party) {
	tb.Helper()
	a, b = newSettledPair(tb, change...)
	for i := range 3 {
		say(tb, b, int64(i), "not acknowledged")
	}
	first, second := say(tb, a, 1, "first"), say(tb, a, 2, "second")
	say(tb, a, 3, "lost")
	deliver(tb, b, second, say(tb, a, 4, "waits"), say(tb, a, 5, "waits"))
	deliver(tb, b, first)
	for kind, want := range map[recordKind]int{kindHead: 1, kindKeys: 1, kindOwn: 3, kindWaiting: 2, kindEvent: 2} {
		n := 0
		for key := range b.store.records {
			if recordKind(key[0]) == kind {
				n++
			}
		}
		if n < want {
			tb.Fatalf("%d records of kind %c, want %d at least", n, kind, want)
		}
	}
	return a, b
}

// historyStore keeps what there was after each commit.
type historyStore struct {
	records recordSet
	after   []recordSet
}

func (s *historyStore) Commit(_ int64, changes []Change) error {
	s.records.apply(changes)
	s.after = append(s.after, maps.Clone(s.records))
	return nil
}

// TestTampering has a set of records changed in all ways that somebody can who has all that
// was ever in the store, and in those of other chats, but not the key.
func TestTampering(t *testing.T) {
	_, b := kinds(t)
	all := &historyStore{records: b.store.records}
	b.opt.Store = all
	b.restart(t)
	c := b.Chat
	for i := range 3 {
		say(t, b, int64(i), "more")
		b.Sent(b.Outbox()...)
	}
	last := all.records
	opt := b.opt
	opt.Store = nil
	restore := func(set recordSet) error { _, err := Restore(opt.ChatID, set.all(), opt); return err }
	tried := map[string]int{}
	refused := func(what string, set recordSet) {
		t.Helper()
		tried[what]++
		if err := restore(set); err != ErrState {
			t.Errorf("%s: %v, want %v", what, err, ErrState)
		}
	}
	with := func(key string, value []byte) recordSet {
		set := maps.Clone(last)
		set[key] = value
		return set
	}
	for i, set := range all.after {
		if err := restore(set); err != nil {
			t.Errorf("all that there was after commit %d: %v", i, err)
		}
	}

	// Other chats and peers, under the same key, and the same chat under another one.
	others := map[string]recordSet{}
	for what, change := range map[string]func(*ledger){
		"of another chat": func(l *ledger) { l.chat++ },
		"of another peer": func(l *ledger) { l.peer++ },
		"of another key":  func(l *ledger) { l.key = StateKey{9} },
	} {
		l := ledger{key: c.ledger.key, chat: c.ledger.chat, peer: c.ledger.peer}
		change(&l)
		var set recordSet
		set.seal(&l, &c.session, allRecords(c))
		others[what] = set
	}
	keys := slices.Sorted(maps.Keys(last))
	for _, key := range keys {
		set := maps.Clone(last)
		delete(set, key)
		refused("removed", set)
		for _, n := range []int{0, 1, 24, 25, 40, 41, len(last[key]) - 1} {
			refused("truncated", with(key, last[key][:n]))
		}
		for what, set := range others {
			refused(what, with(key, set[key]))
		}
		for _, other := range keys {
			if other == key {
				continue
			}
			what := "swapped with another number"
			if other[0] != key[0] {
				what = "swapped with another kind"
			}
			set := with(key, last[other])
			refused(what+", one way", set)
			set[other] = last[key]
			refused(what, set)
		}
		// What there was before, of the same place or of one that is empty now.
		for i, before := range all.after[:len(all.after)-1] {
			if old, ok := before[key]; ok && string(old) != string(last[key]) {
				refused("replayed", with(key, old))
				head := with(key, old)
				head[keys[0]] = before[keys[0]]
				if !head.equal(before) {
					refused(fmt.Sprintf("with the head of commit %d", i), head)
				}
			}
		}
	}
	for what, set := range others {
		refused("all "+what, set)
		for key, value := range set {
			if _, ok := last[key]; !ok {
				t.Fatalf("key %q", key)
			}
			_ = value
		}
	}
	refused("one more", with(string(newRecordID(kindEvent, 1<<30).appendKey(nil)), last[keys[0]]))
	refused("nothing", nil)

	// Anything out of everything.
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		set := recordSet{}
		for i := range all.after {
			for key, value := range all.after[i] {
				if r.IntN(2*len(all.after)) <= 1 {
					set[key] = value
				}
			}
		}
		if !slices.ContainsFunc(all.after, set.equal) {
			refused("mixed", set)
		}
	}
	for _, what := range []string{"removed", "truncated", "of another chat", "of another peer", "of another key", "replayed",
		"swapped with another number", "swapped with another kind", "mixed"} {
		if tried[what] < 3 {
			t.Errorf("%s: tried %d times", what, tried[what])
		}
	}
}

// TestRecordOfAnotherNumber: the number of a message that waits is in its key and in the
// record, and has to be the same.
func TestRecordOfAnotherNumber(t *testing.T) {
	_, b := kinds(t)
	contents := sealedContents{}
	for _, id := range append(allRecords(b.Chat), headID) {
		w := coder{mode: writing}
		b.code(&w, id)
		contents[id] = w.b
	}
	l := newLedger(&b.opt)
	seal := func() (set recordSet) {
		set.seal(&l, contents, contents.ids())
		return set
	}
	if _, err := Restore(b.opt.ChatID, seal().all(), b.opt); err != nil {
		t.Fatal(err)
	}
	first := newRecordID(kindWaiting, b.queue.waiting[0].seq)
	second := newRecordID(kindWaiting, b.queue.waiting[1].seq)
	contents[first], contents[second] = contents[second], contents[first]
	if _, err := Restore(b.opt.ChatID, seal().all(), b.opt); err != ErrState {
		t.Errorf("got %v, want %v", err, ErrState)
	}
}

// TestRecordTwice: an iteration that has a record twice is not one of a store.
func TestRecordTwice(t *testing.T) {
	_, b := kinds(t)
	for key, value := range b.store.records {
		_, err := Restore(b.opt.ChatID, func(yield func(key, value []byte) bool) {
			b.store.records.all()(yield)
			yield([]byte(key), value)
		}, b.opt)
		if err != ErrState {
			t.Errorf("record %x twice: %v, want %v", key, err, ErrState)
		}
	}
}

// TestCostOfChanges: what a commit writes depends on what has changed, and not on what
// there is.
func TestCostOfChanges(t *testing.T) {
	for _, size := range []int{100, 4000} {
		a, b := newSettledPair(t)
		message := append(text(1, "x"), make([]byte, size)...)
		want := 3*len(message) + 2<<10
		for i := range 9000 {
			if _, err := a.Encrypt(message); err != nil {
				t.Fatal(err)
			}
			a.Sent(a.Outbox()...)
			if a.store.bytes > want {
				t.Fatalf("%d bytes, %d waiting: %d bytes are written, want %d at most", size, i, a.store.bytes, want)
			}
		}
		if got := a.store.records.size(); got < 9000*size {
			t.Errorf("the store has %d bytes", got)
		}
		a.restart(t)
		if got := len(a.history.records); got < 9000 {
			t.Fatalf("%d messages", got)
		}
		// They are forgotten one after the other, too.
		seen := b.forge(text(2, "has seen one"), seeing(1-b.received+a.acked))
		if _, err := a.Receive(seen); err != nil {
			t.Fatal(err)
		}
		if a.store.bytes > want {
			t.Errorf("%d bytes: an acknowledgement writes %d bytes, want %d at most", size, a.store.bytes, want)
		}
	}
}

// TestBacklogLimits: how much is kept is the application's to say.
func TestBacklogLimits(t *testing.T) {
	fill := func(opt func(*Options), size int) (n int) {
		a, _ := newSettledPair(t, opt)
		message := append(text(1, "x"), make([]byte, size)...)
		kept := len(a.history.records)
		for {
			_, err := a.Encrypt(message)
			if err == ErrBacklog {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		a.restart(t)
		if _, err := a.Encrypt(message); err != ErrBacklog {
			t.Errorf("restored: %v, want %v", err, ErrBacklog)
		}
		return len(a.history.records) - kept
	}
	if got := fill(func(o *Options) { o.MaxUnacknowledged = 20 }, 12); got < 19 || got > 20 {
		t.Errorf("%d messages, want 20", got)
	}
	if got := fill(func(o *Options) { o.MaxUnacknowledgedBytes = 100_000 }, 9_000); got < 10 || got > 11 {
		t.Errorf("%d messages of 9000 bytes, want 11", got)
	}
	if got := fill(func(*Options) {}, 12); got < 9_900 || got > 10_000 {
		t.Errorf("%d messages, want 10000", got)
	}
	// Fewer than there are is no reason to lose any.
	a, b := newSettledPair(t)
	for i := range 200 {
		say(t, a, int64(i), "x")
	}
	a.opt.MaxUnacknowledged = 1
	a.restart(t)
	if _, err := a.Encrypt(text(1, "x")); err != ErrBacklog {
		t.Errorf("Encrypt: %v, want %v", err, ErrBacklog)
	}
	settle(t, a, b)
	deliver(t, a, say(t, b, 1, "has seen all"))
	if _, err := a.Encrypt(text(1, "x")); err != nil {
		t.Error(err)
	}
}

// panickingStore panics when it is told to, before or after it has made the changes.
type panickingStore struct {
	memStore
	when int // 1 before, 2 after
}

func (s *panickingStore) Commit(chat int64, changes []Change) error {
	if s.when == 1 {
		panic("before")
	}
	err := s.memStore.Commit(chat, changes)
	if s.when == 2 {
		panic("after")
	}
	return err
}

// TestStorePanics: a Store whose Commit has panicked has failed.
func TestStorePanics(t *testing.T) {
	for _, when := range []int{1, 2} {
		a, b := newPair(t, func(o *Options) { o.Store = new(panickingStore) })
		settle(t, a, b)
		hello := say(t, b, 1, "hello")
		store := a.opt.Store.(*panickingStore)
		k := a.key
		store.when = when
		func() {
			defer func() {
				if r := recover(); r == nil {
					t.Error("the panic is swallowed")
				}
			}()
			a.Receive(hello.Data)
		}()
		store.when = 0
		_, err1 := a.Encrypt(text(1, "x"))
		_, err2 := a.Receive(hello.Data)
		if !errors.Is(err1, ErrStore) || !errors.Is(err2, ErrStore) || !errors.Is(a.Err(), ErrStore) || a.Outbox() != nil {
			t.Errorf("Encrypt %v, Receive %v, Err %v, want %v", err1, err2, a.Err(), ErrStore)
		}
		if k.auth != [256]byte{} {
			t.Error("the key was not wiped")
		}
		c, err := Restore(a.opt.ChatID, store.records.all(), a.opt)
		if err != nil {
			t.Fatal(err)
		}
		events := c.Unhandled()
		if got := len(events) > 0 && events[0].Kind == EventMessage; got != (when == 2) {
			t.Errorf("kept %t, and there is the message: %t", when == 2, got)
		}
		if err := a.Discard(); err != nil || len(store.records) != 0 {
			t.Errorf("Discard: %v, and %d records are left", err, len(store.records))
		}
	}
}

// TestDiscardAfterFailure: nobody knows what a failed commit has left, and Discard removes
// it all the same.
func TestDiscardAfterFailure(t *testing.T) {
	for _, kept := range []bool{false, true} {
		commits := 0
		a, _ := newPair(t, func(o *Options) { o.Store = &crashStore{commits: &commits, kept: kept} })
		store := a.opt.Store.(*crashStore)
		say(t, a, 1, "x")
		store.failAt = commits + 1
		if _, err := a.Encrypt(text(2, "x")); !errors.Is(err, ErrStore) {
			t.Fatal(err)
		}
		if err := a.Discard(); err != nil || len(store.records) != 0 {
			t.Errorf("kept %t: Discard: %v, and %d records are left", kept, err, len(store.records))
		}
	}
}

// TestDiscardAfterFirstFailure: the same, if it was the first commit after a state of version 1,
// and nothing is known to be there.
func TestDiscardAfterFirstFailure(t *testing.T) {
	v1 := readStatesV1(t).Chats[0].A
	commits := 0
	store := &crashStore{commits: &commits, kept: true, failAt: 1}
	store.records = recordSet{"state": v1.State}
	opt := v1.opt
	opt.Store = store
	c, err := Restore(opt.ChatID, store.records.all(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Encrypt(text(1, "x")); !errors.Is(err, ErrStore) || len(store.records) < 3 {
		t.Fatalf("%v, %d records", err, len(store.records))
	}
	if err := c.Discard(); err != nil || len(store.records) != 0 {
		t.Errorf("Discard: %v, and %d records are left", err, len(store.records))
	}
}

// TestFatalStoredLater: if the store fails when the chat ends, the end is in what is
// committed next.
func TestFatalStoredLater(t *testing.T) {
	for _, kept := range []bool{false, true} {
		commits := 0
		a, b := newPair(t, func(o *Options) { o.Store = &crashStore{commits: &commits, kept: kept} })
		settle(t, a, b)
		for i := range 3 {
			say(t, b, int64(i), "not acknowledged")
		}
		bad := a.forge(service(&tl.Action{ID: tl.RequestKey, ExchangeID: 1, G: []byte{1}}), later(1))
		if _, err := b.Receive(bad); err != nil {
			t.Fatal(err)
		}
		store := b.opt.Store.(*crashStore)
		store.failAt = commits + 1
		if _, err := b.Receive(a.forge(text(1, "x"))); !errors.Is(err, ErrStore) || !errors.Is(err, ErrFatal) {
			t.Fatal(err)
		}
		if len(b.Unhandled()) == 0 {
			t.Fatal("no events")
		}
		if err := b.Handled(); err != nil {
			t.Fatal(err)
		}
		c, err := Restore(b.opt.ChatID, store.records.all(), b.opt)
		if err != nil || !errors.Is(c.Err(), ErrFatal) || len(store.records) != 1 {
			t.Errorf("kept %t: %v, %d records", kept, err, len(store.records))
		}
	}
}

// TestDeletedContent: what was deleted before it was acknowledged is in no record.
func TestDeletedContent(t *testing.T) {
	a, _ := newSettledPair(t)
	p := say(t, a, 1, "secret")
	key := newRecordID(kindOwn, p.Seq).appendKey(nil)
	before := a.store.records[string(key)]
	if _, err := a.Encrypt(service(&tl.Action{ID: tl.DeleteMessages, IDs: []int64{1}})); err != nil {
		t.Fatal(err)
	}
	if after := a.store.records[string(key)]; after == nil || string(after) == string(before) {
		t.Error("the record is the same")
	}
}

// TestNonces: no two records are sealed under one nonce.
func TestNonces(t *testing.T) {
	_, b := kinds(t)
	seen := map[string]bool{}
	prefixes := map[string]bool{}
	n := 0
	for range 3 {
		for key, value := range snapshot(b.Chat) {
			nonce := string(value[1:stateHeader])
			if seen[nonce] {
				t.Errorf("record %x has the nonce of another one", key)
			}
			seen[nonce] = true
			prefixes[nonce[:16]] = true
			n++
		}
	}
	if n < 20 || len(prefixes) != 3 {
		t.Errorf("%d records with %d parts of a nonce, want one for each commit", n, len(prefixes))
	}
}

// TestKeysAreWrittenOnce: and again when they change.
func TestKeysAreWrittenOnce(t *testing.T) {
	a, b := newSettledPair(t)
	key := string(keysID.appendKey(nil))
	written := func() string { return string(a.store.records[key]) }
	before := written()
	for i := range 10 {
		deliver(t, b, say(t, a, int64(i), "x"))
		deliver(t, a, say(t, b, int64(i), "x"))
	}
	if before == "" || written() != before {
		t.Error("the keys are written with every message")
	}
	if err := a.requestKey(exchangeID); err != nil {
		t.Fatal(err)
	}
	if err := a.commit(); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		settle(t, a, b)
		a.restart(t)
		b.restart(t)
	}
	if written() == before || a.Fingerprint() != b.Fingerprint() {
		t.Error("the new key is not written")
	}
	if err := a.Discard(); err != nil || len(a.store.records) != 0 {
		t.Errorf("Discard leaves %d records: %v", len(a.store.records), err)
	}
}
