// Secretchat is a secret chat between two people, all in one process, with a server between
// them that can read nothing: the key exchange, messages, a crash, a file, and a new key
// along the way. The code is meant to be read, starting at main.
//
//	go run github.com/mtcore/mtcore/examples/secretchat
//	go run github.com/mtcore/mtcore/examples/secretchat -size 500000000
//
// A real client also has a connection to Telegram (server.go names the methods that it
// would call) and a TL library (tl.go has as much of one as this program needs).
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat"
)

func main() {
	size := flag.Int64("size", 20<<20, "size of the file that is sent, in bytes")
	flag.Parse()
	dir, err := os.MkdirTemp("", "secretchat")
	if err != nil {
		log.Fatal(err)
	}
	err = run(os.Stdout, dir, *size)
	os.RemoveAll(dir)
	if err != nil {
		log.Fatal(err)
	}
}

// run tells the story on out. The states of the chats are kept in dir.
func run(out io.Writer, dir string, fileSize int64) error {
	server := &server{}
	alice, err := newClient("Alice", server, dir, out)
	if err != nil {
		return err
	}
	bob, err := newClient("Bob", server, dir, out)
	if err != nil {
		return err
	}

	chapter(out, "Alice asks for a secret chat, and Bob accepts")
	if err := setUp(alice, bob); err != nil {
		return err
	}
	// The server could have exchanged different keys with each of them. But then these
	// pictures would differ, so the two compare them over the phone or when they meet.
	a, b := alice.chat.Visualization(), bob.chat.Visualization()
	fmt.Fprintln(out, kdf.VisualizationHex(a))
	fmt.Fprintln(out, "Bob has the same:", a == b)

	chapter(out, "They talk")
	if err := talk(server, alice, bob,
		"Do you hear me, Bob?",
		"Loud and clear. Nobody else does."); err != nil {
		return err
	}

	chapter(out, "Bob's phone falls into the water")
	if err := bob.restart(); err != nil {
		return err
	}
	if err := talk(server, bob, alice,
		"I am back. It is as if nothing had happened.",
		"Good. You still owe me the film."); err != nil {
		return err
	}

	chapter(out, "Bob sends a file")
	file := film{size: fileSize}
	if err := bob.sendFile(file.open(), fileSize); err != nil {
		return err
	}
	if err := server.deliver(alice, bob); err != nil {
		return err
	}
	fmt.Fprintln(out, "Alice has got what Bob has sent:", file.is(alice.files[0]))

	chapter(out, "They talk so much that the key is renewed")
	key := alice.chat.Fingerprint()
	alice.muted, bob.muted = true, true
	for alice.chat.Fingerprint() == key || bob.chat.Fingerprint() == key {
		if err := talk(server, alice, bob, "Blah, blah.", "Blah."); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "The picture is that of the first key:", alice.chat.Visualization() == a)

	chapter(out, "The end")
	// messages.discardEncryption tells the other side. All that remains is to forget.
	for _, c := range []*client{alice, bob} {
		if err := c.chat.Discard(); err != nil {
			return err
		}
	}
	_, err = alice.chat.Encrypt(nil)
	fmt.Fprintln(out, err)
	return nil
}

// setUp exchanges keys. Each step is one of Telegram's methods, or an update from it.
func setUp(alice, bob *client) error {
	// messages.getDhConfig: the server's prime is checked, since a bad one would let the
	// server read along. This is the prime in use today.
	prime := telegramPrime()
	group, err := bigdh.NewGroup(prime[:], 3)
	if err != nil {
		return err
	}

	// messages.requestEncryption, and updateEncryption with encryptedChatRequested.
	request, gA, err := secretchat.Request(group, alice.options())
	if err != nil {
		return err
	}
	// messages.acceptEncryption, and updateEncryption with encryptedChat.
	var gB [bigdh.Size]byte
	var fingerprint int64
	bob.chat, gB, fingerprint, err = secretchat.Accept(group, gA[:], bob.options())
	if err != nil {
		return err
	}
	alice.chat, err = request.Complete(gB[:], fingerprint)
	return err
}

// talk lets two people say something in turn.
func talk(server *server, first, second *client, question, answer string) error {
	if err := first.say(question); err != nil {
		return err
	}
	if err := server.deliver(first, second); err != nil {
		return err
	}
	if err := second.say(answer); err != nil {
		return err
	}
	return server.deliver(first, second)
}

func chapter(out io.Writer, title string) { fmt.Fprintf(out, "\n%s\n\n", title) }

func telegramPrime() [bigdh.Size]byte {
	group, err := bigdh.Telegram(3)
	if err != nil {
		panic(err) // 3 is a valid generator of this group
	}
	return group.Prime()
}

// film is a file of pseudorandom bytes.
type film struct{ size int64 }

func (f film) open() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{}), f.size) }

func (f film) is(got []byte) bool {
	want, err := io.ReadAll(f.open())
	return err == nil && bytes.Equal(got, want)
}
