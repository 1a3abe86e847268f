// Package secretchat drives Telegram's end-to-end encrypted Secret Chats, for clients
// that bring their own network and their own TL library. It does everything between the
// two: the exchange of keys, encryption, sequence numbers, gaps, resending, key
// renewal, layers. It opens no connection, starts no goroutine and has no timer. For
// anything that need not talk to Telegram's clients, use a protocol with authenticated
// key exchange, such as that of Signal.
//
// # Setting up
//
// Both sides hold a [bigdh.Group] made of what messages.getDhConfig returned. One of
// them calls [Request], and sends g_a with messages.requestEncryption; the other calls
// [Accept] and answers with g_b and a fingerprint by messages.acceptEncryption; with
// these the first calls [Outgoing.Complete]. Each now has a [Chat]. Nothing so far
// tells them who is on the other side: for that, people compare [Chat.Visualization].
//
// # Sending and receiving
//
// [Chat.Encrypt] takes a serialised DecryptedMessage or DecryptedMessageService, in the
// layer that [Chat.Layer] names, and returns a [Packet] for messages.sendEncrypted.
// [Chat.Receive] takes the bytes of an encryptedMessage and returns what has come in
// its turn as [Event] values. The chat has things of its own to send as well, which are
// in [Chat.Outbox] after any other call. A client is a loop around these:
//
//	events, err := chat.Receive(packet)
//	for _, e := range events { show(e) }
//	for out := chat.Outbox(); len(out) > 0; out = chat.Outbox() {
//		for _, p := range out { send(p); chat.Sent(p) }
//	}
//
// What the server refuses for good is taken back with [Chat.Withdraw], so that the chat can
// go on without it.
//
// # State, and crashes
//
// A number used for two messages would break the chat, and a message that is decrypted
// once cannot be received again. So whatever a call returns has been committed to
// [Options.Store] before, sealed under [Options.StateKey]. After a crash, [Restore]
// continues: [Chat.Outbox] has the packets that were not reported as [Chat.Sent], and
// [Chat.Unhandled] the events of the last Receive. Both may have been seen before the crash.
// Packets can be sent twice, since the peer drops duplicates; events have a number,
// [Event.Seq], to tell.
//
// A state consists of records, and a commit writes those that have changed, in one batch
// that a [Store] makes whole or not at all:
//
//	record     one for each                             bytes, and the length of
//	head       chat                                     233, 38 for each gap
//	keys       chat                                     577 to 1089
//	own        message of ours not acknowledged         112, the message
//	waiting    message of the peer's that waits         74, the message
//	event      event not handled                        74, the message that it is of
//
//	call       writes                                   removes
//	Encrypt    head, own                                -
//	Receive    head, events, or waiting; own if the     events of the Receive before; own that it
//	           driver answers or is asked for messages  acknowledges; waiting that had its turn
//	Withdraw   head, own                                -
//	Handled    head                                     events
//	Tick       head, seldom; own for a new key          -
//	Discard    -                                        everything
//
// The keys, with the group, are written when one of them is new, or no longer needed.
//
// What Sent says is in the next commit, as the records of the messages: they are written
// a second time if they have not been acknowledged by then. An Encrypt that deletes others
// writes an order to delete in the place of each. So to send a message of n bytes writes less
// than 3n + 2048, however many there are that the peer has not acknowledged.
//
// In memory, a chat takes 2 KiB at most when it is idle, and otherwise the messages that are
// kept and about 150 bytes for each.
//
// Each record is sealed by itself, with XChaCha20-Poly1305,
//
//	version(1) || nonce(24) || sealed( tag(16) || content ) || authenticator(16)
//
// and bound to the chat, the peer, its kind and its number. The tag is random, and the head
// has the exclusive or of all tags, by which it commits to the others. With this, whoever
// has the records but not the key
//
//   - can tell how many messages of either kind there are, how long they are, and which of
//     them were written when;
//   - cannot read them, change them, or have them taken for those of another chat, another
//     peer, another kind or another number;
//   - cannot remove one, bring back one that was replaced or removed, or mix those of
//     different commits, and no more can a disk that has torn a commit: [Restore] returns
//     [ErrState];
//   - can bring back all that there was at one time. Nobody can notice who has no other
//     memory; the chat would use numbers again, and end. Keep states out of backups.
//
// Whoever has the key and the records of one time has the keys of the chat then, with which
// to read what is sent until they are replaced, and the messages in the records. Old records
// that a disk has not erased add those of their time: content that was deleted is in none
// that Commit is still given, but may be in those that it was given before.
//
// # Other people's clients
//
// Telegram's apps, and libraries, follow the protocol each in a way of its own, and a chat
// with any of them should end only when a person ends it. Taken into account is how these
// number messages, ask for what is missing, answer, renew keys and announce layers:
//
//   - Telegram for Android 12.5.1, run as the other end, and 12.9.0, read
//   - TDLib 1.8, run as the other end
//   - Telegram for iOS, its source of 2019 to 2024, read; layer 144 from a public fork
//   - MadelineProto 8.3.5, run as the other end
//   - telethon-secret-chat of 2022, run as the other end
//
// Package peertest has them as parties for tests. What cannot be cured from this end: Android
// ends the chat at the fifth message that waits for a missing one, and answers each request
// once; iOS stops for good when asked for what it has dropped; MadelineProto never sends again,
// and ends the chat at a second gap; telethon-secret-chat neither asks nor sends again, and ends
// the chat at a packet under the key before. [EventGap] tells of what stays missing.
//
// # Files
//
// Files are encrypted under keys of their own, with [FileKey], and their keys are sent in a
// message. Nothing authenticates them.
//
// # What is secret
//
// Keys, exponents and messages. Public are the lengths of packets, which random padding
// blurs, the number and the time of messages, which key they are encrypted with, and
// whether a packet was refused, but not why. Keys are wiped as soon as the protocol has
// no more use for them, and all of them by [Chat.Discard] and [Chat.Wipe];
// copies made by the Go runtime are out of reach.
//
// The protocol is described at https://core.telegram.org/api/end-to-end, and in the
// pages on [sequence numbers] and [perfect forward secrecy]; the errors of this package
// name the rule that was broken.
//
// [sequence numbers]: https://core.telegram.org/api/end-to-end/seq_no
// [perfect forward secrecy]: https://core.telegram.org/api/end-to-end/pfs
package secretchat
