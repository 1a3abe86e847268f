package authkey

import (
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// withRandom replaces random bytes by the given ones, and requires that all of them are
// used. No test that uses it may be parallel.
func withRandom(t testing.TB, f func(), parts ...[]byte) {
	t.Helper()
	script := bytes.NewReader(slices.Concat(parts...))
	withReader(script, f)
	if script.Len() != 0 {
		t.Errorf("%d random bytes were not used", script.Len())
	}
}

// withReader replaces random bytes by those of r.
func withReader(r io.Reader, f func()) {
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	rand.Reader = r
	f()
}

// serverKey is a key for tests.
var serverKey = sync.OnceValue(func() *PrivateKey {
	text, err := os.ReadFile(filepath.Join("testdata", "server.pem"))
	if err != nil {
		panic(err)
	}
	key, err := ParsePrivateKey(text)
	if err != nil {
		panic(err)
	}
	return key
})

func testClient(opt ...func(*ClientOptions)) *Client {
	o := ClientOptions{Keys: []*PublicKey{serverKey().PublicKey()}, DC: 2}
	for _, f := range opt {
		f(&o)
	}
	return NewClient(o)
}

func testServer(opt ...func(*ServerOptions)) *Server {
	o := ServerOptions{Key: serverKey(), DC: 2}
	for _, f := range opt {
		f(&o)
	}
	return NewServer(o)
}

func temporary(o *ClientOptions) { o.ExpiresIn = time.Hour }

// A wire may change the message with this number, or anything else.
type wire func(number int, message []byte) []byte

// run has both sides exchange messages until one has nothing more to say, and returns how
// many there were.
func run(t testing.TB, c *Client, s *Server, w wire) (messages int, clientErr, serverErr error) {
	t.Helper()
	message := c.Start()
	for {
		if w != nil {
			message = w(messages, message)
		}
		messages++
		message, serverErr = s.Step(t.Context(), message)
		if serverErr != nil && message == nil {
			return messages, nil, serverErr
		}
		if w != nil {
			message = w(messages, message)
		}
		messages++
		message, clientErr = c.Step(t.Context(), message)
		if clientErr != nil || message == nil {
			return messages, clientErr, serverErr
		}
	}
}

func agree(t testing.TB, c *Client, s *Server, want int) *Result {
	t.Helper()
	n, clientErr, serverErr := run(t, c, s, nil)
	if clientErr != nil || serverErr != nil || n != want {
		t.Fatalf("after %d messages, client: %v, server: %v, want success after %d", n, clientErr, serverErr, want)
	}
	a, err := c.Result()
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Result()
	if err != nil {
		t.Fatal(err)
	}
	if *a != *b {
		t.Errorf("the results are different")
	}
	return a
}

func TestExchange(t *testing.T) {
	before := time.Now().Truncate(time.Second)
	r := agree(t, testClient(), testServer(), 6)
	if r.AuthKey == [256]byte{} || !r.ExpiresAt.IsZero() {
		t.Errorf("key %x, expires at %v", r.AuthKey, r.ExpiresAt)
	}
	if r.ServerTime.Before(before) || r.ServerTime.After(time.Now()) {
		t.Errorf("server time %v, want one since %v", r.ServerTime, before)
	}
	r = agree(t, testClient(temporary), testServer(), 6)
	if got := r.ExpiresAt.Sub(r.ServerTime); got != time.Hour {
		t.Errorf("a temporary key for %v, want %v", got, time.Hour)
	}
}
