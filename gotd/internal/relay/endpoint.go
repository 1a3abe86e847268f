package relay

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/gotd/td/crypto"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/session"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
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

// Files of SaveAccess.
const (
	serverFile  = "server.json"
	sessionFile = "session.json"
)

// access is what another process needs to reach an endpoint.
type access struct {
	Address string
	Port    int
	Key     []byte // PKCS #1
}

// SaveAccess writes files into a folder with which another process can be this user. The
// user's client must have been connected before.
func (u *User) SaveAccess(dir string) error {
	addr := u.address()
	b, err := json.Marshal(access{addr.IPAddress, addr.Port, x509.MarshalPKCS1PublicKey(u.endpoint.server.Key().RSA)})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, serverFile), b, 0o600); err != nil {
		return err
	}
	session, err := u.endpoint.session.Bytes(nil)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, sessionFile), session, 0o600)
}

// RemoteOptions returns what a client in another process needs to be the user whose access
// was saved in a folder.
func RemoteOptions(dir string) (telegram.Options, error) {
	b, err := os.ReadFile(filepath.Join(dir, serverFile))
	if err != nil {
		return telegram.Options{}, err
	}
	var a access
	if err := json.Unmarshal(b, &a); err != nil {
		return telegram.Options{}, err
	}
	key, err := x509.ParsePKCS1PublicKey(a.Key)
	if err != nil {
		return telegram.Options{}, err
	}
	return telegram.Options{
		DC:                dc,
		DCList:            dcs.List{Options: []tg.DCOption{{ID: dc, IPAddress: a.Address, Port: a.Port, Static: true}}},
		PublicKeys:        []telegram.PublicKey{{RSA: key}},
		Resolver:          dcs.Plain(dcs.PlainOptions{Protocol: transport.Intermediate}),
		SessionStorage:    &telegram.FileSessionStorage{Path: filepath.Join(dir, sessionFile)},
		CompressThreshold: -1,
		RetryInterval:     retryInterval,
	}, nil
}
