// Package gotd gives clients made with github.com/gotd/td Telegram's end-to-end encrypted
// Secret Chats. It joins gotd's API calls, updates, uploads and downloads with package
// secretchat, which has the protocol: read there what is secret, and what is promised.
// Clients with another TL library use that package itself.
//
// A [Manager] belongs to one account. It gets the updates of secret chats, and tells
// [Options.Handler] what happens as typed [Event] values: a peer asks for a chat, a message
// has come, one of ours has been sent, delivered or refused. Each [Chat] has methods to
// accept, to send and to discard; [Chat.Compose] makes messages in the way of gotd's
// message.Sender. Messages and service actions are those of gotd's package tg/e2e, in the
// newest layer: what a peer with an older client sends is brought to that form, and the
// other way round.
//
// # Updates
//
// Telegram keeps messages of secret chats until the client says that it has stored them,
// and numbers them with qts. Behind gotd's updates.Manager nothing is lost when the
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
// There [Manager.StateStorage] has updates on disk before gotd's state may say that they
// were received, and has messages.receivedQueue called then. Without it nothing is ever
// acknowledged, and a chat that the peer has ended does not wait for what the peer said
// before. What is lost on the way nevertheless, the two clients find missing and ask for
// again. A whole program is in examples/answer.
//
// # Crashes
//
// All state is in a [Store]; package boltstore has one. A call that returns without error
// has left its result there, and [Manager.Run] sends it, again if need be, under the same
// random_id, which makes servers drop duplicates. Events are kept until the handler has
// returned, so that after a crash it may see the last of them once more.
//
// # Reading the code
//
// A chat is in three files, each of which can be read alone: life.go, how it begins and
// ends; inbox.go, how updates become events; outbox.go, how messages get to the server.
// All of them change what must not be forgotten in one way, atomically in life.go, which
// is one transaction of the Store. Before them is journal.go, which takes updates from gotd;
// answers.go says what the server's errors mean.
//
// Limits of rate are left to gotd's middlewares, as is everything about the connection.
package gotd
