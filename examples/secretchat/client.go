package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/mtcore/mtcore/secretchat"
)

const (
	chatID      = 1
	aliceUserID = 100
	bobUserID   = 200
)

// client is an app with one secret chat.
type client struct {
	name   string
	server *server
	store  *journal
	key    secretchat.StateKey // in a real app, from the system's key store
	chat   *secretchat.Chat
	next   int // number of the next message to show
	files  [][]byte
	muted  bool // texts are not printed
	out    io.Writer
}

func newClient(name string, server *server, dir string, out io.Writer) (*client, error) {
	store, err := openJournal(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	c := &client{name: name, server: server, store: store, out: out}
	_, err = rand.Read(c.key[:])
	return c, err
}

func (c *client) options() secretchat.Options {
	peer := int64(aliceUserID)
	if c.name == "Alice" {
		peer = bobUserID
	}
	return secretchat.Options{ChatID: chatID, PeerID: peer, Store: c.store, StateKey: c.key}
}

// say sends a text.
func (c *client) say(text string) error { return c.send(message{text: text}) }

// send encrypts a message, and sends it together with whatever else there is to send.
func (c *client) send(m message) error {
	packet, err := c.chat.Encrypt(m.marshal(randomID()))
	if err != nil {
		return err
	}
	// Its number has been committed to the store. If we crash from here on, it will be in
	// Outbox when the chat is restored.
	c.server.sendEncrypted(c, packet)
	c.chat.Sent(packet)
	c.sendOutbox()
	return nil
}

// sendOutbox sends what the chat has to say by itself: its layer, requests to resend
// messages, the steps of a new key exchange.
func (c *client) sendOutbox() {
	for packets := c.chat.Outbox(); len(packets) > 0; packets = c.chat.Outbox() {
		for _, packet := range packets {
			c.server.sendEncrypted(c, packet)
			c.chat.Sent(packet)
		}
	}
}

// receive handles an updateNewEncryptedMessage.
func (c *client) receive(packet []byte) error {
	events, err := c.chat.Receive(packet)
	// There may be events even if err is fatal: from packets that came before.
	if err := c.handle(events); err != nil {
		return err
	}
	switch {
	case errors.Is(err, secretchat.ErrFatal):
		// The peer, or somebody in its place, has broken the rules. A real app calls
		// messages.discardEncryption and tells the user.
		return err
	case errors.Is(err, secretchat.ErrStore):
		return err // the disk is full; the chat can be restored once it is not
	case err != nil:
		return nil // a duplicate, or noise: nothing has changed
	}
	c.sendOutbox()
	return nil
}

// handle handles the events, which come in order and once each, except that those of the
// last Receive before a crash may be repeated.
func (c *client) handle(events []secretchat.Event) error {
	for _, e := range events {
		if e.Kind == secretchat.EventKeyChanged {
			fmt.Fprintf(c.out, "(%s has a new key)\n", c.name)
		}
		if e.Kind != secretchat.EventMessage || e.Seq < c.next {
			continue
		}
		m, err := unmarshal(e.Body)
		if err != nil {
			return err
		}
		if !c.muted {
			fmt.Fprintf(c.out, "%s reads: %s\n", c.name, m.text)
		}
		if m.file != nil {
			if err := c.receiveFile(m.file); err != nil {
				return err
			}
		}
		c.next = e.Seq + 1
	}
	return nil
}

// restart forgets everything except what is on the disk.
func (c *client) restart() (err error) {
	if err := c.store.close(); err != nil {
		return err
	}
	if c.store, err = openJournal(c.store.path); err != nil {
		return err
	}
	c.chat, err = secretchat.Restore(chatID, c.store.all, c.options())
	if err != nil {
		return err
	}
	if err := c.handle(c.chat.Unhandled()); err != nil {
		return err
	}
	c.sendOutbox()
	return nil
}

// sendFile encrypts a file under its own key, uploads it in parts, and sends the key.
func (c *client) sendFile(r io.Reader, size int64) error {
	key := secretchat.NewFileKey()
	defer key.Wipe()
	bar := newProgress(c.out, c.name+" uploads", size)
	parts := 0
	for part, err := range key.Parts(r, size, secretchat.WithProgress(bar.set)) {
		if err != nil {
			return err
		}
		c.server.saveFilePart(part) // see FileKey.Parts for what to do if this fails
		parts = part.Total
	}
	bar.done()
	uploaded := c.server.inputEncryptedFileUploaded(parts, key.Fingerprint())

	m := message{text: "The film.", file: &file{size: size}}
	m.file.key, m.file.iv = key.Bytes()
	packet, err := c.chat.Encrypt(m.marshal(randomID()))
	if err != nil {
		return err
	}
	c.server.sendEncryptedFile(c, packet, uploaded)
	c.chat.Sent(packet)
	c.sendOutbox()
	return nil
}

// receiveFile downloads and decrypts the file that came with a message.
func (c *client) receiveFile(f *file) error {
	encrypted, encryptedSize, fingerprint := c.server.download()
	key, err := secretchat.ParseFileKey(f.key, f.iv, fingerprint)
	if err != nil {
		return err
	}
	defer key.Wipe()
	if err := secretchat.CheckFileSize(f.size, encryptedSize); err != nil {
		return err
	}
	bar := newProgress(c.out, c.name+" downloads", f.size)
	var b bytes.Buffer
	if _, err := io.Copy(&b, key.Decrypter(encrypted, f.size, secretchat.WithProgress(bar.set))); err != nil {
		return err // the file must not be kept
	}
	bar.done()
	// Nothing proves that this is what Bob has sent: the server could have changed it. A
	// player of the film must be prepared for anything.
	c.files = append(c.files, b.Bytes())
	return nil
}

// randomID returns a random_id for a message.
func randomID() int64 {
	var b [8]byte
	rand.Read(b[:])
	return int64(binary.LittleEndian.Uint64(b[:]))
}
