// Package mobile is mtcore for phones: the crypto core of Telegram's MTProto, bound to
// Java, Kotlin, Objective-C and Swift by gomobile, for clients written in these
// languages. In Go use the packages that it is made of.
//
// It follows a few rules, because of how the binding works:
//
//   - Whatever handles messages works in place, in an array of the caller's, and returns
//     how many bytes of it are the result. From Swift that is not possible, which sees a
//     Data where Objective-C passes an NSMutableData; so each such function has a twin, Sealed
//     for Seal, that leaves its argument alone and returns an array.
//   - An array is only looked at during the call. What has to be kept is copied.
//   - A wrong argument is an error, which is an exception in Java and Kotlin, and never
//     ends the process. So is the use of an object after its Wipe, or of one made by a
//     constructor instead of by this package's functions.
//   - All methods may be called by several threads at the same time.
//   - Long work takes a Progress, and ends early with the exception that it throws.
//
// Keys are kept by the Go side, in objects with a Wipe method that erases them; that of
// ChatOptions alone has none. Nobody erases the messages in Events, nor the copies of arrays
// that the binding itself makes.
package mobile

import (
	"errors"
	"fmt"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat"
)

// Sizes in bytes.
const (
	// BlockSize is that of AES: IGE handles whole blocks.
	BlockSize int = ige.BlockSize
	// KeySize is the length of a key of AES-256.
	KeySize int = ige.KeySize
	// IVSize is the length of the iv of IGE.
	IVSize int = ige.IVSize
	// AuthKeySize is the length of an authorization key, and of every number of the
	// Diffie-Hellman exchange.
	AuthKeySize int = kdf.AuthKeySize
	// MaxOverhead is an upper bound of how much longer a packet is than its plaintext.
	MaxOverhead int = envelope.MaxOverhead
	// VisualizationSize is the length of what a key picture shows.
	VisualizationSize int = 36
)

// Progress is told how far long work has come.
type Progress interface {
	// OnProgress is called from time to time, on the thread that does the work, with the
	// number of bytes, or of other steps, that are done. If it throws, or returns an
	// error, the work is given up and ends with that error.
	OnProgress(done, total int64) error
}

// report tells p, which may be nil.
func report(p Progress, done, total int64) error {
	if p == nil {
		return nil
	}
	return p.OnProgress(done, total)
}

// Backends names the implementations that this device uses, such as
// "ige:Armv8 kdf:Armv8 envelope:Armv8 bigdh:Armv8". The one called generic is for
// devices without the instructions for more, and correct and constant-time as well.
func Backends() string {
	return fmt.Sprintf("ige:%s kdf:%s envelope:%s bigdh:%s",
		ige.Backend(), kdf.Backend(), envelope.Backend(), bigdh.Backend())
}

// What an exception means, as ErrorKind tells.
const (
	// ErrorOther is a wrong argument, a file that cannot be read, a Progress that threw:
	// see its message.
	ErrorOther int = iota
	// ErrorRefused says that a packet is not genuine, or damaged, or for another key. It
	// has changed nothing. Drop it; there is no telling why.
	ErrorRefused
	// ErrorDuplicate says that a chat has had this packet before. Drop it.
	ErrorDuplicate
	// ErrorFatal says that the other side of a chat broke the rules, or that
	// somebody is between the two. The chat's keys are erased. Handle its unhandled events,
	// call messages.discardEncryption, and tell the user.
	ErrorFatal
	// ErrorBacklog says that too many messages of a chat were not acknowledged: try again
	// when the other side has come back.
	ErrorBacklog
	// ErrorStore says that the Store has thrown. The chat cannot be used any longer: restore
	// it from what the Store has.
	ErrorStore
	// ErrorState says that a state cannot be restored: it is damaged, or of another chat,
	// another peer or another key.
	ErrorState
	// ErrorContent says that a message is too long, or not one that an app may send.
	ErrorContent
	// ErrorOver says that a chat was discarded or wiped, or that a request was completed
	// before.
	ErrorOver
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
	{envelope.ErrTooLong, ErrorContent},
	{secretchat.ErrDiscarded, ErrorOver},
	{secretchat.ErrCompleted, ErrorOver},
}

// ErrorKind tells what an exception of this library means: one of the constants that begin
// with Error.
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
