package gotd

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/internal/tl"
)

// The driver has a parser of its own for the few objects that it must understand. Here it
// is compared with gotd's, which was generated from the schema, on random objects.

const crossChecks = 2000

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// stringLength is often at an edge of how TL writes strings.
func stringLength(r *rand.Rand) int {
	edges := []int{0, 1, 2, 3, 4, 252, 253, 254, 255, 256, 257, 1000}
	return edges[r.IntN(len(edges))]
}

func randomLongs(r *rand.Rand) []int64 {
	v := make([]int64, r.IntN(5))
	for i := range v {
		v[i] = r.Int64() - r.Int64()
	}
	return v
}

func randomInt(r *rand.Rand) int { return int(int32(r.Uint32())) }

// randomAction returns an action, as gotd has it and as the driver does.
func randomAction(r *rand.Rand) (e2e.DecryptedMessageActionClass, tl.Action) {
	id, fingerprint := int64(r.Uint64()), int64(r.Uint64())
	g := randomBytes(r, stringLength(r))
	ids := randomLongs(r)
	n, m := randomInt(r), randomInt(r)
	switch r.IntN(13) {
	case 0:
		return &e2e.DecryptedMessageActionSetMessageTTL{TTLSeconds: n}, tl.Action{ID: tl.SetMessageTTL, TTL: int32(n)}
	case 1:
		return &e2e.DecryptedMessageActionReadMessages{RandomIDs: ids}, tl.Action{ID: tl.ReadMessages, IDs: ids}
	case 2:
		return &e2e.DecryptedMessageActionDeleteMessages{RandomIDs: ids}, tl.Action{ID: tl.DeleteMessages, IDs: ids}
	case 3:
		return &e2e.DecryptedMessageActionScreenshotMessages{RandomIDs: ids}, tl.Action{ID: tl.ScreenshotMessages, IDs: ids}
	case 4:
		return &e2e.DecryptedMessageActionFlushHistory{}, tl.Action{ID: tl.FlushHistory}
	case 5:
		return &e2e.DecryptedMessageActionResend{StartSeqNo: n, EndSeqNo: m}, tl.Action{ID: tl.Resend, Start: int32(n), End: int32(m)}
	case 6:
		return &e2e.DecryptedMessageActionNotifyLayer{Layer: n}, tl.Action{ID: tl.NotifyLayer, Layer: int32(n)}
	case 7:
		typing := &e2e.SendMessageGeoLocationAction{}
		b, err := encode(typing)
		if err != nil {
			panic(err)
		}
		return &e2e.DecryptedMessageActionTyping{Action: typing}, tl.Action{ID: tl.Typing, Typing: b}
	case 8:
		return &e2e.DecryptedMessageActionRequestKey{ExchangeID: id, GA: g}, tl.Action{ID: tl.RequestKey, ExchangeID: id, G: g}
	case 9:
		return &e2e.DecryptedMessageActionAcceptKey{ExchangeID: id, GB: g, KeyFingerprint: fingerprint},
			tl.Action{ID: tl.AcceptKey, ExchangeID: id, G: g, Fingerprint: fingerprint}
	case 10:
		return &e2e.DecryptedMessageActionAbortKey{ExchangeID: id}, tl.Action{ID: tl.AbortKey, ExchangeID: id}
	case 11:
		return &e2e.DecryptedMessageActionCommitKey{ExchangeID: id, KeyFingerprint: fingerprint},
			tl.Action{ID: tl.CommitKey, ExchangeID: id, Fingerprint: fingerprint}
	default:
		return &e2e.DecryptedMessageActionNoop{}, tl.Action{ID: tl.Noop}
	}
}

// randomMessage returns a message of any layer.
func randomMessage(r *rand.Rand) e2e.DecryptedMessageClass {
	id, ttl := int64(r.Uint64()), randomInt(r)
	text := string(randomBytes(r, stringLength(r)))
	var media e2e.DecryptedMessageMediaClass = &e2e.DecryptedMessageMediaEmpty{}
	if r.IntN(2) == 0 {
		media = &e2e.DecryptedMessageMediaPhoto{Thumb: randomBytes(r, stringLength(r)), Size: ttl, Key: randomBytes(r, 32), Caption: text}
	}
	action, _ := randomAction(r)
	random := randomBytes(r, stringLength(r))
	switch r.IntN(6) {
	case 0:
		return &e2e.DecryptedMessage8{RandomID: id, RandomBytes: random, Message: text, Media: media}
	case 1:
		return &e2e.DecryptedMessageService8{RandomID: id, RandomBytes: random, Action: action}
	case 2:
		return &e2e.DecryptedMessage23{RandomID: id, TTL: ttl, Message: text, Media: media}
	case 3:
		m := &e2e.DecryptedMessage46{RandomID: id, TTL: ttl, Message: text}
		m.SetMedia(media)
		m.SetReplyToRandomID(id)
		return m
	case 4:
		m := &e2e.DecryptedMessage{RandomID: id, TTL: ttl, Message: text}
		m.SetMedia(media)
		m.SetSilent(true)
		m.SetEntities([]e2e.MessageEntityClass{&e2e.MessageEntityBold{Length: 1}})
		return m
	default:
		return &e2e.DecryptedMessageService{RandomID: id, Action: action}
	}
}

// wantMessage is what the driver should see in m.
func wantMessage(m e2e.DecryptedMessageClass) tl.Message {
	switch m := m.(type) {
	case *e2e.DecryptedMessage8:
		return tl.Message{Kind: tl.OldText, RandomID: m.RandomID, RandomBytes: m.RandomBytes}
	case *e2e.DecryptedMessageService8:
		return tl.Message{Kind: tl.OldService, RandomID: m.RandomID, RandomBytes: m.RandomBytes}
	case *e2e.DecryptedMessage23:
		return tl.Message{Kind: tl.Text, RandomID: m.RandomID, TTL: int32(m.TTL)}
	case *e2e.DecryptedMessage46:
		return tl.Message{Kind: tl.Text, RandomID: m.RandomID, TTL: int32(m.TTL)}
	case *e2e.DecryptedMessage:
		return tl.Message{Kind: tl.Text, RandomID: m.RandomID, TTL: int32(m.TTL)}
	case *e2e.DecryptedMessageService:
		return tl.Message{Kind: tl.Service, RandomID: m.RandomID}
	default:
		panic("unknown message")
	}
}

// TestCrossCheckMessages: the driver sees in what gotd has serialised what is there.
func TestCrossCheckMessages(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range crossChecks {
		m := randomMessage(r)
		body := mustEncode(t, m)
		got, err := tl.ParseMessage(body)
		if err != nil {
			t.Fatalf("%x: %v", body, err)
		}
		want := wantMessage(m)
		if got.Kind != want.Kind || got.RandomID != want.RandomID || got.TTL != want.TTL ||
			!bytes.Equal(got.RandomBytes, want.RandomBytes) {
			t.Fatalf("%x:\ngot  %+v\nwant %+v", body, got, want)
		}
	}
}

// TestCrossCheckActions: both serialise service messages alike, and parse them.
func TestCrossCheckActions(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range crossChecks {
		theirs, ours := randomAction(r)
		id := int64(r.Uint64())
		want := mustEncode(t, &e2e.DecryptedMessageService{RandomID: id, Action: theirs})
		body := tl.AppendService(nil, id, &ours)
		if !bytes.Equal(body, want) {
			t.Fatalf("%+v:\ngot  %x\nwant %x", ours, body, want)
		}
		m, err := tl.ParseMessage(want)
		if err != nil || m.RandomID != id || !sameAction(m.Action, ours) {
			t.Fatalf("%x:\ngot  %+v, %v\nwant %+v", want, m.Action, err, ours)
		}
	}
}

func sameAction(a, b tl.Action) bool {
	if len(a.IDs) == 0 && len(b.IDs) == 0 {
		a.IDs, b.IDs = nil, nil
	}
	if len(a.G) == 0 && len(b.G) == 0 {
		a.G, b.G = nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// TestCrossCheckLayer: the same for what messages are wrapped into.
func TestCrossCheckLayer(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range crossChecks {
		m := randomMessage(r)
		theirs := &e2e.DecryptedMessageLayer{
			RandomBytes: randomBytes(r, stringLength(r)), Layer: randomInt(r),
			InSeqNo: randomInt(r), OutSeqNo: randomInt(r), Message: m,
		}
		ours := tl.Layer{
			RandomBytes: theirs.RandomBytes, Layer: int32(theirs.Layer),
			InSeqNo: int32(theirs.InSeqNo), OutSeqNo: int32(theirs.OutSeqNo), Message: mustEncode(t, m),
		}
		want := mustEncode(t, theirs)
		if got := ours.Append(nil); !bytes.Equal(got, want) {
			t.Fatalf("%+v:\ngot  %x\nwant %x", ours, got, want)
		}
		got, err := tl.ParseLayer(want)
		if err != nil || got.Layer != ours.Layer || got.InSeqNo != ours.InSeqNo || got.OutSeqNo != ours.OutSeqNo ||
			!bytes.Equal(got.RandomBytes, ours.RandomBytes) || !bytes.Equal(got.Message, ours.Message) {
			t.Fatalf("%x:\ngot  %+v, %v\nwant %+v", want, got, err, ours)
		}
	}
}

// TestCrossCheckDamaged: a service message that the driver takes is one for gotd as well,
// and serialises to the same bytes. The other way round, the driver may be stricter.
func TestCrossCheckDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	taken := 0
	for range 20 * crossChecks {
		action, _ := randomAction(r)
		body := mustEncode(t, &e2e.DecryptedMessageService{RandomID: 1, Action: action})
		body = damage(r, body)
		m, err := tl.ParseMessage(body)
		if err != nil || m.Kind != tl.Service || m.Action.ID == tl.Typing {
			continue
		}
		theirs, err := e2e.DecodeDecryptedMessage(&bin.Buffer{Buf: slices.Clone(body)})
		if err != nil {
			t.Fatalf("%x: the driver sees %+v, gotd %v", body, m, err)
		}
		again := mustEncode(t, theirs)
		if got := tl.AppendService(nil, m.RandomID, &m.Action); !bytes.Equal(got, again) {
			t.Fatalf("%x:\ngot  %x\nwant %x", body, got, again)
		}
		taken++
	}
	if taken == 0 {
		t.Error("the driver took nothing, so that nothing was compared")
	}
}

// damage changes some bytes, the length or both.
func damage(r *rand.Rand, b []byte) []byte {
	for range r.IntN(3) {
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	}
	switch r.IntN(4) {
	case 0:
		b = b[:r.IntN(len(b)+1)]
	case 1:
		b = append(b, make([]byte, r.IntN(9))...)
	}
	return b
}

func mustEncode(t *testing.T, m bin.Encoder) []byte {
	t.Helper()
	b, err := encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
