// Package relay implements as much of a Telegram server as secret chats need, for tests
// that connect real clients over loopback: gotd's tgtest speaks MTProto, this package
// answers the methods of https://core.telegram.org/api/end-to-end.
//
// It stores and forwards what clients send, checks what a server can check of it, and on
// request loses answers, refuses calls and drops connections.
package relay

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/mt"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"github.com/gotd/td/tgtest"
	"github.com/gotd/td/transport"
)

const dc = 2

// start is the time when this server begins. It goes on by a second with every update.
const start = 1_700_000_000

// Server relays between its users.
type Server struct {
	mu         sync.Mutex
	now        int
	users      map[int64][]*User // the devices of each account
	chats      map[int]*chat
	files      map[int64]*file
	calls      []Call
	violations []string
	primes     int  // sent
	misleads   bool // about fingerprints
}

// New returns a server without users.
func New() *Server {
	return &Server{now: start, users: map[int64][]*User{}, chats: map[int]*chat{}, files: map[int64]*file{}}
}

// User is a device of an account. It has a listener of its own: who calls is known by
// where. Secret chats belong to devices.
type User struct {
	ID int64 // of the account

	relay    *Server
	endpoint *endpoint

	// Guarded by relay.mu.
	session tgtest.Session // the last that called
	online  bool
	missed  bool                            // something that was pushed
	qts     int                             // of the last message
	queue   []*tg.UpdateNewEncryptedMessage // not yet acknowledged
	seq     int                             // of the last other update
	others  []other
	uploads map[int64]*upload
	sent    map[int64]*sent // by random_id
	// silent counts messages that were to arrive without a sound, spam reports.
	silent, spam int
	// slices counts differences that were not whole.
	slices int
	// duplicates counts messages that were sent before.
	duplicates int
	// transferred counts the bytes of files, up and down.
	transferred int64
	// lose is how many messages for the user are still to disappear.
	lose  int
	rules []*rule
}

// AddUser makes an account, which a client may use at once. Another call with the same id
// is another device of it.
func (s *Server) AddUser(id int64) (*User, error) {
	e, err := takeEndpoint()
	if err != nil {
		return nil, err
	}
	u := &User{ID: id, relay: s, endpoint: e, uploads: map[int64]*upload{}, sent: map[int64]*sent{}}
	e.assign(u)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[id] = append(s.users[id], u)
	return u, nil
}

// Close ends the server, when all clients have been stopped.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, devices := range s.users {
		for _, u := range devices {
			u.endpoint.release()
		}
	}
}

// Options returns what a client needs to be this user.
func (u *User) Options() telegram.Options {
	return telegram.Options{
		DC:             dc,
		DCList:         dcs.List{Options: []tg.DCOption{u.address()}},
		PublicKeys:     []telegram.PublicKey{u.endpoint.server.Key()},
		Resolver:       dcs.Plain(dcs.PlainOptions{Protocol: transport.Intermediate}),
		SessionStorage: &u.endpoint.session,
		// Nothing that this server sees can be compressed.
		CompressThreshold: -1,
		RetryInterval:     retryInterval,
	}
}

// retryInterval is after what time a client sends a call again. No call gets lost on its way
// here, but for those on connections that break, and gotd gives up after five.
const retryInterval = time.Minute

func (u *User) address() tg.DCOption {
	addr := u.endpoint.listener.Addr().(*net.TCPAddr)
	return tg.DCOption{ID: dc, IPAddress: addr.IP.String(), Port: addr.Port, Static: true}
}

// disconnect drops the connection of the user's client.
func (u *User) disconnect() {
	if u.online {
		u.online = false
		u.endpoint.server.ForceDisconnect(u.session)
	}
}

// A rule is what happens to a number of calls of a method, after some that it spares.
type rule struct {
	method      uint32
	skip, times int
	err         *tgerr.Error    // what the call fails with; nil: it is served
	lose        bool            // the answer, and the connection
	delay       time.Duration   // before anything is done
	until       <-chan struct{} // before anything is done, if not nil
	refused     *int            // is counted up
}

// LoseAnswers serves the next calls of a method, and breaks the connection instead of
// answering.
func (u *User) LoseAnswers(method uint32, times int) {
	u.addRule(&rule{method: method, times: times, lose: true})
}

// Refuse makes the next calls of a method fail.
func (u *User) Refuse(method uint32, times int, err *tgerr.Error) {
	u.RefuseAfter(method, 0, times, err)
}

// RefuseAfter is Refuse that spares some calls before. The counter that it returns has how
// often it was needed.
func (u *User) RefuseAfter(method uint32, skip, times int, err *tgerr.Error) func() int {
	n := new(int)
	u.addRule(&rule{method: method, skip: skip, times: times, err: err, refused: n})
	return func() int {
		u.relay.mu.Lock()
		defer u.relay.mu.Unlock()
		return *n
	}
}

// Forgive ends all rules of the user.
func (u *User) Forgive() {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	u.rules = nil
}

// Delay has the next calls of a method wait before anything is done. Others overtake them.
func (u *User) Delay(method uint32, times int, d time.Duration) {
	u.addRule(&rule{method: method, times: times, delay: d})
}

// RefuseLate is Refuse of one call that waits for a channel to be closed before.
func (u *User) RefuseLate(method uint32, until <-chan struct{}, err *tgerr.Error) {
	u.addRule(&rule{method: method, times: 1, err: err, until: until})
}

func (u *User) addRule(r *rule) {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	u.rules = append(u.rules, r)
}

// rule returns the rule for this call of a method, or nil.
func (u *User) rule(method uint32) *rule {
	i := slices.IndexFunc(u.rules, func(r *rule) bool { return r.method == method && r.times > 0 })
	if i < 0 {
		return nil
	}
	r := u.rules[i]
	if r.skip > 0 {
		r.skip--
		return nil
	}
	r.times--
	if r.refused != nil {
		*r.refused++
	}
	return r
}

// Call is a method that a user called and that was served.
type Call struct {
	User   *User
	Method uint32
}

// Calls returns how often a user called a method.
func (u *User) Calls(method uint32) (n int) {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	for _, c := range u.relay.calls {
		if c == (Call{u, method}) {
			n++
		}
	}
	return n
}

// Queued returns how many messages wait for the user's acknowledgement.
func (u *User) Queued() int {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	return len(u.queue)
}

// LoseMessages has the next messages for the user disappear.
func (u *User) LoseMessages(n int) {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	u.lose = n
}

// Inject sends the user a message that nobody has written.
func (u *User) Inject(chat int, data []byte) {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	u.deliver(&tg.EncryptedMessageService{RandomID: rand.Int64(), ChatID: chat, Date: u.relay.now, Bytes: data})
}

// Mislead has the server send wrong fingerprints of keys from now on.
func (s *Server) Mislead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.misleads = true
}

// Primes returns how often the server had to send the parameters of Diffie–Hellman.
func (s *Server) Primes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.primes
}

// Transferred returns how many bytes of files the user has sent and received.
func (u *User) Transferred() int64 {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	return u.transferred
}

// Duplicates returns how many messages the user has sent more than once.
func (u *User) Duplicates() int {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	return u.duplicates
}

// Violations returns what clients did that a server objects to, and what would give it a
// reason to become curious.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

func (s *Server) violation(format string, args ...any) {
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

// handle answers one call.
func (u *User) handle(req *tgtest.Request) error {
	method, err := req.Buf.PeekID()
	if err != nil {
		return err
	}
	if method == mt.MsgsAckTypeID {
		return nil
	}
	serve, ok := methods[method]
	if !ok {
		return tgerr.New(400, "INPUT_METHOD_INVALID")
	}
	u.relay.mu.Lock()
	u.session, u.online = req.Session, true
	r := u.rule(method)
	u.relay.mu.Unlock()
	if r != nil && (r.delay > 0 || r.until != nil) {
		late := *req
		late.Buf, late.RequestCtx = &bin.Buffer{Buf: slices.Clone(req.Buf.Buf)}, context.Background()
		time.AfterFunc(r.delay, func() {
			if r.until != nil {
				<-r.until
			}
			u.answer(method, serve, r, &late)
		})
		return nil
	}
	return u.answer(method, serve, r, req)
}

// answer serves a call, and sends the result or the error.
func (u *User) answer(method uint32, serve handler, r *rule, req *tgtest.Request) error {
	result, err := u.serve(method, serve, r, req)
	defer u.remind()
	if e, ok := tgerr.As(err); ok {
		return u.endpoint.server.SendErr(req, e)
	}
	if err != nil || result == nil {
		return err
	}
	return u.endpoint.server.SendResult(req, result)
}

// remind tells the user to ask for the difference.
func (u *User) remind() {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	if u.missed && u.online {
		u.missed = false
		u.push(&tg.UpdatesTooLong{})
	}
}

// serve calls the method under the lock. A nil result is an answer that got lost.
func (u *User) serve(method uint32, serve handler, r *rule, req *tgtest.Request) (bin.Encoder, error) {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	if r != nil && r.err != nil {
		return nil, r.err
	}
	u.relay.calls = append(u.relay.calls, Call{u, method})
	result, err := serve(u, req.Buf)
	if err == nil && r != nil && r.lose {
		u.disconnect()
		return nil, nil
	}
	return result, err
}

// push sends updates to the user, if there is a connection. Who misses them is told so
// when there is one again.
func (u *User) push(updates tg.UpdatesClass) {
	if u.online {
		err := u.endpoint.server.Send(context.Background(), u.session, tgtest.MessageFromServer, updates)
		u.online = err == nil
	}
	u.missed = u.missed || !u.online
}

// Drop breaks the connection. The client makes another.
func (u *User) Drop() {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	u.disconnect()
}

// Silent returns how many messages the user has sent that are to arrive without a sound.
func (u *User) Silent() int { return u.read(&u.silent) }

// Spam returns how often the user has reported spam.
func (u *User) Spam() int { return u.read(&u.spam) }

// Slices returns how often a difference had to come in several slices.
func (u *User) Slices() int { return u.read(&u.slices) }

func (u *User) read(n *int) int {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	return *n
}

type handler func(u *User, b *bin.Buffer) (bin.Encoder, error)

// method makes a handler of a function that takes the decoded request.
func method[Q any, P interface {
	*Q
	bin.Decoder
}](f func(u *User, q P) (bin.Encoder, error)) handler {
	return func(u *User, b *bin.Buffer) (bin.Encoder, error) {
		q := P(new(Q))
		if err := q.Decode(b); err != nil {
			return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
		}
		return f(u, q)
	}
}

var methods = map[uint32]handler{
	tg.HelpGetConfigRequestTypeID:    method((*User).config),
	tg.HelpGetCDNConfigRequestTypeID: method((*User).cdnConfig),
	tg.UsersGetUsersRequestTypeID:    method((*User).self),

	tg.UpdatesGetStateRequestTypeID:       method((*User).state),
	tg.UpdatesGetDifferenceRequestTypeID:  method((*User).difference),
	tg.MessagesReceivedQueueRequestTypeID: method((*User).receivedQueue),

	tg.MessagesGetDhConfigRequestTypeID:          method((*User).dhConfig),
	tg.MessagesRequestEncryptionRequestTypeID:    method((*User).requestEncryption),
	tg.MessagesAcceptEncryptionRequestTypeID:     method((*User).acceptEncryption),
	tg.MessagesDiscardEncryptionRequestTypeID:    method((*User).discardEncryption),
	tg.MessagesSendEncryptedRequestTypeID:        method((*User).sendEncrypted),
	tg.MessagesSendEncryptedServiceRequestTypeID: method((*User).sendEncryptedService),
	tg.MessagesSendEncryptedFileRequestTypeID:    method((*User).sendEncryptedFile),
	tg.MessagesSetEncryptedTypingRequestTypeID:   method((*User).setTyping),
	tg.MessagesReadEncryptedHistoryRequestTypeID: method((*User).readHistory),
	tg.MessagesReportEncryptedSpamRequestTypeID:  method((*User).reportSpam),

	tg.UploadSaveFilePartRequestTypeID:    method((*User).saveFilePart),
	tg.UploadSaveBigFilePartRequestTypeID: method((*User).saveBigFilePart),
	tg.UploadGetFileRequestTypeID:         method((*User).getFile),
}

func (u *User) config(*tg.HelpGetConfigRequest) (bin.Encoder, error) {
	return &tg.Config{Date: start, Expires: start + 3600, ThisDC: dc, DCOptions: []tg.DCOption{u.address()}}, nil
}

func (u *User) cdnConfig(*tg.HelpGetCDNConfigRequest) (bin.Encoder, error) {
	return &tg.CDNConfig{}, nil
}

func (u *User) self(*tg.UsersGetUsersRequest) (bin.Encoder, error) {
	return &tg.UserClassVector{Elems: []tg.UserClass{&tg.User{ID: u.ID, Self: true, AccessHash: u.ID}}}, nil
}
