package mobile

import (
	"context"
	"encoding/pem"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/mtcore/mtcore/authkey"
)

// Handshake is the client's side of the exchange in which an authorization key is made. It
// comes from TelegramHandshake or ServerHandshake.
//
// Send what First returns, give Step each answer, and send what that returns, until it
// returns null: then the key is there. Messages are bodies of unencrypted messages, without
// the auth_key_id of zeros, the message id and the length around them. If anything throws,
// close the connection and begin with a new Handshake.
type Handshake struct {
	mu     sync.Mutex // one step at a time
	client *authkey.Client
	ctx    context.Context
	cancel context.CancelFunc
}

// testDC is added to the numbers of test servers.
const testDC = 10000

// TelegramHandshake returns a handshake with a server of Telegram: of data center dc, to
// which 10000 is added for a test server, and which is negative for a media server. If
// expiresIn is above zero, the key is a temporary one that lasts that many seconds.
func TelegramHandshake(dc int, expiresIn int64) (*Handshake, error) {
	keys := authkey.TelegramKeys()
	if dc >= testDC || dc <= -testDC {
		keys = authkey.TelegramTestKeys()
	}
	return newHandshake(keys, dc, expiresIn)
}

// ServerHandshake is TelegramHandshake with another server, which has one of the RSA keys
// in pem.
func ServerHandshake(keysPEM string, dc int, expiresIn int64) (*Handshake, error) {
	var keys []*authkey.PublicKey
	for rest := []byte(keysPEM); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		key, err := authkey.ParsePublicKey(pem.EncodeToMemory(block))
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("mobile: no key in PEM")
	}
	return newHandshake(keys, dc, expiresIn)
}

func newHandshake(keys []*authkey.PublicKey, dc int, expiresIn int64) (*Handshake, error) {
	if int64(dc) != int64(int32(dc)) {
		return nil, errors.New("mobile: no data center has a number of more than 32 bits")
	}
	if expiresIn < 0 || expiresIn > math.MaxInt32 {
		return nil, errors.New("mobile: expiresIn is out of range")
	}
	h := &Handshake{client: authkey.NewClient(authkey.ClientOptions{
		Keys: keys, DC: dc, ExpiresIn: time.Duration(expiresIn) * time.Second,
	})}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h, nil
}

// First returns the first message.
func (h *Handshake) First() (message []byte, err error) {
	err = h.use(func() error {
		message = h.client.Start()
		return nil
	})
	return message, err
}

// Step takes what the server sent and returns what to send next, or null if the exchange
// has been successful. It takes some milliseconds, and up to a second on a slow phone if the
// server's prime is not a known one.
func (h *Handshake) Step(answer []byte) (message []byte, err error) {
	err = h.use(func() error {
		message, err = h.client.Step(h.ctx, answer)
		return err
	})
	return message, err
}

// Cancel makes a Step that is under way on another thread throw soon, and any later one.
func (h *Handshake) Cancel() {
	if h.cancel != nil {
		h.cancel()
	}
}

// Key returns the key, once the exchange has been successful.
func (h *Handshake) Key() (key *AuthKey, err error) {
	err = h.result(func(r *authkey.Result) {
		own := r.AuthKey
		key = newAuthKey(&own)
	})
	return key, err
}

// Salt returns the first server_salt.
func (h *Handshake) Salt() (salt int64, err error) {
	err = h.result(func(r *authkey.Result) { salt = r.Salt })
	return salt, err
}

// ServerTime returns the server's clock when it answered, in seconds since 1970.
func (h *Handshake) ServerTime() (seconds int64, err error) {
	err = h.result(func(r *authkey.Result) { seconds = r.ServerTime.Unix() })
	return seconds, err
}

// ExpiresAt returns when a temporary key ends, by the server's clock in seconds since 1970.
// It is 0 for other keys.
func (h *Handshake) ExpiresAt() (seconds int64, err error) {
	err = h.result(func(r *authkey.Result) {
		if !r.ExpiresAt.IsZero() {
			seconds = r.ExpiresAt.Unix()
		}
	})
	return seconds, err
}

// Wipe erases all secrets of the handshake, but not the AuthKey that Key returned.
func (h *Handshake) Wipe() {
	h.Cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.client != nil {
		h.client.Wipe()
		h.client = nil
	}
}

func (h *Handshake) result(f func(r *authkey.Result)) error {
	return h.use(func() error {
		r, err := h.client.Result()
		if err != nil {
			return err
		}
		f(r)
		r.Wipe()
		return nil
	})
}

// use calls f while the client is there.
func (h *Handshake) use(f func() error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.client == nil {
		return errUnusable
	}
	return f()
}
