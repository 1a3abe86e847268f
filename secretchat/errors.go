package secretchat

import (
	"errors"
	"fmt"
)

// Receive returns these for packets that change nothing. Any relay can send them; the
// chat goes on.
var (
	// ErrUnknownKey says that a packet is for a key that the chat does not have, or no
	// longer has.
	ErrUnknownKey = errors.New("secretchat: packet for an unknown key")
	// ErrReplacedKey is an [ErrUnknownKey] for packets for the key before this one. What was
	// in such a packet is not lost: it will be asked for when a later message shows that it
	// is missing.
	ErrReplacedKey = fmt.Errorf("%w, which has replaced it", ErrUnknownKey)
	// ErrDecrypt says that a packet is not a message of the peer. There is no telling
	// why.
	ErrDecrypt = errors.New("secretchat: message cannot be decrypted")
	// ErrDuplicate says that a message was received before, or waits in the queue. It
	// is for information.
	ErrDuplicate = errors.New("secretchat: duplicate message")
	// ErrObsolete says that the peer sent something without a sequence number, as was
	// done before layer 17. It is ignored.
	ErrObsolete = errors.New("secretchat: message without sequence number")
)

// Errors of the caller's side, which change nothing either.
var (
	// ErrContent says that what is to be sent is not a DecryptedMessage or a
	// DecryptedMessageService that an application may send.
	ErrContent = errors.New("secretchat: not a message that can be sent")
	// ErrTooLong says that a message does not fit into a packet.
	ErrTooLong = errors.New("secretchat: message too long")
	// ErrBacklog says that too many messages have not been acknowledged by the peer. It
	// has to come back before more can be sent. See [Chat.Encrypt].
	ErrBacklog = errors.New("secretchat: too many unacknowledged messages")
	// ErrWithdraw says that there is no message of the application's with that number, or
	// none any more. See [Chat.Withdraw].
	ErrWithdraw = errors.New("secretchat: no message that can be withdrawn")
	// ErrCompleted says that an [Outgoing] was completed or wiped, or has failed, before.
	ErrCompleted = errors.New("secretchat: key exchange is over")
	// ErrState says that a state cannot be restored: it has been changed, its records are
	// not all of one commit, or it is for another chat, another peer or another key.
	ErrState = errors.New("secretchat: state cannot be restored")
	// ErrStore is wrapped, with the error of the Store, when a state could not be
	// committed. The chat is unusable then. See [Store].
	ErrStore = errors.New("secretchat: state cannot be stored")
	// ErrDiscarded is returned by a chat after [Chat.Discard] or [Chat.Wipe].
	ErrDiscarded = errors.New("secretchat: chat was discarded or wiped")
)

// ErrFatal is what every [FatalError] is, in the sense of [errors.Is].
var ErrFatal = errors.New("secretchat: chat must be discarded")

// FatalError says that the peer has broken a rule of the protocol, or that somebody is
// between it and us. All keys are wiped, and whatever is called returns the same error.
// What remains to be done is to call messages.discardEncryption and to tell the user.
type FatalError struct {
	Rule Rule
}

func (e *FatalError) Error() string { return "secretchat: chat must be discarded: " + string(e.Rule) }

// Is reports whether target is [ErrFatal].
func (e *FatalError) Is(target error) bool { return target == ErrFatal }

func fatal(r Rule) error { return &FatalError{r} }

// Rule is a rule of the protocol that was broken, in words.
type Rule string

// The rules, with where Telegram's documentation has them.
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
	// RuleUnacknowledged is for a peer that makes us answer and acknowledges nothing.
	RuleUnacknowledged Rule = "too many answers not acknowledged"

	// RuleV1 is for a message of MTProto 1.0 after one of 2.0, or with Options.RefuseV1.
	RuleV1 Rule = "message of MTProto 1.0 where 2.0 is due"

	// https://core.telegram.org/api/layers
	RuleLayer Rule = "layer below 17 in a message of layer 17"
)
