package relay

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net"
	"sync"

	"github.com/gotd/td/crypto"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/session"
	"github.com/gotd/td/tgtest"
	"github.com/gotd/td/transport"
)

// An endpoint is where the client of one user connects. It lives as long as the process,
// and belongs to one Server after the other: the authorization key that client and server
// agree on takes a second to make, most of it for gotd to check Telegram's prime.
type endpoint struct {
	server   *tgtest.Server
	listener net.Listener
	// session is the client's, with the key.
	session session.StorageMemory

	mu   sync.Mutex
	user *User
	// Sessions of the user's clients, and those of former users.
	current, over map[int64]bool
}

var endpoints struct {
	mu   sync.Mutex
	free []*endpoint
}

func takeEndpoint() (*endpoint, error) {
	endpoints.mu.Lock()
	defer endpoints.mu.Unlock()
	if n := len(endpoints.free); n > 0 {
		e := endpoints.free[n-1]
		endpoints.free = endpoints.free[:n-1]
		return e, nil
	}
	return newEndpoint()
}

func newEndpoint() (*endpoint, error) {
	key, err := rsa.GenerateKey(rand.Reader, crypto.RSAKeyBits)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &endpoint{listener: l, over: map[int64]bool{}, current: map[int64]bool{}}
	handler := tgtest.UnpackInvoke(tgtest.HandlerFunc(func(_ *tgtest.Server, req *tgtest.Request) error {
		u := e.caller(req.Session.ID)
		if u == nil {
			return nil
		}
		return u.handle(req)
	}))
	e.server = tgtest.NewServer(exchange.PrivateKey{RSA: key}, handler, tgtest.ServerOptions{DC: dc})
	go e.server.Serve(context.Background(), transport.ListenCodec(nil, l))
	return e, nil
}

func (e *endpoint) assign(u *User) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.user = u
}

// caller returns the user to whom a session belongs, or nil if the session is over.
func (e *endpoint) caller(session int64) *User {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over[session] {
		return nil
	}
	e.current[session] = true
	return e.user
}

// release makes the endpoint another user's. What is still on its way is ignored.
func (e *endpoint) release() {
	e.mu.Lock()
	for session := range e.current {
		e.over[session] = true
	}
	clear(e.current)
	e.user = nil
	e.mu.Unlock()
	endpoints.mu.Lock()
	defer endpoints.mu.Unlock()
	endpoints.free = append(endpoints.free, e)
}
