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
//	for _, p := range chat.Outbox() { send(p); chat.Sent(p) }
//
// # State, and crashes
//
// A number used for two messages would break the chat, and a message that is decrypted
// once cannot be received again. So whatever a call returns has been committed to
// [Options.Store] before, sealed under [Options.StateKey], together with all there is
// to know about the chat. After a crash, [Restore] continues: [Chat.Outbox] has the
// packets that were not reported as [Chat.Sent], and [Chat.Unhandled] the events of the
// last Receive. Both may have been seen before the crash. Packets can be sent twice,
// since the peer drops duplicates; events have a number, [Event.Seq], to tell.
//
// State must not go back in time: to restore a chat from a backup reuses numbers.
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
