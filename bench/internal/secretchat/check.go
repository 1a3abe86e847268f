package secretchat

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/secretchat"
)

const (
	checkedMessages = 250 // in a chat: the key is replaced twice meanwhile
	checkedFile     = 3<<19 + 5
)

// fileDecrypted returns the plaintext of an encrypted file.
func fileDecrypted(k *secretchat.FileKey, encrypted []byte, size int64) ([]byte, error) {
	return io.ReadAll(k.Decrypter(bytes.NewReader(encrypted), size))
}

// check sends messages of all lengths through chats, and encrypts and decrypts files, with
// mtcore and with the first peer, in each of the settings.
func check(settings []suite.Setting, decrypted func(k *secretchat.FileKey, encrypted []byte, size int64) ([]byte, error), passed func(line string)) error {
	for _, in := range settings {
		if err := checkSetting(in, decrypted); err != nil {
			return fmt.Errorf("%s: %w", suite.OurName(in), err)
		}
		passed(fmt.Sprintf("%s: %d messages arrive, with new keys; files agree with %s", suite.OurName(in), checkedMessages, reference(suite.Encrypt).Who))
	}
	return nil
}

func checkSetting(in suite.Setting, decrypted func(k *secretchat.FileKey, encrypted []byte, size int64) ([]byte, error)) error {
	defer in.Enter()()
	for _, stored := range []bool{false, true} {
		if err := checkMessages(stored); err != nil {
			return err
		}
	}
	return checkFiles(decrypted)
}

func checkMessages(stored bool) error {
	chats, err := newChats(stored)
	if err != nil {
		return err
	}
	before := chats[0].Fingerprint()
	for i := range checkedMessages {
		message := textMessage(minMessage + 4*i)
		events, err := chats.send(i%2, message)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		events = slices.DeleteFunc(events, func(e secretchat.Event) bool { return e.Kind == secretchat.EventAcknowledged })
		if len(events) != 1 || !bytes.Equal(events[0].Body, message) {
			return fmt.Errorf("message %d: got %d events besides acknowledgements, want one with the message", i, len(events))
		}
	}
	if chats[0].Fingerprint() == before {
		return fmt.Errorf("the key was not replaced in %d messages", checkedMessages)
	}
	return nil
}

func checkFiles(decrypted func(k *secretchat.FileKey, encrypted []byte, size int64) ([]byte, error)) error {
	k := secretchat.NewFileKey()
	key, iv := k.Bytes()
	plain := make([]byte, checkedFile)
	rand.NewChaCha8([32]byte{11}).Read(plain)
	var b bytes.Buffer
	if _, err := fileEncrypted(k, plain, &b); err != nil {
		return err
	}
	byPeer := make([]byte, b.Len())
	reference(suite.Decrypt).Prepare((*[32]byte)(key), (*[32]byte)(iv))(byPeer, b.Bytes())
	if err := suite.FirstDifference(byPeer[:len(plain)], plain); err != nil {
		return fmt.Errorf("file, decrypted by %s: %w", reference(suite.Encrypt).Who, err)
	}
	reference(suite.Encrypt).Prepare((*[32]byte)(key), (*[32]byte)(iv))(b.Bytes(), byPeer)
	got, err := decrypted(k, b.Bytes(), int64(len(plain)))
	if err != nil {
		return err
	}
	if err := suite.FirstDifference(got, plain); err != nil {
		return fmt.Errorf("file, encrypted by %s: %w", reference(suite.Encrypt).Who, err)
	}
	return nil
}

// reference is the peer that files are compared with.
func reference(d suite.Direction) peers.IGE { return peers.IGEs(d)[0] }

// checkHandshake makes two sides agree on a key, in each of the settings.
func checkHandshake(settings []suite.Setting, passed func(line string)) error {
	for _, in := range settings {
		if err := checkHandshakeSetting(in); err != nil {
			return fmt.Errorf("%s: %w", suite.OurName(in), err)
		}
		passed(fmt.Sprintf("%s: two sides agree", suite.OurName(in)))
	}
	return nil
}

func checkHandshakeSetting(in suite.Setting) error {
	defer in.Enter()()
	chats, err := newChats(false)
	if err != nil {
		return err
	}
	a, b := chats[0], chats[1]
	if a.Fingerprint() != b.Fingerprint() || a.Visualization() != b.Visualization() {
		return fmt.Errorf("two sides with different keys, %x and %x", a.Fingerprint(), b.Fingerprint())
	}
	return nil
}

// checkStates restores chats that wait for each other from their stores, and lets them go
// on, in each of the settings.
func checkStates(settings []suite.Setting, restore func(chatPair, [2]*memoryStore) (chatPair, error), passed func(line string)) error {
	for _, in := range settings {
		if err := checkState(in, restore); err != nil {
			return fmt.Errorf("%s: %w", suite.OurName(in), err)
		}
		passed(fmt.Sprintf("%s: %d messages arrive, restored after each", suite.OurName(in), checkedMessages))
	}
	return nil
}

func checkState(in suite.Setting, restore func(chatPair, [2]*memoryStore) (chatPair, error)) error {
	defer in.Enter()()
	stores := [2]*memoryStore{new(memoryStore), new(memoryStore)}
	chats, err := newChatsIn([2]secretchat.Store{stores[0], stores[1]})
	if err != nil {
		return err
	}
	for i := range checkedMessages {
		message := textMessage(minMessage + 4*i)
		if _, err := chats[i%2].Encrypt(message); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if chats, err = restore(chats, stores); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		var got []secretchat.Event
		for _, packet := range chats[i%2].Outbox() {
			events, err := chats[1-i%2].Receive(packet.Data)
			if err != nil {
				return fmt.Errorf("message %d: %w", i, err)
			}
			got = append(got, events...)
			chats[i%2].Sent(packet)
		}
		if !slices.ContainsFunc(got, func(e secretchat.Event) bool { return bytes.Equal(e.Body, message) }) {
			return fmt.Errorf("message %d is not among %d events", i, len(got))
		}
		if err := chats.settle(); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return nil
}

// restoreBoth returns chats restored from the stores.
func restoreBoth(_ chatPair, stores [2]*memoryStore) (chats chatPair, err error) {
	for i, s := range stores {
		if chats[i], err = secretchat.Restore(1, s.all, sideOptions(i, s)); err != nil {
			return chats, err
		}
	}
	return chats, nil
}
