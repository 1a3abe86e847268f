package mobile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/mobile/internal/clock"
)

// The binding itself is tested on a JVM: see jvm and .ci/test-mobile.

func TestSelfTest(t *testing.T) {
	if err := SelfTest(); err != nil {
		t.Error(err)
	}
}

// TestSelfTestFails makes sure that the self-test looks at what it computes.
func TestSelfTestFails(t *testing.T) {
	st := selfTest{}
	key, err := ImportAuthKey(input("another key", AuthKeySize))
	if err != nil {
		t.Fatal(err)
	}
	packet, err := sealReference(input("auth key", AuthKeySize), []byte("\x04\x00\x00\x00body"), Client)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.open(key, packet, nil, Client); err == nil {
		t.Error("a packet under another key passed")
	}
	st.add([]byte("anything"))
	before := st.sum
	st.add(nil)
	if bytes.Equal(st.sum, before) {
		t.Error("the sum of results does not change")
	}
}

func TestSealOpen(t *testing.T) {
	key, err := ImportAuthKey(input("key", AuthKeySize))
	if err != nil {
		t.Fatal(err)
	}
	for layout, header := range map[int]int{LayoutSecretChat: 4, LayoutCloudChat: 32} {
		for n := 4; n < 3000; n += 4 {
			plaintext := input("plaintext", header+n)
			binary.LittleEndian.PutUint32(plaintext[header-4:], uint32(n))
			packet, err := key.Sealed(plaintext, Server)
			if err != nil {
				t.Fatalf("layout %d, %d bytes: %v", layout, n, err)
			}
			got, err := key.Opened(packet, Server, layout)
			if err != nil || !bytes.Equal(got, plaintext) {
				t.Fatalf("layout %d, %d bytes: got %x, %v, want %x", layout, n, got, err, plaintext)
			}
			packet[len(packet)-1] ^= 1
			refused := bytes.Clone(packet)
			if _, err := key.Open(refused, len(refused), Server, layout); ErrorKind(err) != ErrorRefused {
				t.Fatalf("layout %d, %d bytes: changed packet: got %v, want a refusal", layout, n, err)
			}
		}
	}
}

// TestOpenErases expects nothing of a refused packet in the caller's array, wherever the
// refusal comes from.
func TestOpenErases(t *testing.T) {
	raw := input("key", AuthKeySize)
	key, err := ImportAuthKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	malformed, err := sealReference(raw, input("no length field", 100), Client)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(malformed)
	changed[30] ^= 1
	for name, packet := range map[string][]byte{"malformed": malformed, "changed": changed} {
		_, err := key.Open(packet, len(packet), Client, LayoutSecretChat)
		if ErrorKind(err) != ErrorRefused {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
		if !bytes.Equal(packet, make([]byte, len(packet))) {
			t.Errorf("%s: array after refusal: got %x, want zeros", name, packet)
		}
	}
}

// cancel is a Progress that gives up at a number of bytes.
type cancel struct{ at int64 }

var errCancelled = errors.New("cancelled")

func (c cancel) OnProgress(done, total int64) error {
	if done >= c.at {
		return errCancelled
	}
	return nil
}

func TestFileCancelled(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	if err := os.WriteFile(src, make([]byte, 5*fileBuffer), 0o600); err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < 5; at++ {
		err := GenerateFileKey().EncryptFile(src, dst, cancel{at * fileBuffer})
		if err != errCancelled {
			t.Errorf("at part %d: got %v, want %v", at, err, errCancelled)
		}
		if _, err := os.Stat(dst); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("at part %d: destination: got %v, want none", at, err)
		}
	}
}

// TestConcurrentWipe is for the race detector.
func TestConcurrentWipe(t *testing.T) {
	auth, err := ImportAuthKey(input("key", AuthKeySize))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := EncryptStream(make([]byte, KeySize), make([]byte, IVSize))
	if err != nil {
		t.Fatal(err)
	}
	group, err := TelegramGroup(3)
	if err != nil {
		t.Fatal(err)
	}
	dh, err := group.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	file := GenerateFileKey()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				auth.Sealed(make([]byte, 100), Client)
				stream.Crypted(make([]byte, 160))
				dh.Exported()
				file.Exported()
			}
			if i == 0 {
				auth.Wipe()
				stream.Wipe()
				dh.Wipe()
				file.Wipe()
			}
		})
	}
	wg.Wait()
	_, err1 := auth.Exported()
	_, err2 := stream.Crypted(nil)
	_, err3 := dh.PublicKey()
	_, err4 := file.Fingerprint()
	for _, err := range []error{err1, err2, err3, err4} {
		if err != errUnusable {
			t.Errorf("after Wipe: got %v, want %v", err, errUnusable)
		}
	}
}

// memory is a Store. A failure, if there is one, is for the next call.
type memory struct {
	mu      sync.Mutex
	chats   map[int64]map[string][]byte
	failure error
}

func newMemory() *memory { return &memory{chats: map[int64]map[string][]byte{}} }

func (m *memory) Commit(chatID int64, changes *Changes) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.chats[chatID] == nil {
		m.chats[chatID] = map[string][]byte{}
	}
	for i := range changes.Len() {
		c, err := changes.Get(i)
		if err != nil {
			return err
		}
		if c.Removed() != (c.Value() == nil) {
			return errors.New("a value that is to be removed")
		}
		if c.Removed() {
			delete(m.chats[chatID], string(c.Key()))
		} else {
			m.chats[chatID][string(c.Key())] = bytes.Clone(c.Value())
		}
	}
	if _, err := changes.Get(changes.Len()); err == nil {
		return errors.New("a change too many")
	}
	return m.failure
}

func (m *memory) records(chatID int64) *Records {
	r := new(Records)
	for key, value := range m.chats[chatID] {
		r.Add([]byte(key), value)
	}
	return r
}

// newChats returns the two sides of a chat, which have nothing else to send.
func newChats(t *testing.T, store Store) (alice, bob *Chat) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	group, err := TelegramGroup(3)
	must(err)
	stateKey := input("state key", 32)
	request, err := RequestChat(group, NewChatOptions(1, 2, store, stateKey))
	must(err)
	gA, err := request.GA()
	must(err)
	bob, err = AcceptChat(group, gA, NewChatOptions(1, 3, nil, stateKey))
	must(err)
	answer, err := bob.Acceptance()
	must(err)
	alice, err = request.Complete(answer.GB(), answer.Fingerprint())
	must(err)
	must(converse(alice, bob))
	must(converse(bob, alice))
	return alice, bob
}

func TestChatStore(t *testing.T) {
	store := newMemory()
	_, bob := newChats(t, store)
	alice, err := RestoreChat(store.records(1), NewChatOptions(1, 2, store, input("state key", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if err := converse(alice, bob); err != nil {
		t.Error(err)
	}
	alice.Wipe()
	if err := alice.Check(); ErrorKind(err) != ErrorOver {
		t.Errorf("after Wipe: got %v, want ErrorOver", err)
	}
	alice, err = RestoreChat(store.records(1), NewChatOptions(1, 2, store, input("state key", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if err := converse(bob, alice); err != nil {
		t.Error(err)
	}
	if err := alice.Discard(); err != nil || len(store.chats[1]) != 0 {
		t.Errorf("Discard: got %v and %d records, want none", err, len(store.chats[1]))
	}
	if err := alice.Check(); ErrorKind(err) != ErrorOver {
		t.Errorf("after Discard: got %v, want ErrorOver", err)
	}
}

// TestChatKeepsNoArray: what a chat was given may be changed after the call.
func TestChatKeepsNoArray(t *testing.T) {
	store := newMemory()
	alice, bob := newChats(t, store)
	// decryptedMessageService#73164160 random_id:long action:decryptedMessageActionFlushHistory
	message := []byte("\x60\x41\x16\x73" + "12345678" + "\x5c\xe4\x19\x67")
	want := bytes.Clone(message)
	if _, err := alice.Encrypt(message); err != nil {
		t.Fatal(err)
	}
	clear(message)
	records := new(Records)
	for key, value := range store.chats[1] {
		k := []byte(key)
		records.Add(k, value)
		clear(k)
		clear(value)
	}
	alice, err := RestoreChat(records, NewChatOptions(1, 2, nil, input("state key", 32)))
	if err != nil {
		t.Fatal(err)
	}
	out, err := alice.Outbox()
	if err != nil {
		t.Fatal(err)
	}
	packet := bytes.Clone(out.packets[out.Len()-1].Data) // the message, as the chat has kept it
	if _, err := bob.Receive(packet); err != nil {
		t.Fatal(err)
	}
	clear(packet)
	events, err := bob.Unhandled()
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.Get(events.Len() - 1) // after EventAcknowledged
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Body(); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestChatStoreFails(t *testing.T) {
	store := newMemory()
	alice, bob := newChats(t, store)
	store.failure = errCancelled
	if err := converse(alice, bob); ErrorKind(err) != ErrorStore || !errors.Is(err, errCancelled) {
		t.Errorf("got %v, want ErrorStore with %v", err, errCancelled)
	}
}

func TestBench(t *testing.T) {
	impltest.SkipShort(t, "takes three seconds")
	got, err := results.Parse([]byte(Bench()))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Partial {
		t.Error("says that it measures all that there is")
	}
	rows, err := os.ReadFile("../bench/testdata/rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.Results {
		row := fmt.Sprintf("\n%s/%s/%s\n", r.Suite, strings.ReplaceAll(r.Op, " ", "-"), r.Way)
		if !strings.Contains(string(rows), row) {
			t.Errorf("bench has no row %s to compare %s with", r.ID(), r.Case)
		}
		if r.Ns <= 0 || r.Low > r.Ns || r.Ns > r.High {
			t.Errorf("%s %s: got %v ns, from %v to %v", r.Suite, r.Case, r.Ns, r.Low, r.High)
		}
	}
	if len(got.Results) < 10 {
		t.Errorf("got %d results, want more", len(got.Results))
	}
	if _, err := RunBench("", cancel{}); err != errCancelled {
		t.Errorf("cancelled: got %v, want %v", err, errCancelled)
	}
}

// TestChatOptions: those that Java can make by itself are refused, and none are printed with
// their key.
func TestChatOptions(t *testing.T) {
	var zero ChatOptions
	if _, err := zero.options(); err != errNoStateKey {
		t.Errorf("zero options: got %v, want %v", err, errNoStateKey)
	}
	zero.SetServerRandom(make([]byte, 256))
	if _, err := zero.options(); err != errNoStateKey {
		t.Errorf("zero options with random bytes: got %v, want %v", err, errNoStateKey)
	}
	o := NewChatOptions(1, 2, nil, bytes.Repeat([]byte{0xa5}, 32))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		text := strings.ToLower(fmt.Sprintf(verb, o))
		for _, key := range []string{"165 165", "a5a5", "0xa5, 0xa5"} {
			if strings.Contains(text, key) {
				t.Errorf("%s prints the state key: %s", verb, text)
			}
		}
	}
}

// TestChatOptionsArePassedOn: an app can set every option of secretchat's but its clock, here or in
// NewChatOptions.
func TestChatOptionsArePassedOn(t *testing.T) {
	o := NewChatOptions(1, 2, newMemory(), bytes.Repeat([]byte{3}, 32))
	o.SetServerRandom([]byte{4})
	o.Layer, o.RefuseV1, o.AskAfter, o.MaxPacket, o.MaxUnacknowledged, o.MaxUnacknowledgedBytes = 101, true, 5, 6000, 7, 8
	opt, err := o.options()
	if err != nil {
		t.Fatal(err)
	}
	got := reflect.ValueOf(opt)
	for i := range got.NumField() {
		if got.Field(i).IsZero() {
			t.Errorf("a chat has no %s", got.Type().Field(i).Name)
		}
	}
	if opt.Layer != 101 || opt.AskAfter != 5*time.Second || opt.MaxPacket != 6000 || opt.MaxUnacknowledged != 7 || opt.MaxUnacknowledgedBytes != 8 {
		t.Errorf("got %+v", opt)
	}
}

// TestChatOptionsOutOfRange: secretchat panics at these, which would end the app.
func TestChatOptionsOutOfRange(t *testing.T) {
	group, err := TelegramGroup(3)
	if err != nil {
		t.Fatal(err)
	}
	request := func(change func(o *ChatOptions)) error {
		o := NewChatOptions(1, 2, nil, bytes.Repeat([]byte{3}, 32))
		change(o)
		_, err := RequestChat(group, o)
		return err
	}
	for name, change := range map[string]func(o *ChatOptions){
		"Layer below":            func(o *ChatOptions) { o.Layer = MinLayer - 1 },
		"Layer between":          func(o *ChatOptions) { o.Layer = 102 },
		"Layer above":            func(o *ChatOptions) { o.Layer = LatestLayer + 1 },
		"AskAfter":               func(o *ChatOptions) { o.AskAfter = -1 },
		"AskAfter overflows":     func(o *ChatOptions) { o.AskAfter = math.MaxInt },
		"MaxPacket":              func(o *ChatOptions) { o.MaxPacket = minMaxPacket - 1 },
		"MaxPacket negative":     func(o *ChatOptions) { o.MaxPacket = -1 },
		"MaxUnacknowledged":      func(o *ChatOptions) { o.MaxUnacknowledged = -1 },
		"MaxUnacknowledgedBytes": func(o *ChatOptions) { o.MaxUnacknowledgedBytes = -1 },
	} {
		if err := request(change); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, change := range map[string]func(o *ChatOptions){
		"defaults": func(*ChatOptions) {},
		"lowest": func(o *ChatOptions) {
			o.Layer, o.MaxPacket, o.MaxUnacknowledged, o.MaxUnacknowledgedBytes = MinLayer, minMaxPacket, 1, 1
		},
		"middle":  func(o *ChatOptions) { o.Layer = 101 },
		"highest": func(o *ChatOptions) { o.Layer, o.AskAfter = LatestLayer, maxAskAfter },
	} {
		if err := request(change); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAskAfter: what may come by itself is asked for by a tick, and not before.
func TestAskAfter(t *testing.T) {
	store := newMemory()
	_, bob := newChats(t, store)
	o := NewChatOptions(1, 2, store, input("state key", 32))
	o.AskAfter = 2
	alice, err := RestoreChat(store.records(1), o)
	if err != nil {
		t.Fatal(err)
	}
	out, err := alice.Outbox()
	if err != nil {
		t.Fatal(err)
	}
	for i := range out.Len() {
		alice.Sent(&Packet{out.packets[i]})
	}
	if _, err := bob.EncryptText("lost", nil); err != nil {
		t.Fatal(err)
	}
	waits, err := bob.EncryptText("waits", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alice.Receive(waits.Data()); err != nil {
		t.Fatal(err)
	}
	if out, err := alice.Outbox(); err != nil || out.Len() != 0 {
		t.Errorf("at once: got %d packets, %v, want none", out.Len(), err)
	}
	if err := alice.Tick(clock.Now().Unix() + 10); err != nil {
		t.Fatal(err)
	}
	if out, err := alice.Outbox(); err != nil || out.Len() != 1 {
		t.Errorf("later: got %d packets, %v, want a request", out.Len(), err)
	}
}

// TestChatOptionsWrong: each call that takes options throws what is wrong with them.
func TestChatOptionsWrong(t *testing.T) {
	group, err := TelegramGroup(3)
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*ChatOptions{
		"null":      nil,
		"short key": NewChatOptions(1, 2, nil, make([]byte, 31)),
		"long key":  NewChatOptions(1, 2, nil, bytes.Repeat([]byte{1}, 33)),
		"zero key":  NewChatOptions(1, 2, nil, make([]byte, 32)),
	} {
		_, err1 := RequestChat(group, o)
		_, err2 := AcceptChat(group, make([]byte, 256), o)
		_, err3 := RestoreChat(new(Records), o)
		_, err4 := RestoreOutgoing(new(Records), o)
		for _, err := range []error{err1, err2, err3, err4} {
			if err == nil || ErrorKind(err) != ErrorOther {
				t.Errorf("%s: got %v, want an error of the options", name, err)
			}
		}
		if name == "short key" && err1.Error() != errSize("state key", 32, 31).Error() {
			t.Errorf("%s: got %v", name, err1)
		}
	}
	good := NewChatOptions(1, 2, nil, bytes.Repeat([]byte{1}, 32))
	for _, g := range []*DHGroup{nil, {}} {
		if _, err := RequestChat(g, good); err != errUnusable {
			t.Errorf("group %v: got %v, want %v", g, err, errUnusable)
		}
	}
	if _, err := RestoreChat(nil, good); ErrorKind(err) != ErrorState {
		t.Errorf("no records: got %v, want ErrorState", err)
	}
	random := []byte{1, 2, 3}
	good.SetServerRandom(random)
	clear(random)
	if !bytes.Equal(good.opt.ServerRandom, []byte{1, 2, 3}) {
		t.Error("the options have the caller's array")
	}
}

// TestChatCalls: what the calls of a chat do that have no test on this side of the binding otherwise,
// and that those of an object which Java can make by itself throw.
func TestChatCalls(t *testing.T) {
	alice, bob := newChats(t, nil)
	pending := func(c *Chat) int {
		t.Helper()
		out, err := c.Outbox()
		if err != nil {
			t.Fatal(err)
		}
		return out.Len()
	}
	pending(alice)
	if a, err := alice.Acceptance(); a != nil || err != nil {
		t.Errorf("Acceptance of who has asked: got %v, %v", a, err)
	}
	if a, err := bob.Acceptance(); a != nil || err != nil {
		t.Errorf("Acceptance after the other side has written: got %v, %v", a, err)
	}
	if !alice.Originator() || bob.Originator() || new(Chat).Originator() {
		t.Errorf("Originator: got %v, %v, %v", alice.Originator(), bob.Originator(), new(Chat).Originator())
	}
	if alice.ChatID() != 1 || alice.Layer() != LatestLayer || alice.Fingerprint() == 0 || alice.Fingerprint() != bob.Fingerprint() {
		t.Errorf("got chat %d, layer %d, fingerprints %x and %x", alice.ChatID(), alice.Layer(), alice.Fingerprint(), bob.Fingerprint())
	}
	p, err := alice.EncryptText("text", &TextOptions{TTL: 7, ReplyTo: 8})
	if err != nil {
		t.Fatal(err)
	}
	if err := alice.Sent(nil); err != errUnusable {
		t.Errorf("Sent of no packet: got %v, want %v", err, errUnusable)
	}
	events, err := bob.Receive(p.Data())
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.Get(events.Len() - 1)
	if err != nil {
		t.Fatal(err)
	}
	if e.Kind() != EventMessage || e.Text() != "text" || e.TTL() != 7 || e.RandomID() != p.RandomID() || e.Since() != 0 {
		t.Errorf("got kind %d, %q, TTL %d, id %d, since %d", e.Kind(), e.Text(), e.TTL(), e.RandomID(), e.Since())
	}
	if e.Layer() != LatestLayer || p.Service() {
		t.Errorf("got layer %d, service %v", e.Layer(), p.Service())
	}
	for _, i := range []int{-1, events.Len()} {
		if _, err := events.Get(i); err == nil {
			t.Errorf("event %d of %d: no error", i, events.Len())
		}
	}
	if err := bob.Handled(); err != nil {
		t.Fatal(err)
	}
	if events, err := bob.Unhandled(); err != nil || events.Len() != 0 {
		t.Errorf("handled: got %d events, %v", events.Len(), err)
	}
	p, err = alice.EncryptText("refused by the server", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := alice.Withdraw(p.Seq()); err != nil || pending(alice) != 1 {
		t.Errorf("Withdraw: got %v, and not a request to delete in its place", err)
	}
	none := new(Chat)
	none.Wipe()
	if none.ChatID() != 0 || none.Layer() != 0 || none.Fingerprint() != 0 {
		t.Error("a chat that is none has an id, a layer or a fingerprint")
	}
}

// TestSentIsNotSentAgain: after a restore the outbox has what was not said to be sent.
func TestSentIsNotSentAgain(t *testing.T) {
	for _, sent := range []bool{true, false} {
		store := newMemory()
		alice, bob := newChats(t, store)
		if _, err := alice.Outbox(); err != nil {
			t.Fatal(err)
		}
		p, err := alice.EncryptText("x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if sent {
			if err := alice.Sent(p); err != nil {
				t.Fatal(err)
			}
		}
		// Whether it was sent goes into the store with the next change.
		q, err := bob.EncryptText("y", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := alice.Receive(q.Data()); err != nil {
			t.Fatal(err)
		}
		alice, err = RestoreChat(store.records(1), NewChatOptions(1, 2, store, input("state key", 32)))
		if err != nil {
			t.Fatal(err)
		}
		out, err := alice.Outbox()
		if err != nil {
			t.Fatal(err)
		}
		again := false
		for i := range out.Len() {
			again = again || out.packets[i].Seq == p.Seq()
		}
		if again == sent {
			t.Errorf("sent: %v; sent again: %v", sent, again)
		}
	}
}

// TestOutgoing: a request is restored, completed once, and forgotten by Discard alone.
func TestOutgoing(t *testing.T) {
	group, err := TelegramGroup(3)
	if err != nil {
		t.Fatal(err)
	}
	store := newMemory()
	options := NewChatOptions(1, 2, store, input("state key", 32))
	request, err := RequestChat(group, options)
	if err != nil {
		t.Fatal(err)
	}
	before, err := request.GA()
	if err != nil {
		t.Fatal(err)
	}
	request.Wipe()
	if _, err := request.GA(); ErrorKind(err) != ErrorOver {
		t.Errorf("GA after Wipe: got %v, want ErrorOver", err)
	}
	if request, err = RestoreOutgoing(store.records(1), options); err != nil {
		t.Fatal(err)
	}
	if after, err := request.GA(); err != nil || !bytes.Equal(before, after) {
		t.Errorf("GA after a restore: got %x, %v, want %x", after, err, before)
	}
	if err := request.Discard(); err != nil || len(store.chats[1]) != 0 {
		t.Errorf("Discard: got %v and %d records, want none", err, len(store.chats[1]))
	}
	none := new(OutgoingChat)
	none.Wipe()
	_, err1 := none.GA()
	_, err2 := none.Complete(nil, 0)
	for _, err := range []error{err1, err2, none.Discard()} {
		if err != errUnusable {
			t.Errorf("a request that is none: got %v, want %v", err, errUnusable)
		}
	}
}
