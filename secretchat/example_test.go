package secretchat_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat"
)

// table stands for a table of a database, with the records of one chat: see gotd/ and
// examples/ for real ones.
type table map[string][]byte

// Commit would be one transaction.
func (t table) Commit(chat int64, changes []secretchat.Change) error {
	for _, c := range changes {
		if c.Value == nil {
			delete(t, string(c.Key))
		} else {
			t[string(c.Key)] = bytes.Clone(c.Value)
		}
	}
	return nil
}

// all has all records, as Restore wants them.
func (t table) all(yield func(key, value []byte) bool) {
	for key, value := range t {
		if !yield([]byte(key), value) {
			return
		}
	}
}

// hello is a serialised decryptedMessage#91cc4674, as a TL library makes it.
var hello = []byte{
	0x74, 0x46, 0xcc, 0x91, // constructor
	0, 0, 0, 0, // flags
	1, 0, 0, 0, 0, 0, 0, 0, // random_id
	0, 0, 0, 0, // ttl
	5, 'h', 'e', 'l', 'l', 'o', 0, 0, // message
}

// exampleChat returns both sides of a chat.
func exampleChat() (alice, bob *secretchat.Chat) {
	group, err := bigdh.Telegram(3)
	if err != nil {
		log.Fatal(err)
	}
	request, gA, err := secretchat.Request(group, secretchat.Options{ChatID: 7})
	if err != nil {
		log.Fatal(err)
	}
	bob, gB, fingerprint, err := secretchat.Accept(group, gA[:], secretchat.Options{ChatID: 7})
	if err != nil {
		log.Fatal(err)
	}
	alice, err = request.Complete(gB[:], fingerprint)
	if err != nil {
		log.Fatal(err)
	}
	return alice, bob
}

func ExampleRequest() {
	// What messages.getDhConfig returned: here, the prime that servers have sent for years.
	group, err := bigdh.Telegram(3)
	if err != nil {
		log.Fatal(err)
	}

	// Alice calls messages.requestEncryption with g_a.
	request, gA, err := secretchat.Request(group, secretchat.Options{ChatID: 7})
	if err != nil {
		log.Fatal(err)
	}

	// Bob gets encryptedChatRequested, and calls messages.acceptEncryption with g_b and the fingerprint.
	bob, gB, fingerprint, err := secretchat.Accept(group, gA[:], secretchat.Options{ChatID: 7})
	if err != nil {
		log.Fatal(err)
	}

	// Alice gets encryptedChat.
	alice, err := request.Complete(gB[:], fingerprint)
	if err != nil {
		log.Fatal(err)
	}

	// They compare pictures, or this text, over the telephone.
	same := kdf.VisualizationHex(alice.Visualization()) == kdf.VisualizationHex(bob.Visualization())
	fmt.Println("nobody is between them:", same)

	// Output:
	// nobody is between them: true
}

func ExampleChat_Receive() {
	alice, bob := exampleChat()

	// First of all, each tells the other which layer it understands.
	for _, p := range alice.Outbox() {
		if _, err := bob.Receive(p.Data); err != nil {
			log.Fatal(err)
		}
		alice.Sent(p)
	}

	packet, err := alice.Encrypt(hello) // for messages.sendEncrypted
	if err != nil {
		log.Fatal(err)
	}
	events, err := bob.Receive(packet.Data) // out of updateNewEncryptedMessage
	switch {
	case errors.Is(err, secretchat.ErrFatal):
		log.Fatal(err) // messages.discardEncryption; tell the user
	case errors.Is(err, secretchat.ErrStore):
		log.Fatal(err) // restore the chat
	case err != nil:
		log.Print(err) // nothing has happened
	}
	for _, e := range events {
		switch e.Kind {
		case secretchat.EventMessage:
			fmt.Printf("message %d, layer %d: %d bytes\n", e.RandomID, e.Layer, len(e.Body))
		case secretchat.EventUnsupported:
			fmt.Println("please update")
		}
	}

	// The server may deliver a message twice.
	_, err = bob.Receive(packet.Data)
	fmt.Println(err)

	// Output:
	// message 1, layer 73: 28 bytes
	// secretchat: duplicate message
}

func ExampleRestore() {
	group, err := bigdh.Telegram(3)
	if err != nil {
		log.Fatal(err)
	}
	disk := table{}
	options := secretchat.Options{ChatID: 7, Store: disk, StateKey: secretchat.StateKey{ /* of the key store */ 1, 2, 3}}

	// Alice encrypts a message, and crashes before it is sent.
	request, gA, err := secretchat.Request(group, options)
	if err != nil {
		log.Fatal(err)
	}
	_, gB, fingerprint, err := secretchat.Accept(group, gA[:], secretchat.Options{ChatID: 7})
	if err != nil {
		log.Fatal(err)
	}
	alice, err := request.Complete(gB[:], fingerprint)
	if err != nil {
		log.Fatal(err)
	}
	alice.Sent(alice.Outbox()...)
	if _, err := alice.Encrypt(hello); err != nil {
		log.Fatal(err)
	}

	// The disk has it: it will be sent under the number that it had.
	alice, err = secretchat.Restore(7, disk.all, options)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range alice.Outbox() {
		fmt.Println("to be sent: number", p.Seq)
	}

	// The records are of use for this chat only.
	_, err = secretchat.Restore(8, disk.all, options)
	fmt.Println(err)

	// Output:
	// to be sent: number 1
	// secretchat: state cannot be restored
}
