// Package secretchat drives Telegram's end-to-end encrypted Secret Chats, for clients
// that bring their own network and their own TL library. It does everything in between:
// key exchange, encryption, sequence numbers, gaps, resending, key renewal and layers. It
// opens no connections, starts no goroutines and sets no timers. If you do not need to talk
// to Telegram's clients, use a protocol with an authenticated key exchange, such as
// Signal's.
//
// # Setting up
//
// Both sides need a [bigdh.Group], made from what messages.getDhConfig returned. One side
// calls [Request] and sends g_a with messages.requestEncryption. The other calls [Accept]
// and answers with g_b and a fingerprint, by messages.acceptEncryption, which the first
// side passes to [Outgoing.Complete]. Now each has a [Chat]. Nothing so far tells them who
// is on the other side: for that, people compare their [Chat.Visualization].
//
// # Sending and receiving
//
// [Chat.Encrypt] takes a serialised DecryptedMessage or DecryptedMessageService, in the
// layer that [Chat.Layer] names, and returns a [Packet] for messages.sendEncrypted.
// [Chat.Receive] takes the bytes of an encryptedMessage and returns whatever is now due as
// [Event] values, in the order in which the peer sent it. The chat has things of its own to
// send, too: look into [Chat.Outbox] after every other call. A client is a loop around
// these:
//
//	events, err := chat.Receive(packet)
//	for _, e := range events { show(e) }
//	for out := chat.Outbox(); len(out) > 0; out = chat.Outbox() {
//		for _, p := range out { send(p); chat.Sent(p) }
//	}
//
// A message that the server refuses for good can be taken back with [Chat.Withdraw], so that
// the chat can go on without it.
//
// # State, and crashes
//
// Using one number for two messages would break the chat, and a message that has been
// decrypted cannot be received again. Therefore everything that a call returns has already
// been committed to [Options.Store], sealed under [Options.StateKey]. After a crash,
// [Restore] picks up from there: [Chat.Outbox] returns the packets that were not reported
// as [Chat.Sent], and [Chat.Unhandled] the events of the last Receive. The application may
// have seen either before the crash. It does no harm to send a packet twice, since the peer
// drops duplicates; events that were seen before can be told by their number, [Event.Seq].
//
// A state consists of records. A commit writes those that have changed, as one batch that a
// [Store] applies as a whole or not at all:
//
//	record     one for each                             bytes
//	head       chat                                     233, and 38 for each gap
//	keys       chat                                     577 to 1089
//	own        unacknowledged message of our own        112, and the message
//	waiting    message of the peer that has to wait     74, and the message
//	event      event that has not been handled          74, and its message
//
//	call       writes                                   removes
//	Encrypt    head, own                                -
//	Receive    head, events, or waiting; own if the     events of the previous Receive; own, if
//	           driver answers or is asked for messages  acknowledged; waiting, if no longer
//	Withdraw   head, own                                -
//	Handled    head                                     events
//	Tick       head, seldom; own for a new key          -
//	Discard    -                                        everything
//
// The keys, and the group, are written when one of them is new or no longer needed.
//
// What Sent reports is part of the next commit, which writes the records of those messages
// a second time unless they have been acknowledged by then. An Encrypt that deletes other
// messages writes an order to delete in place of each. So sending a message of n bytes
// writes less than 3n + 2048 bytes, however many messages the peer has not acknowledged.
//
// In memory, an idle chat takes 2 KiB at most. To that add the messages that are kept, and
// about 150 bytes for each.
//
// Each record is sealed separately, with XChaCha20-Poly1305,
//
//	version(1) || nonce(24) || sealed( tag(16) || content ) || authenticator(16)
//
// and bound to the chat, the peer, its kind and its number. The tag is random, and the head
// contains the exclusive or of all tags, which commits it to the other records. Somebody who
// has the records but not the key
//
//   - can tell how many messages of either kind there are, how long they are, and which of
//     them were written when;
//   - cannot read them, change them, or pass them off as those of another chat, another
//     peer, another kind or another number;
//   - cannot remove a record, bring back one that was replaced or removed, or mix records of
//     different commits, and neither can a disk that has torn a commit: [Restore] returns
//     [ErrState];
//   - can bring back everything that was there at one time. Nobody without a memory of his
//     own can notice; the chat would use numbers again, and end. Keep states out of backups.
//
// Somebody who has the key and the records of one point in time has the keys that the chat
// had then, which read what is sent until they are replaced, and the messages in the
// records. Old records that a disk has not erased add those of their time: deleted content
// is not in anything that Commit gets from then on, but may be in what it got before.
//
// # Other people's clients
//
// Telegram's apps and the libraries each follow the protocol in a way of their own, and a
// chat with any of them should end only when a person ends it. This package takes into
// account how these number messages, ask for missing ones, answer, renew keys and announce
// layers, as known from the following versions:
//
//   - Telegram for Android 12.5.1, by running it as the other end, and 12.9.0, by reading
//   - TDLib 1.8, by running it as the other end
//   - Telegram for iOS, by reading its source of 2019 to 2024; layer 144 from a public fork
//   - MadelineProto 8.3.5, by running it as the other end
//   - telethon-secret-chat of 2022, by running it as the other end
//
// Package peertest plays them in tests. Some things cannot be cured from this end: Android
// ends the chat when a fifth message waits for a missing one, and answers each request
// once; iOS stops for good when it is asked for what it has dropped; MadelineProto never
// sends anything again, takes in nothing more after a request for it until its process is
// started anew, and may end the chat at a second gap; telethon-secret-chat neither asks nor
// sends again, and can neither send nor receive once it would have to replace the key.
// [EventGap] reports what stays missing.
//
// The driver asks for a missing message at once. For MadelineProto that is too early if
// messages overtake each other, which is all it takes for it to hear nothing more; see
// [Options.AskAfter]. The others answer, so that with them a wait has people wait for what
// has come, up to the next Tick, and gains little.
//
// # Files
//
// Files are encrypted under keys of their own, by [FileKey]; the keys travel in a message.
// Nothing authenticates the files.
//
// # What is secret
//
// Keys, exponents and messages are. Public are the lengths of packets, which random padding
// blurs, the number and the times of messages, which key they are encrypted under, and
// whether a packet was refused, but not why. Keys are wiped as soon as the protocol no
// longer needs them, and all of them by [Chat.Discard] and [Chat.Wipe]; copies that the Go
// runtime has made are out of reach. A key that was replaced is needed until a message under
// the new one shows that nothing sent under the old one is missing; if the peer only reads, or
// is off, that may be after the new one is used up.
//
// With GODEBUG=fips140=only, where the standard library refuses SHA-1, and golang.org/x/crypto
// its ciphers, [Accept], [Outgoing.Complete] and [Restore] panic, and [Request] does if there is a
// Store.
//
// The protocol is described at https://core.telegram.org/api/end-to-end, and in the
// pages on [sequence numbers] and [perfect forward secrecy]; the errors of this package
// name the rule that was broken.
//
// [sequence numbers]: https://core.telegram.org/api/end-to-end/seq_no
// [perfect forward secrecy]: https://core.telegram.org/api/end-to-end/pfs
package secretchat
