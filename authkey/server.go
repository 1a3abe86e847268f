package authkey

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/pq"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// ServerOptions describes a server.
type ServerOptions struct {
	// Key is the server's RSA key.
	Key *PrivateKey
	// Group is the group in which keys are agreed on; nil means Telegram's prime and
	// generator 3.
	Group *bigdh.Group
	// DC is the number of this data center, as in ClientOptions: a client that wants
	// another one is refused.
	DC int
	// Exists, unless it is nil, reports whether some other key already has this id. If so,
	// the client is asked for another key. Exists is called from Step and StepBatch. Two exchanges
	// may be about to get the same id, which a client can bring about, so that where several run
	// side by side, Exists has to reserve an id when it says that it is free.
	Exists func(id [8]byte) bool
}

// Server is the server's side of one exchange. It must not be used by more than one
// goroutine at a time.
//
// A client may send req_pq_multi any number of times before it goes on, and does so to see
// how fast a connection is: a server may answer each with a new Server.
type Server struct {
	x          exchange
	opt        ServerOptions
	dc         int32
	p, q       uint64
	private    *bigdh.PrivateKey
	serverTime int32
}

// NewServer returns the server's side of an exchange. It panics if there is no key, or if
// DC does not fit into an int32.
func NewServer(opt ServerOptions) *Server {
	if opt.Key == nil {
		panic("authkey: server without Key")
	}
	if opt.Group == nil {
		var err error
		if opt.Group, err = bigdh.Telegram(3); err != nil {
			panic("authkey: internal error: " + err.Error())
		}
	}
	s := &Server{opt: opt, dc: checkDC(opt.DC)}
	s.x.state = stateHello
	return s
}

// Step takes a message from the client and returns the answer. If there is a Result then,
// the exchange has succeeded.
//
// An error ends the exchange. It is ErrPeer if the client broke the protocol, ErrState if
// Step was called out of turn, and the error of ctx if ctx was done first. There is no
// answer then, with one exception: if key after key has an id that exists, the answer is
// dh_gen_fail, and should be sent.
func (s *Server) Step(ctx context.Context, message []byte) (reply []byte, err error) {
	job := [1]StepJob{{Server: s, Message: message}}
	StepBatch(ctx, job[:])
	return job[0].Reply, job[0].Err
}

// receive takes a message. If a key is to be computed next, with the client's public value, it
// returns that instead of an answer.
func (s *Server) receive(ctx context.Context, message []byte) (reply []byte, peer *bigdh.PublicKey, err error) {
	switch state := s.x.state; {
	case state < stateHello || state > stateKey:
		return nil, nil, ErrState
	case ctx.Err() != nil:
		err = ctx.Err()
	case state == stateHello:
		reply, err = s.hello(message)
	case state == stateParams:
		reply, err = s.params(message)
	default:
		peer, err = s.clientKey(message)
	}
	if err != nil {
		s.Wipe()
	}
	return reply, peer, err
}

// hello takes req_pq_multi and returns resPQ.
func (s *Server) hello(message []byte) ([]byte, error) {
	x := &s.x
	req, err := tl.ParseReqPQMulti(message)
	if err != nil {
		return nil, ErrPeer
	}
	x.nonce = req.Nonce
	rand.Read(x.serverNonce[:])
	s.p, s.q = pq.Generate()
	var number [8]byte
	fingerprints := [1]int64{s.opt.Key.Fingerprint()}
	m := tl.ResPQ{
		Nonce: x.nonce, ServerNonce: x.serverNonce,
		PQ: minimal(number[:0], s.p*s.q), Fingerprints: fingerprints[:],
	}
	x.state = stateParams
	return m.Append(make([]byte, 0, 64)), nil
}

// params takes req_DH_params and returns server_DH_params_ok.
func (s *Server) params(message []byte) ([]byte, error) {
	x := &s.x
	m, err := tl.ParseReqDHParams(message)
	// A client that has not done its work must not make the server do its own.
	if err != nil || !x.sameNonces(&m.Nonce, &m.ServerNonce) ||
		!s.areFactors(m.P, m.Q) || m.Fingerprint != s.opt.Key.Fingerprint() {
		return nil, ErrPeer
	}
	var padded [paddedSize]byte
	if err := s.opt.Key.openRSAPad(&padded, m.EncryptedData); err != nil {
		return nil, err
	}
	inner, n, err := tl.ParsePQInnerData(padded[:])
	defer clear(padded[:])
	var number [8]byte
	if err != nil || n > maxRSAPadData || !x.sameNonces(&inner.Nonce, &inner.ServerNonce) ||
		!bytes.Equal(inner.PQ, minimal(number[:0], s.p*s.q)) || !s.areFactors(inner.P, inner.Q) ||
		inner.DC != s.dc || inner.Temporary && inner.ExpiresIn <= 0 {
		return nil, ErrPeer
	}
	copy(x.newNonce[:], inner.NewNonce)
	x.expiresIn = inner.ExpiresIn
	group := s.opt.Group
	if s.private, err = group.GenerateKey(nil); err != nil {
		return nil, err
	}
	s.serverTime = int32(time.Now().Unix())
	prime, public := group.Prime(), s.private.PublicKey().Bytes()
	answer := tl.ServerDHInnerData{
		Nonce: x.nonce, ServerNonce: x.serverNonce, G: int32(group.Generator()),
		Prime: prime[:], GA: public[:], ServerTime: s.serverTime,
	}
	var b [592]byte
	reply := tl.Encrypted{
		Nonce: x.nonce, ServerNonce: x.serverNonce,
		Data: x.sealInner(answer.Append(b[:sha1.Size])),
	}
	x.state = stateKey
	return reply.AppendServerDHParams(make([]byte, 0, 640)), nil
}

// areFactors reports whether p and q are this exchange's factors, without leading zeros.
func (s *Server) areFactors(p, q []byte) bool {
	var number [8]byte
	return bytes.Equal(p, minimal(number[:0], s.p)) && bytes.Equal(q, minimal(number[:0], s.q))
}

// clientKey takes set_client_DH_params and returns the client's public value. The next step is
// agree.
func (s *Server) clientKey(message []byte) (*bigdh.PublicKey, error) {
	x := &s.x
	m, err := tl.ParseSetClientDHParams(message)
	if err != nil || !x.sameNonces(&m.Nonce, &m.ServerNonce) {
		return nil, ErrPeer
	}
	plaintext, err := x.openInner(bytes.Clone(m.Data))
	if err != nil {
		return nil, err
	}
	defer clear(plaintext)
	inner, n, err := tl.ParseClientDHInnerData(plaintext[sha1.Size:])
	if err != nil || !checkInner(plaintext, n) || !x.sameNonces(&inner.Nonce, &inner.ServerNonce) ||
		inner.RetryID != x.retryID {
		return nil, ErrPeer
	}
	peer, err := s.opt.Group.NewPublicKey(inner.GB)
	if err != nil {
		return nil, ErrPeer
	}
	x.state = stateAgree
	return peer, nil
}

// agree takes the key and returns dh_gen_ok, dh_gen_retry or dh_gen_fail.
func (s *Server) agree(key *kdf.AuthKey) (reply []byte, err error) {
	x := &s.x
	x.state = stateKey // unless this key is the last
	answer := tl.GenOK
	id := key.ID()
	// In the header of unencrypted messages, id zero stands for no key.
	if id == [8]byte{} || s.opt.Exists != nil && s.opt.Exists(id) {
		answer = tl.GenRetry
		if x.attempts++; x.attempts == maxAttempts {
			answer = tl.GenFail
		}
	}
	hash, auxHash := x.newNonceHash(key, answer)
	m := tl.DHGen{Answer: answer, Nonce: x.nonce, ServerNonce: x.serverNonce, NewNonceHash: hash}
	switch answer {
	case tl.GenOK:
		x.finish(key, s.serverTime)
		s.private.Wipe()
	case tl.GenRetry:
		x.retryID = auxHash
	case tl.GenFail:
		err = ErrPeer
		s.Wipe()
	}
	return m.Append(make([]byte, 0, 52)), err
}

// Result returns the outcome of the exchange. Every call returns a new copy, which
// Server.Wipe does not erase. It returns ErrState before the end, after an error, or after
// Wipe.
func (s *Server) Result() (*Result, error) { return s.x.takeResult() }

// Wipe erases all secrets, including the key, and ends the exchange.
func (s *Server) Wipe() {
	if s.private != nil {
		s.private.Wipe()
	}
	s.x.wipe()
}
