package gotd

import (
	"strings"
	"time"

	"github.com/gotd/td/tgerr"
)

// The server's answers to what is sent to it, and what they mean for a message or a chat.

// verdict is what to do about an error.
type verdict uint8

const (
	// again: it is about this moment, or nothing was answered at all. The same bytes go
	// again under the same random_id, without end.
	again verdict = iota
	// gone: there is no such chat, or no longer. It closes with this answer.
	gone
	// refused: this message, or this call, will never be taken. Others may.
	refused
	// taken: another device, or this one earlier, has accepted the chat. Who it was shows
	// when a packet can be decrypted, or the server says that the chat is discarded.
	taken
	// unknown: a refusal of which no page says anything. It is tried unknownTries times.
	unknown
)

// answer is a row of the table: errors of the Code whose type is Type, or begins so if
// Prefix is set. Code 0 is any.
type answer struct {
	Code    int
	Type    string
	Prefix  bool
	Verdict verdict
}

// answers are those that the pages of the methods list, and others that have been seen.
// The first row that fits counts.
var answers = []answer{
	{400, "ENCRYPTION_DECLINED", false, gone},
	{400, "ENCRYPTION_ALREADY_DECLINED", false, gone},
	{400, "ENCRYPTION_ID_INVALID", false, gone},
	{400, "CHAT_ID_INVALID", false, gone},

	{400, "ENCRYPTION_ALREADY_ACCEPTED", false, taken},

	{400, "DATA_INVALID", false, refused},
	{400, "DATA_TOO_LONG", false, refused},
	{400, "FILE_", true, refused},
	{400, "MD5_", true, refused},
	{403, "USER_IS_BLOCKED", false, refused},
	{400, "USER_IS_BLOCKED", false, refused},
	{400, "USER_DELETED", false, refused},
	{403, "USER_DELETED", false, refused},
	{400, "INPUT_USER_DEACTIVATED", false, refused},
	{403, "INPUT_USER_DEACTIVATED", false, refused},
	{400, "MAX_DATE_INVALID", false, refused},

	{400, "MSG_WAIT_FAILED", false, again}, // what went before has failed, and is tried again itself
	{400, "CONNECTION_NOT_INITED", false, again},
	{400, "CONNECTION_LAYER_INVALID", false, again},
	{420, "", true, again},
	{401, "", true, again}, // the account is logged out, which ends the client
	{303, "", true, again},
	{406, "AUTH_KEY_", true, again}, // so does a session that two programs use

	{400, "", true, unknown},
	{403, "", true, unknown},
	{404, "", true, unknown},
	{406, "", true, unknown},
}

// judge returns the verdict on an error of a call. What is not an answer of the server,
// and all that it says about itself (500 and the like), passes.
func judge(err error) verdict {
	e, ok := tgerr.As(err)
	if !ok {
		return again
	}
	for _, a := range answers {
		if e.Code == a.Code && (e.Type == a.Type || a.Prefix && strings.HasPrefix(e.Type, a.Type)) {
			return a.Verdict
		}
	}
	return again
}

// Delays between attempts, where the server does not name one.
const (
	firstDelay = time.Second
	lastDelay  = time.Minute
	// unknownTries is how often a call is made that is refused for reasons unknown.
	unknownTries = 3
)

// attempts is a call that is made again and again.
type attempts struct {
	delay    time.Duration
	unknowns int
}

// next returns how long to wait after err before the call is made again, or false if it
// should not be. Without a delay from the server they double from first on.
func (a *attempts) next(err error, first time.Duration) (time.Duration, bool) {
	switch judge(err) {
	case again:
	case unknown:
		if a.unknowns++; a.unknowns == unknownTries {
			return 0, false
		}
	default:
		return 0, false
	}
	a.delay = min(max(2*a.delay, first), max(first, lastDelay))
	if d, ok := asWait(err); ok {
		return max(d, a.delay), true
	}
	return a.delay, true
}

// asWait returns the delay that the server asks for: FLOOD_WAIT_n, and all others that
// end in seconds, such as FLOOD_PREMIUM_WAIT_n.
func asWait(err error) (time.Duration, bool) {
	e, ok := tgerr.As(err)
	if !ok || e.Code != 420 || e.Argument <= 0 {
		return 0, false
	}
	return time.Duration(e.Argument) * time.Second, true
}

// refusal is an answer of the server as it is stored.
type refusal struct {
	Code    int    `json:",omitempty"`
	Message string `json:",omitempty"`
}

func newRefusal(err error) *refusal {
	if e, ok := tgerr.As(err); ok {
		return &refusal{e.Code, e.Message}
	}
	return &refusal{Message: err.Error()}
}

// err returns the answer as gotd's tgerr has it.
func (r *refusal) err() error { return tgerr.New(r.Code, r.Message) }
