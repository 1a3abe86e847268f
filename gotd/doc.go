// Package gotd gives clients made with github.com/gotd/td Telegram's end-to-end encrypted
// Secret Chats. It connects gotd's API calls, updates, uploads and downloads with package
// secretchat, which implements the protocol: see there for what is secret and what is
// promised. Clients with another TL library use that package directly.
//
// A [Manager] belongs to one account. It takes the updates of secret chats, and reports what
// happens to [Options.Handler] as typed [Event] values: a peer asks for a chat, a message
// has arrived, one of ours has been sent, delivered or refused. Each [Chat] has methods to
// accept, to send and to discard; [Chat.Compose] makes messages in the style of gotd's
// message.Sender. Messages and service actions are those of gotd's package tg/e2e, in the
// newest layer: what a peer with an older client sends is converted to that form, and what it
// is sent to its own.
//
// # Updates
//
// Telegram keeps messages of secret chats until the client says that it has stored them,
// and numbers them with qts. Behind gotd's updates.Manager, nothing is lost when the
// connection is:
//
//	chats, err := gotd.New(api, gotd.Options{...})
//	dispatcher := tg.NewUpdateDispatcher()
//	chats.Register(dispatcher)
//	gaps := updates.New(updates.Config{
//		Handler: dispatcher,
//		Storage: chats.StateStorage(storage),
//	})
//
// [Manager.StateStorage] puts updates on disk before gotd's state may say that they were
// received, and then calls messages.receivedQueue. Without it nothing is ever acknowledged,
// and a chat that the peer has ended does not wait for what the peer said before. If
// something is lost on the way all the same, the two clients notice and ask for it again.
// A complete program is in examples/answer.
//
// # Crashes
//
// All state is in a [Store]; package boltstore has one. A call that returns without error
// has left its result there, and [Manager.Run] sends it, repeatedly if need be, under the
// same random_id, by which servers recognize duplicates. Events are kept until the handler
// has returned, so after a crash it may see the last of them again.
//
// # Reading the code
//
// A chat is in three files, each of which can be read on its own: life.go, how it begins and
// ends; inbox.go, how updates become events; outbox.go, how messages get to the server. All
// of them change what must not be forgotten in the same way: by atomically, in life.go, which
// is one transaction of the Store. In front of them is journal.go, which takes updates from
// gotd; answers.go says what the server's errors mean.
//
// Rate limits are left to gotd's middlewares, as is everything about the connection.
package gotd
