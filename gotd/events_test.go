package gotd_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat"
)

// TestRequestedUser: who asks for a chat is named if the server has done so.
func TestRequestedUser(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	ask := func(chat int, users ...tg.UserClass) {
		group, err := bigdh.Telegram(3)
		if err != nil {
			t.Fatal(err)
		}
		_, gA, err := secretchat.Request(group, secretchat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = a.dispatcher.Handle(t.Context(), &tg.Updates{Users: users, Updates: []tg.UpdateClass{
			&tg.UpdateEncryption{Chat: &tg.EncryptedChatRequested{ID: chat, AccessHash: 1, AdminID: 7, GA: gA[:]}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	ask(10, &tg.User{ID: 8, FirstName: "Eve"}, &tg.User{ID: 7, FirstName: "Ann"})
	if got := want[*gotd.Requested](a); got.Chat.ID() != 10 || got.User == nil || got.User.FirstName != "Ann" {
		t.Errorf("got chat %d of %v, want Ann's", got.Chat.ID(), got.User)
	}
	ask(11, &tg.User{ID: 8, FirstName: "Eve"})
	if got := want[*gotd.Requested](a); got.Chat.ID() != 11 || got.User != nil {
		t.Errorf("got chat %d of %v, want nobody", got.Chat.ID(), got.User)
	}
	a.restart()
	for range 2 {
		got := want[*gotd.Requested](a)
		if named := got.User != nil && got.User.FirstName == "Ann"; named != (got.Chat.ID() == 10) || got.Chat.PeerID() != 7 {
			t.Errorf("after a restart: got chat %d of %v with user %d", got.Chat.ID(), got.User, got.Chat.PeerID())
		}
	}
	for _, id := range []int{10, 11} {
		if err := a.chats.Chat(id).Discard(); err != nil {
			t.Fatal(err)
		}
	}
	for key, value := range a.store.copy() {
		if bytes.Contains(value, []byte(`"User"`)) {
			t.Errorf("record %s still has the user", key)
		}
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestGap: what stays missing is reported, once, and what waits for it comes when it is there.
func TestGap(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	say := func(i int) []secretchat.Packet {
		return a.say(&e2e.DecryptedMessage46{RandomID: int64(i + 1), Message: fmt.Sprint(i)})
	}
	a.deliver(noFile, say(0)...)
	first := want[*gotd.Message](a).Seq
	before := time.Now().Truncate(time.Second)
	lost := append(say(1), say(2)...)
	// More than three times as many as after which it is asked for again.
	const messages = 80
	for i := 3; i < messages; i++ {
		a.deliver(noFile, say(i)...)
	}
	gap := want[*gotd.Gap](a)
	if gap.From != first+1 || gap.To != first+2 || gap.Since.Before(before) || gap.Since.After(time.Now()) || gap.Chat != a.chat() {
		t.Errorf("got %+v, want messages %d to %d since %v", gap, first+1, first+2, before)
	}
	a.deliver(noFile, lost...)
	for i := 1; i < messages; i++ {
		if got := want[*gotd.Message](a); got.Text() != fmt.Sprint(i) || got.Seq != first+i {
			t.Fatalf("got message %d, %q, want %d, %d", got.Seq, got.Text(), first+i, i)
		}
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestGapAsksAgain: as long as messages are missing the clock looks at the chat, also after a restart.
func TestGapAsksAgain(t *testing.T) {
	a := newOpen(t)
	if a.chat().Waiting() {
		t.Error("the clock looks at a chat in which nothing is missing")
	}
	sent := func() int { return int(a.server.sent.Load()) }
	eventually(t, "the chat has nothing to say of its own", func() bool { return sent() == 1 })
	lost := a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "lost"})
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 2, Message: "second"})...)
	eventually(t, "it is asked for", func() bool { return sent() >= 2 })
	a.restart()
	if !a.chat().Waiting() {
		t.Error("the clock does not look at a chat in which something is missing")
	}
	before := sent() // the last may go once more
	if err := a.chat().Tick(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is asked for again", func() bool { return sent() > before })
	a.deliver(noFile, lost...)
	for _, text := range []string{"lost", "second"} {
		if got := want[*gotd.Message](a).Text(); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	if a.chat().Waiting() {
		t.Error("the clock looks at a chat in which nothing is missing any more")
	}
	a.end()
}

// newLegacy has a peer with MTProto 1.0 ask for a chat, accepts it, and returns what makes the
// peer's packets: a message under an out_seq_no.
func newLegacy(t *testing.T) (a *accepting, packet func(outSeqNo int32) secretchat.Packet) {
	t.Helper()
	const lastLayerOfV1 = 46
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := group.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	gA := mine.PublicKey().Bytes()
	a = &accepting{t: t, server: newFakeServer(), store: &recorder{memStore: newMemStore()}}
	a.start()
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatRequested{ID: acceptingID, AccessHash: 1, AdminID: 2, GA: gA[:]}})
	want[*gotd.Requested](a)
	if err := a.chat().Accept(t.Context()); !tgerr.Is(err, "INTERNAL") {
		t.Fatalf("Accept: got %v, want INTERNAL", err)
	}
	theirs, err := group.NewPublicKey((<-a.server.answers).GB)
	if err != nil {
		t.Fatal(err)
	}
	var key kdf.AuthKey
	if err := mine.DH((*[bigdh.Size]byte)(&key), theirs); err != nil {
		t.Fatal(err)
	}
	return a, func(outSeqNo int32) secretchat.Packet {
		t.Helper()
		var m bin.Buffer
		if err := (&e2e.DecryptedMessage46{RandomID: int64(outSeqNo), Message: "old"}).Encode(&m); err != nil {
			t.Fatal(err)
		}
		l := tl.Layer{RandomBytes: make([]byte, 15), Layer: lastLayerOfV1, InSeqNo: 0, OutSeqNo: outSeqNo, Message: m.Buf}
		object := l.Append(nil)
		data, err := envelope.SealV1(nil, &key, kdf.Client, append(binary.LittleEndian.AppendUint32(nil, uint32(len(object))), object...))
		if err != nil {
			t.Fatal(err)
		}
		return secretchat.Packet{Data: data}
	}
}

// TestLegacy: a peer with MTProto 1.0 is reported, once.
func TestLegacy(t *testing.T) {
	a, packet := newLegacy(t)
	for i := range 2 {
		a.deliver(noFile, packet(int32(2*i+1)))
		if i == 0 {
			want[*gotd.Opened](a)
			if got := want[*gotd.Legacy](a); got.Chat != a.chat() {
				t.Errorf("got %+v", got)
			}
		}
		if got := want[*gotd.Message](a); got.Text() != "old" || got.Seq != i {
			t.Errorf("got %q with number %d", got.Text(), got.Seq)
		}
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestCrashAfterRule: a peer that has broken a rule ends the chat, whenever a crash comes.
func TestCrashAfterRule(t *testing.T) {
	a, packet := newLegacy(t)
	a.deliver(noFile, packet(1))
	want[*gotd.Opened](a)
	want[*gotd.Legacy](a)
	want[*gotd.Message](a)
	storage := a.chats.StateStorage(&memState{found: true})
	a.store.forget()
	a.deliver(noFile, packet(4))                              // of the other side's parity
	if err := storage.SetQts(t.Context(), 1, 2); err != nil { // so that it is on disk
		t.Fatal(err)
	}
	wantBroken := func(when string) {
		t.Helper()
		var fatal *secretchat.FatalError
		if got := want[*gotd.Closed](a); got.By != gotd.ByRule || !errors.As(got.Err, &fatal) {
			t.Errorf("%s: got %+v", when, got)
		}
	}
	wantBroken("at once")
	a.end()
	crashes := 0
	for i, records := range a.store.history {
		value := records[fmt.Sprintf("c%08x", acceptingID)]
		if value == nil || chatRecord(t, records).Closing.Silent {
			break // the handler has been told
		}
		journaled := false
		for key := range records {
			journaled = journaled || key[0] == 'u'
		}
		if chatRecord(t, records).State == gotd.StateOpen && !journaled && i == 0 {
			continue // of the message before
		}
		crashes++
		a.store = &recorder{memStore: &memStore{records: records}}
		a.start()
		wantBroken(fmt.Sprint("after commit ", i))
		a.end()
	}
	if crashes < 3 {
		t.Errorf("%d crashes, want one in the journal, after the packet, and in the end", crashes)
	}
}

// TestKeyChanged: a key that is a week old is replaced, of which both sides are told, as of
// the layers that they know. The picture that people compare stays.
func TestKeyChanged(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	for c, chat := range map[*client]*gotd.Chat{a: atA, b: atB} {
		if got := nextStatus[*gotd.PeerLayer](c); got.Chat != chat || got.Layer != secretchat.LatestLayer {
			t.Errorf("got layer %d in chat %d, want %d in %d", got.Layer, got.Chat.ID(), secretchat.LatestLayer, chat.ID())
		}
	}
	before, err := atA.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := atA.Visualization()
	if err != nil {
		t.Fatal(err)
	}
	send(t, atA, "one")
	nextStatus[*gotd.Sent](a) // after which nothing is on its way
	b.wantText("one")
	if err := atA.Tick(time.Now()); err != nil { // since when the key is in use
		t.Fatal(err)
	}
	if err := atA.Tick(time.Now().Add(8 * 24 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	for c, chat := range map[*client]*gotd.Chat{a: atA, b: atB} {
		if got := nextStatus[*gotd.KeyChanged](c); got.Chat != chat {
			t.Errorf("got another key in chat %d, want it in %d", got.Chat.ID(), chat.ID())
		}
		now, err := chat.Fingerprint()
		if err != nil || now == before {
			t.Errorf("fingerprint is %x, %v, and was %x", now, err, before)
		}
		if got, err := chat.Visualization(); err != nil || got != picture {
			t.Errorf("the picture has changed, %v", err)
		}
	}
	send(t, atB, "two")
	a.wantText("two")
}
