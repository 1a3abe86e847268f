package gotd

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/crypto/srp"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/proto"
	"github.com/gotd/td/transport"

	"github.com/mtcore/mtcore/authkey"
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/kdf"
	ours "github.com/mtcore/mtcore/srp"
)

// The other end of package authkey is gotd/td's own exchange here, over one of its pipes.
// These tests are in this module because it requires gotd/td already, and package authkey's
// must not.

// One exchange costs gotd/td's client half a second.
var exchanges = flag.Int("exchanges", 3, "how many keys to exchange with gotd/td in each `direction` and kind")

const testDC = 2

// testKeys returns one RSA key in the form of either.
func testKeys(t *testing.T) (exchange.PrivateKey, *authkey.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	own, err := authkey.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	theirs := exchange.PrivateKey{RSA: key}
	if own.Fingerprint() != theirs.Fingerprint() {
		t.Errorf("fingerprint %d, gotd's %d", own.Fingerprint(), theirs.Fingerprint())
	}
	return theirs, own
}

func sendPlain(ctx context.Context, conn transport.Conn, from proto.MessageType, body []byte) error {
	var b bin.Buffer
	m := proto.UnencryptedMessage{MessageID: int64(proto.NewMessageID(time.Now(), from)), MessageData: body}
	if err := m.Encode(&b); err != nil {
		return err
	}
	return conn.Send(ctx, &b)
}

func receivePlain(ctx context.Context, conn transport.Conn) ([]byte, error) {
	var b bin.Buffer
	if err := conn.Recv(ctx, &b); err != nil {
		return nil, err
	}
	var m proto.UnencryptedMessage
	if err := m.Decode(&b); err != nil {
		return nil, err
	}
	return m.MessageData, nil
}

func runClient(ctx context.Context, conn transport.Conn, opt authkey.ClientOptions) (*authkey.Result, error) {
	c := authkey.NewClient(opt)
	defer c.Wipe()
	message := c.Start()
	for message != nil {
		if err := sendPlain(ctx, conn, proto.MessageFromClient, message); err != nil {
			return nil, err
		}
		answer, err := receivePlain(ctx, conn)
		if err != nil {
			return nil, err
		}
		if message, err = c.Step(ctx, answer); err != nil {
			return nil, err
		}
	}
	return c.Result()
}

func runServer(ctx context.Context, conn transport.Conn, opt authkey.ServerOptions) (*authkey.Result, error) {
	s := authkey.NewServer(opt)
	defer s.Wipe()
	for {
		message, err := receivePlain(ctx, conn)
		if err != nil {
			return nil, err
		}
		answer, err := s.Step(ctx, message)
		if err != nil {
			return nil, err
		}
		if err := sendPlain(ctx, conn, proto.MessageServerResponse, answer); err != nil {
			return nil, err
		}
		if r, err := s.Result(); err == nil {
			return r, nil
		}
	}
}

// TestExchangeOurClient has gotd/td's server at the other end.
func TestExchangeOurClient(t *testing.T) {
	theirs, own := testKeys(t)
	for i := range 2 * *exchanges {
		client, server := transport.Intermediate.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		type served struct {
			exchange.ServerExchangeResult
			err error
		}
		done := make(chan served, 1)
		go func() {
			defer server.Close()
			r, err := exchange.NewExchanger(server, testDC).Server(theirs).Run(ctx)
			done <- served{r, err}
		}()
		opt := authkey.ClientOptions{Keys: []*authkey.PublicKey{own.PublicKey()}, DC: testDC}
		if i%2 == 1 {
			opt.ExpiresIn = time.Hour
		}
		got, err := runClient(ctx, client, opt)
		client.Close()
		want := <-done
		cancel()
		if err != nil || want.err != nil {
			t.Fatalf("exchange %d: client: %v, gotd's server: %v", i, err, want.err)
		}
		if [256]byte(got.AuthKey) != want.Key.Value || got.AuthKey.ID() != want.Key.ID || got.Salt != want.ServerSalt {
			t.Errorf("exchange %d: key %x with salt %d, gotd has %x with salt %d",
				i, got.AuthKey.ID(), got.Salt, want.Key.ID, want.ServerSalt)
		}
		if got.ExpiresAt.IsZero() != (opt.ExpiresIn == 0) {
			t.Errorf("exchange %d: expires at %v", i, got.ExpiresAt)
		}
	}
}

// TestExchangeOurServer has gotd/td's client at the other end.
func TestExchangeOurServer(t *testing.T) {
	theirs, own := testKeys(t)
	for i := range 2 * *exchanges {
		client, server := transport.Intermediate.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		type served struct {
			*authkey.Result
			err error
		}
		done := make(chan served, 1)
		go func() {
			defer server.Close()
			r, err := runServer(ctx, server, authkey.ServerOptions{Key: own, DC: testDC})
			done <- served{r, err}
		}()
		ex := exchange.NewExchanger(client, testDC)
		temporary := i%2 == 1
		if temporary {
			ex = ex.WithTempMode(3600)
		}
		want, err := ex.Client([]exchange.PublicKey{theirs.Public()}).Run(ctx)
		client.Close()
		got := <-done
		cancel()
		if err != nil || got.err != nil {
			t.Fatalf("exchange %d: gotd's client: %v, server: %v", i, err, got.err)
		}
		if [256]byte(got.AuthKey) != want.AuthKey.Value || got.AuthKey.ID() != want.AuthKey.ID || got.Salt != want.ServerSalt {
			t.Errorf("exchange %d: key %x with salt %d, gotd has %x with salt %d",
				i, got.AuthKey.ID(), got.Salt, want.AuthKey.ID, want.ServerSalt)
		}
		if got.ExpiresAt.IsZero() == temporary {
			t.Errorf("exchange %d: expires at %v", i, got.ExpiresAt)
		}
	}
}

// TestExchangeRefused: what one end refuses, the other does not take for a success.
func TestExchangeRefused(t *testing.T) {
	theirs, own := testKeys(t)
	t.Run("another DC", func(t *testing.T) {
		client, server := transport.Intermediate.Pipe()
		done := make(chan error, 1)
		go func() {
			defer server.Close()
			_, err := exchange.NewExchanger(server, testDC+1).Server(theirs).Run(t.Context())
			done <- err
		}()
		_, err := runClient(t.Context(), client, authkey.ClientOptions{Keys: []*authkey.PublicKey{own.PublicKey()}, DC: testDC})
		var serverErr *exchange.ServerExchangeError
		if want := <-done; err == nil || !errors.As(want, &serverErr) {
			t.Errorf("client: %v, gotd's server: %v", err, want)
		}
	})
	t.Run("another key", func(t *testing.T) {
		client, server := transport.Intermediate.Pipe()
		defer client.Close()
		go exchange.NewExchanger(server, testDC).Server(theirs).Run(t.Context())
		_, err := runClient(t.Context(), client, authkey.ClientOptions{Keys: authkey.TelegramKeys(), DC: testDC})
		if err != authkey.ErrKey {
			t.Errorf("client: %v, want %v", err, authkey.ErrKey)
		}
	})
}

// TestBindFromGotd opens what gotd/td binds.
func TestBindFromGotd(t *testing.T) {
	var perm, temp crypto.Key
	rand.Read(perm[:])
	rand.Read(temp[:])
	withID := perm.WithID()
	tempID := temp.WithID()
	b := authkey.Binding{Nonce: 1, SessionID: 2, MsgID: 3 << 32, ExpiresAt: time.Unix(1893456000, 0)}
	message, err := crypto.EncryptBindMessage(rand.Reader, withID, b.MsgID, &crypto.BindAuthKeyInner{
		Nonce:         b.Nonce,
		TempAuthKeyID: tempID.IntID(),
		PermAuthKeyID: withID.IntID(),
		TempSessionID: b.SessionID,
		ExpiresAt:     int(b.ExpiresAt.Unix()),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := authkey.OpenBind((*kdf.AuthKey)(&perm), (*kdf.AuthKey)(&temp), &b, message); err != nil {
		t.Errorf("OpenBind: %v", err)
	}
	b.SessionID++
	if err := authkey.OpenBind((*kdf.AuthKey)(&perm), (*kdf.AuthKey)(&temp), &b, message); err != authkey.ErrPeer {
		t.Errorf("OpenBind with another session: %v, want %v", err, authkey.ErrPeer)
	}
}

// TestSRP has passwords checked by gotd/td and by package srp, on the same server.
func TestSRP(t *testing.T) {
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	password := []byte("a password")
	prime := group.Prime()
	gotdSRP := srp.NewSRP(rand.Reader)
	input := srp.Input{Salt1: []byte("eight by"), Salt2: []byte("sixteen bytes..."), G: 3, P: prime[:]}

	hash, salt1, err := gotdSRP.NewHash(password, input)
	if err != nil {
		t.Fatal(err)
	}
	input.Salt1 = salt1
	p := &ours.Params{Group: group, Salt1: salt1, Salt2: input.Salt2}
	verifier := [ours.Size]byte(hash)
	for _, typed := range []string{"a password", "another"} {
		s, err := ours.NewServer(p, &verifier)
		if err != nil {
			t.Fatal(err)
		}
		b := s.B()
		random := make([]byte, 256)
		rand.Read(random)
		answer, err := gotdSRP.Hash([]byte(typed), b[:], random, input)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := s.Verify(answer.A, answer.M1), bytes.Equal([]byte(typed), password); got != want {
			t.Errorf("gotd's client with %q is accepted: %v, want %v", typed, got, want)
		}

		if s, err = ours.NewServer(p, &verifier); err != nil {
			t.Fatal(err)
		}
		b = s.B()
		a, m1, err := ours.Check(t.Context(), p, []byte(typed), b[:])
		if err != nil {
			t.Fatal(err)
		}
		if got, want := s.Verify(a[:], m1[:]), bytes.Equal([]byte(typed), password); got != want {
			t.Errorf("our client with %q is accepted: %v, want %v", typed, got, want)
		}
	}
}
