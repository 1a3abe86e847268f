package mobile

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/authkey"
	"github.com/mtcore/mtcore/srp"
)

// handshakeServer returns a server, and its key as a client knows it.
func handshakeServer(t *testing.T, dc int) (*authkey.Server, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := authkey.ParsePrivateKey(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)})
	return authkey.NewServer(authkey.ServerOptions{Key: private, DC: dc}), string(public)
}

func TestHandshake(t *testing.T) {
	server, key := handshakeServer(t, 2)
	h, err := ServerHandshake(key, 2, 3600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Key(); ErrorKind(err) != ErrorOver {
		t.Errorf("key before the end: %v", err)
	}
	message, err := h.First()
	if err != nil {
		t.Fatal(err)
	}
	for message != nil {
		answer, err := server.Step(context.Background(), message)
		if err != nil {
			t.Fatal(err)
		}
		if message, err = h.Step(answer); err != nil {
			t.Fatal(err)
		}
	}
	want, err := server.Result()
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.Key()
	if err != nil {
		t.Fatal(err)
	}
	exported, err := got.Exported()
	if err != nil || !bytes.Equal(exported, want.AuthKey[:]) {
		t.Errorf("key %x, %v, want %x", exported, err, want.AuthKey)
	}
	salt, err1 := h.Salt()
	now, err2 := h.ServerTime()
	end, err3 := h.ExpiresAt()
	if salt != want.Salt || now != want.ServerTime.Unix() || end != now+3600 || errors.Join(err1, err2, err3) != nil {
		t.Errorf("salt %d, time %d, end %d, %v", salt, now, end, errors.Join(err1, err2, err3))
	}
	h.Wipe()
	if _, err := h.Key(); err != errUnusable {
		t.Errorf("key after Wipe: %v, want %v", err, errUnusable)
	}
	if _, err := got.Exported(); err != nil {
		t.Errorf("the key was wiped with the handshake: %v", err)
	}
}

func TestHandshakeRefused(t *testing.T) {
	server, key := handshakeServer(t, 2)
	h, err := ServerHandshake(key, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Step([]byte("before the first")); ErrorKind(err) != ErrorOver {
		t.Errorf("Step before First: %v", err)
	}
	first, err := h.First()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Step(context.Background(), first)
	if err != nil {
		t.Fatal(err)
	}
	answer[4] ^= 1
	if _, err := h.Step(answer); ErrorKind(err) != ErrorPeer {
		t.Errorf("another nonce: %v, want one of kind %d", err, ErrorPeer)
	}
	if _, err := h.Step(answer); ErrorKind(err) != ErrorOver {
		t.Errorf("after an error: %v, want one of kind %d", err, ErrorOver)
	}

	testTelegramKeys(t)

	h, err = ServerHandshake(key, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	if first, err = h.First(); err != nil {
		t.Fatal(err)
	}
	server, _ = handshakeServer(t, 2)
	if answer, err = server.Step(context.Background(), first); err != nil {
		t.Fatal(err)
	}
	h.Cancel()
	if _, err := h.Step(answer); err == nil {
		t.Error("a step after Cancel is taken")
	}

	for _, f := range []func() (*Handshake, error){
		func() (*Handshake, error) { return ServerHandshake("", 2, 0) },
		func() (*Handshake, error) { return ServerHandshake(strings.Replace(key, "MII", "MIX", 1), 2, 0) },
		func() (*Handshake, error) { return ServerHandshake(key, 2, -1) },
		func() (*Handshake, error) { return TelegramHandshake(2, 1<<31) },
	} {
		if h, err := f(); err == nil || h != nil {
			t.Error("a wrong argument is taken")
		}
	}
	var none Handshake
	none.Cancel()
	none.Wipe()
	if _, err := none.First(); err != errUnusable {
		t.Errorf("First of no handshake: %v, want %v", err, errUnusable)
	}
}

// testTelegramKeys: a handshake with a server of Telegram goes on if the server has the key of servers
// of its kind, and only then.
func testTelegramKeys(t *testing.T) {
	t.Helper()
	const real, test, other = "real", "test", "other"
	fingerprints := map[string]int64{
		real: authkey.TelegramKeys()[0].Fingerprint(), test: authkey.TelegramTestKeys()[0].Fingerprint(), other: 1,
	}
	server, _ := handshakeServer(t, 0)
	var answer []byte
	for dc, want := range map[int]string{2: real, -2: real, 10002: test, -10002: test} {
		for kind, fingerprint := range fingerprints {
			h, err := TelegramHandshake(dc, 0)
			if err != nil {
				t.Fatal(err)
			}
			first, err := h.First()
			if err != nil {
				t.Fatal(err)
			}
			if answer == nil {
				if answer, err = server.Step(context.Background(), first); err != nil {
					t.Fatal(err)
				}
			}
			// resPQ has the client's nonce after its constructor, as req_pq_multi does, and ends with
			// the fingerprints, of which there is one.
			copy(answer[4:20], first[4:])
			binary.LittleEndian.PutUint64(answer[len(answer)-8:], uint64(fingerprint))
			_, err = h.Step(answer)
			if kind == want && err != nil || kind != want && ErrorKind(err) != ErrorPeer {
				t.Errorf("data center %d, a server with the %s key: %v", dc, kind, err)
			}
		}
	}
}

// stopAfter is a Progress that stops after so many calls.
type stopAfter struct{ calls, max int64 }

var errStop = errors.New("stop")

func (s *stopAfter) OnProgress(done, total int64) error {
	s.calls++
	if done != s.calls || done > total {
		return errors.New("wrong progress")
	}
	if s.calls == s.max {
		return errStop
	}
	return nil
}

func TestPassword(t *testing.T) {
	group, err := TelegramGroup(3)
	if err != nil {
		t.Fatal(err)
	}
	password, salt2 := []byte("a password"), []byte("salt two")
	v, err := NewPassword(password, group, []byte("salt one"), salt2, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &srp.Params{Group: group.group, Salt1: v.Salt1(), Salt2: salt2}
	verifier := [256]byte(v.Hash())
	for _, typed := range []string{"a password", "another"} {
		server, err := srp.NewServer(p, &verifier)
		if err != nil {
			t.Fatal(err)
		}
		b := server.B()
		progress := &stopAfter{}
		proof, err := CheckPassword([]byte(typed), group, v.Salt1(), salt2, b[:], progress)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := server.Verify(proof.A(), proof.M1()), typed == string(password); got != want {
			t.Errorf("%q is accepted: %v, want %v", typed, got, want)
		}
		if progress.calls < 100 || progress.calls > hashingSteps {
			t.Errorf("%d times progress, want at most %d", progress.calls, hashingSteps)
		}
	}

	good := make([]byte, 256)
	good[0] = 1
	stop := &stopAfter{max: 5}
	if _, err := CheckPassword(password, group, nil, nil, good, stop); err != errStop || stop.calls != 5 {
		t.Errorf("stopped: %v after %d, want %v after 5", err, stop.calls, errStop)
	}
	stop = &stopAfter{max: 5}
	if _, err := NewPassword(password, group, nil, nil, stop); err != errStop || stop.calls != 5 {
		t.Errorf("stopped: %v after %d, want %v after 5", err, stop.calls, errStop)
	}
	if _, err := CheckPassword(nil, group, nil, nil, good, nil); err != srp.ErrPassword {
		t.Errorf("no password: %v, want %v", err, srp.ErrPassword)
	}
	if _, err := CheckPassword(password, group, nil, nil, make([]byte, 256), nil); ErrorKind(err) != ErrorPeer {
		t.Errorf("B = 0: %v, want one of kind %d", err, ErrorPeer)
	}
	for _, g := range []*DHGroup{nil, {}} {
		if _, err := CheckPassword(password, g, nil, nil, good, nil); err != errUnusable {
			t.Errorf("no group: %v, want %v", err, errUnusable)
		}
	}
}
