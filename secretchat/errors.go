package secretchat

import (
	"errors"
	"fmt"
)

// Receive returns these for packets that change nothing. Any relay can send such packets;
// the chat goes on.
var (
	// ErrUnknownKey means that a packet is encrypted under a key that the chat does not
	// have, or no longer has.
	ErrUnknownKey = errors.New("secretchat: packet for an unknown key")
	// ErrReplacedKey is the [ErrUnknownKey] for packets under the previous key. The message
	// in such a packet is not lost: the chat asks for it once a later message shows that it
	// is missing.
	ErrReplacedKey = fmt.Errorf("%w, which has replaced it", ErrUnknownKey)
	// ErrDecrypt means that a packet is not a message of the peer's. Why cannot be told.
	ErrDecrypt = errors.New("secretchat: message cannot be decrypted")
	// ErrDuplicate means that the message has been received before, or is waiting for its
	// turn. It is for information only.
	ErrDuplicate = errors.New("secretchat: duplicate message")
	// ErrObsolete means that the peer has sent something without a sequence number, as
	// clients did before layer 17. It is ignored.
	ErrObsolete = errors.New("secretchat: message without sequence number")
)

// Errors that are not the peer's doing. They change nothing either.
var (
	// ErrContent means that something is not a DecryptedMessage or DecryptedMessageService
	// that an application may send.
	ErrContent = errors.New("secretchat: not a message that can be sent")
	// ErrTooLong means that a message does not fit into a packet.
	ErrTooLong = errors.New("secretchat: message too long")
	// ErrBacklog means that the peer has not acknowledged too many messages. It has to come
	// back before more can be sent. See [Chat.Encrypt].
	ErrBacklog = errors.New("secretchat: too many unacknowledged messages")
	// ErrWithdraw means that the application has no message with that number that the peer
	// has not acknowledged. See [Chat.Withdraw].
	ErrWithdraw = errors.New("secretchat: no message that can be withdrawn")
	// ErrCompleted means that an [Outgoing] has been completed or wiped, or has failed.
	ErrCompleted = errors.New("secretchat: key exchange is over")
	// ErrState means that a state cannot be restored: it has been tampered with, its records
	// are not all from one commit, or it belongs to another chat, peer or key.
	ErrState = errors.New("secretchat: state cannot be restored")
	// ErrStore means that a state could not be committed. It comes wrapped together with the
	// error of the Store, and the chat is unusable from then on. See [Store].
	ErrStore = errors.New("secretchat: state cannot be stored")
	// ErrDiscarded is what a chat returns after [Chat.Discard] or [Chat.Wipe].
	ErrDiscarded = errors.New("secretchat: chat was discarded or wiped")
)

// ErrFatal matches every [FatalError], by [errors.Is].
var ErrFatal = errors.New("secretchat: chat must be discarded")

// FatalError means that the peer has broken a rule of the protocol, or that somebody is in
// between. All keys are wiped, and all calls return the same error from then on. What
// remains to be done is to call messages.discardEncryption and to tell the user.
type FatalError struct {
	Rule Rule
}

func (e *FatalError) Error() string { return "secretchat: chat must be discarded: " + string(e.Rule) }

// Is reports whether target is [ErrFatal].
func (e *FatalError) Is(target error) bool { return target == ErrFatal }

func fatal(r Rule) error { return &FatalError{r} }

// Rule is a rule of the protocol that was broken, in words.
type Rule string

// The rules, and where Telegram documents them.
const (
	// https://core.telegram.org/api/end-to-end
	RulePublicValue Rule = "g_a or g_b is out of range"
	RuleFingerprint Rule = "key fingerprints differ"
	RuleRandomBytes Rule = "less than 15 random bytes in a message"
	RuleMalformed   Rule = "malformed message"

	// https://core.telegram.org/api/end-to-end/seq_no
	RuleParity    Rule = "sequence number is negative or of the wrong side"
	RuleInSeqNo   Rule = "in_seq_no counts messages that were never sent"
	RuleGap       Rule = "too many messages missing, or waiting for missing ones"
	RuleResend    Rule = "request to resend what was never sent"
	RuleExhausted Rule = "no sequence numbers left"
	// RuleUnacknowledged is broken by a peer that makes us answer and acknowledges nothing.
	RuleUnacknowledged Rule = "too many answers not acknowledged"

	// RuleV1 is broken by a message in MTProto 1.0 after one in 2.0, or if Options.RefuseV1
	// is set.
	RuleV1 Rule = "message of MTProto 1.0 where 2.0 is due"

	// https://core.telegram.org/api/layers
	RuleLayer Rule = "layer below 17 in a message of layer 17"
)
