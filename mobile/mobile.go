// Package mobile brings mtcore to phones: the crypto core of Telegram's MTProto, bound by
// gomobile to Java, Kotlin, Objective-C and Swift, for clients written in those languages.
// Clients written in Go should use the underlying packages directly.
//
// The binding imposes a few rules:
//
//   - Functions that process messages work in place, on an array that belongs to the
//     caller, and return how many of its bytes are the result. Swift cannot do that: it has a
//     Data where Objective-C has an NSMutableData. So each of these functions has a twin,
//     such as Sealed for Seal, that leaves its argument alone and returns a new array.
//   - An array is accessed only during the call. Whatever is needed later is copied.
//   - A wrong argument is an error, which Java and Kotlin see as an exception; it never ends
//     the process. The same goes for an object that has been wiped, or that was made by a
//     constructor rather than by a function of this package.
//   - All methods are safe for concurrent use.
//   - Long operations take a Progress, and stop with the exception that it throws.
//
// Keys live on the Go side, in objects with a Wipe method that erases them; only
// ChatOptions has none. Messages in Events, and the copies of arrays that the binding
// itself makes, are not erased.
package mobile

import (
	"errors"
	"fmt"

	"github.com/mtcore/mtcore/authkey"
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat"
	"github.com/mtcore/mtcore/srp"
)

// Sizes in bytes.
const (
	// BlockSize is the block size of AES. IGE works on whole blocks.
	BlockSize int = ige.BlockSize
	// KeySize is the length of a key of AES-256.
	KeySize int = ige.KeySize
	// IVSize is the length of the iv of IGE.
	IVSize int = ige.IVSize
	// AuthKeySize is the length of an authorization key, and of every number of the
	// Diffie-Hellman exchange.
	AuthKeySize int = kdf.AuthKeySize
	// MaxOverhead bounds how much longer a packet is than its plaintext.
	MaxOverhead int = envelope.MaxOverhead
	// VisualizationSize is the length of the data behind a key picture.
	VisualizationSize int = 36
)

// Progress receives updates from long operations.
type Progress interface {
	// OnProgress is called from time to time, on the thread that does the work, with the
	// number of bytes or other units completed so far. If it throws or returns an error,
	// the operation stops and fails with that error.
	OnProgress(done, total int64) error
}

// report tells p, which may be nil.
func report(p Progress, done, total int64) error {
	if p == nil {
		return nil
	}
	return p.OnProgress(done, total)
}

// Backends names the implementations in use on this device, for example "ige:Armv8
// kdf:Armv8 envelope:Armv8 bigdh:Armv8". "generic" is the portable one, which is correct
// and constant-time too, only slower.
func Backends() string {
	return fmt.Sprintf("ige:%s kdf:%s envelope:%s bigdh:%s",
		ige.Backend(), kdf.Backend(), envelope.Backend(), bigdh.Backend())
}

// What an exception means, as ErrorKind tells.
const (
	// ErrorOther is anything else: a wrong argument, a file that cannot be read, a Progress
	// that threw. The message says what.
	ErrorOther int = iota
	// ErrorRefused means that a packet is forged, damaged, or meant for another key.
	// Nothing has changed: drop the packet. There is no way to tell which of these it was.
	ErrorRefused
	// ErrorDuplicate means that the chat has already received this packet. Drop it.
	ErrorDuplicate
	// ErrorFatal means that the other side of the chat broke the protocol, or that someone
	// is tampering with the connection. The keys of the chat have been erased. Handle its
	// unhandled events, call messages.discardEncryption, and tell the user.
	ErrorFatal
	// ErrorBacklog means that too many messages are still unacknowledged: try again once
	// the other side is back.
	ErrorBacklog
	// ErrorStore means that the Store has thrown. This object is unusable from then on:
	// restore the chat from what the Store holds.
	ErrorStore
	// ErrorState means that a state cannot be restored: it is damaged, or it belongs to
	// another chat, peer or key.
	ErrorState
	// ErrorContent means that a message is too long, or not one that an app may send, or
	// withdraw.
	ErrorContent
	// ErrorOver means that the chat was discarded or wiped, or that the request had been
	// completed before.
	ErrorOver
	// ErrorPeer means that a server broke the protocol in a Handshake, has no key that is
	// known, or sent values with which a password must not be checked; or that someone is
	// tampering with the connection. Close it, and start again.
	ErrorPeer
)

var errorKinds = []struct {
	err  error
	kind int
}{
	{envelope.ErrDecrypt, ErrorRefused},
	{secretchat.ErrDecrypt, ErrorRefused},
	{secretchat.ErrUnknownKey, ErrorRefused},
	{secretchat.ErrObsolete, ErrorRefused},
	{secretchat.ErrDuplicate, ErrorDuplicate},
	{secretchat.ErrFatal, ErrorFatal},
	{secretchat.ErrBacklog, ErrorBacklog},
	{secretchat.ErrStore, ErrorStore},
	{secretchat.ErrState, ErrorState},
	{secretchat.ErrContent, ErrorContent},
	{secretchat.ErrTooLong, ErrorContent},
	{secretchat.ErrWithdraw, ErrorContent},
	{envelope.ErrTooLong, ErrorContent},
	{secretchat.ErrDiscarded, ErrorOver},
	{secretchat.ErrCompleted, ErrorOver},
	{authkey.ErrState, ErrorOver},
	{authkey.ErrPeer, ErrorPeer},
	{authkey.ErrKey, ErrorPeer},
	{srp.ErrServer, ErrorPeer},
}

// ErrorKind tells what an exception from this library means, as one of the constants whose
// names begin with Error.
func ErrorKind(err error) int {
	for _, k := range errorKinds {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return ErrorOther
}

var errUnusable = errors.New("mobile: object was wiped, or not made by a function of this package")

// errSize complains about the length of an argument.
func errSize(what string, want, got int) error {
	return fmt.Errorf("mobile: %s must have %d bytes, not %d", what, want, got)
}
