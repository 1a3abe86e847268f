package authkey

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/stack"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// ClientOptions says what a client wants and whom it trusts.
type ClientOptions struct {
	// Keys are the server's public keys, as far as the client knows them. The server must
	// offer at least one; the first of Keys that it offers is used.
	Keys []*PublicKey
	// DC is the number of the data center, plus 10000 for a test server, and negated for a
	// media server.
	DC int
	// ExpiresIn, if positive, makes the key temporary and says how long it is valid,
	// rounded up to seconds. Servers allow one day.
	ExpiresIn time.Duration
}

// Client is the client's side of one exchange. It must not be used by more than one
// goroutine at a time.
type Client struct {
	x          exchange
	keys       []*PublicKey
	dc         int32
	group      *bigdh.Group
	peer       *bigdh.PublicKey
	serverTime int32
	key        kdf.AuthKey // not yet confirmed by the server
}

// NewClient returns the client's side of an exchange. It panics if there are no keys or if
// an option is out of range: DC, and ExpiresIn in seconds, must fit into an int32.
func NewClient(opt ClientOptions) *Client {
	if len(opt.Keys) == 0 {
		panic("authkey: client without Keys")
	}
	c := &Client{keys: opt.Keys, dc: checkDC(opt.DC)}
	c.x.expiresIn = inSeconds(opt.ExpiresIn)
	rand.Read(c.x.nonce[:])
	return c
}

// Start returns the first message, req_pq_multi. Further calls return the same message.
func (c *Client) Start() []byte {
	if c.x.state == stateNew {
		c.x.state = stateHello
	}
	m := tl.ReqPQMulti{Nonce: c.x.nonce}
	return m.Append(make([]byte, 0, 20))
}

// Step takes a message from the server and returns the answer, or nil if the exchange has
// succeeded: then there is a Result.
//
// An error ends the exchange. It is ErrPeer if the server broke the protocol or gave up,
// ErrKey if the server has no known key, ErrState if Step was called out of turn, and the
// error of ctx if ctx was done first. Of the three steps, the first takes about a
// millisecond, to factor pq. So does the second if the prime is Telegram's; another prime
// takes tens of milliseconds the first time it is seen.
func (c *Client) Step(ctx context.Context, message []byte) (reply []byte, err error) {
	stack.Reserve64K()
	switch c.x.state {
	case stateHello:
		reply, err = c.hello(ctx, message)
	case stateParams:
		reply, err = c.params(ctx, message)
	case stateKey:
		reply, err = c.confirm(message)
	default:
		return nil, ErrState
	}
	if err != nil {
		c.Wipe()
		return nil, err
	}
	return reply, nil
}

// hello takes resPQ and returns req_DH_params.
func (c *Client) hello(ctx context.Context, message []byte) ([]byte, error) {
	x := &c.x
	res, err := tl.ParseResPQ(message)
	if err != nil || res.Nonce != x.nonce {
		return nil, ErrPeer
	}
	x.serverNonce = res.ServerNonce
	key := c.known(res.Fingerprints)
	if key == nil {
		return nil, ErrKey
	}
	p, q, err := FactorPQ(ctx, res.PQ)
	if err != nil {
		return nil, err
	}
	var numbers [16]byte
	pBytes := minimal(numbers[:0:8], p)
	qBytes := minimal(numbers[8:8], q)

	rand.Read(x.newNonce[:])
	inner := tl.PQInnerData{
		PQ: res.PQ, P: pBytes, Q: qBytes,
		Nonce: x.nonce, ServerNonce: x.serverNonce, NewNonce: x.newNonce[:],
		DC: c.dc, Temporary: x.expiresIn > 0, ExpiresIn: x.expiresIn,
	}
	var data [maxRSAPadData]byte
	var encrypted [rsaSize]byte
	key.rsaPad(&encrypted, inner.Append(data[:0]))
	clear(data[:])

	m := tl.ReqDHParams{
		Nonce: x.nonce, ServerNonce: x.serverNonce, P: pBytes, Q: qBytes,
		Fingerprint: key.fingerprint, EncryptedData: encrypted[:],
	}
	x.state = stateParams
	return m.Append(make([]byte, 0, 320)), nil
}

// known returns the first of the client's keys that the server has, or nil.
func (c *Client) known(fingerprints []int64) *PublicKey {
	for _, k := range c.keys {
		for _, f := range fingerprints {
			if f == k.fingerprint {
				return k
			}
		}
	}
	return nil
}

// params takes server_DH_params_ok and returns set_client_DH_params.
func (c *Client) params(ctx context.Context, message []byte) ([]byte, error) {
	x := &c.x
	m, err := tl.ParseServerDHParams(message)
	if err != nil || !x.sameNonces(&m.Nonce, &m.ServerNonce) {
		return nil, ErrPeer
	}
	plaintext, err := x.openInner(bytes.Clone(m.Data))
	if err != nil {
		return nil, err
	}
	defer clear(plaintext)
	inner, n, err := tl.ParseServerDHInnerData(plaintext[sha1.Size:])
	if err != nil || !checkInner(plaintext, n) || !x.sameNonces(&inner.Nonce, &inner.ServerNonce) {
		return nil, ErrPeer
	}
	c.group, err = bigdh.NewGroupContext(ctx, inner.Prime, int(inner.G))
	if err == bigdh.ErrPrime || err == bigdh.ErrGenerator {
		return nil, ErrPeer
	} else if err != nil {
		return nil, err
	}
	if c.peer, err = c.group.NewPublicKey(inner.GA); err != nil {
		return nil, ErrPeer
	}
	c.serverTime = inner.ServerTime
	return c.agree()
}

// agree makes a key and returns set_client_DH_params.
func (c *Client) agree() ([]byte, error) {
	x := &c.x
	private, err := c.group.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	err = private.DH((*[kdf.AuthKeySize]byte)(&c.key), c.peer)
	private.Wipe()
	if err != nil {
		return nil, ErrPeer
	}
	public := private.PublicKey().Bytes()
	inner := tl.ClientDHInnerData{Nonce: x.nonce, ServerNonce: x.serverNonce, RetryID: x.retryID, GB: public[:]}
	var b [336]byte
	m := tl.Encrypted{
		Nonce: x.nonce, ServerNonce: x.serverNonce,
		Data: x.sealInner(inner.Append(b[:sha1.Size])),
	}
	x.attempts++
	x.state = stateKey
	return m.AppendSetClientDHParams(make([]byte, 0, 400)), nil
}

// confirm takes dh_gen_ok, dh_gen_retry or dh_gen_fail, and returns another
// set_client_DH_params after dh_gen_retry.
func (c *Client) confirm(message []byte) ([]byte, error) {
	x := &c.x
	m, err := tl.ParseDHGen(message)
	if err != nil || !x.sameNonces(&m.Nonce, &m.ServerNonce) {
		return nil, ErrPeer
	}
	hash, auxHash := x.newNonceHash(&c.key, m.Answer)
	if subtle.ConstantTimeCompare(hash[:], m.NewNonceHash[:]) != 1 {
		return nil, ErrPeer
	}
	switch {
	case m.Answer == tl.GenOK:
		x.finish(&c.key, c.serverTime)
		c.key.Wipe()
		return nil, nil
	case m.Answer == tl.GenRetry && x.attempts < maxAttempts:
		x.retryID = auxHash
		return c.agree()
	}
	return nil, ErrPeer
}

// Result returns the outcome of the exchange. Every call returns a new copy, which
// Client.Wipe does not erase. It returns ErrState before the end, after an error, or after
// Wipe.
func (c *Client) Result() (*Result, error) { return c.x.takeResult() }

// Wipe erases all secrets, including the key, and ends the exchange.
func (c *Client) Wipe() {
	c.key.Wipe()
	c.x.wipe()
}
