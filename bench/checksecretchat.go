package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"

	gotd "github.com/gotd/ige"

	"github.com/mtcore/mtcore/secretchat"
)

const (
	checkedChatMessages = 250 // in a chat: the key is replaced twice meanwhile
	checkedFile         = 3<<19 + 5
)

// fileDecrypted returns the plain file of an encrypted one.
func fileDecrypted(k *secretchat.FileKey, encrypted []byte, size int64) ([]byte, error) {
	return io.ReadAll(k.Decrypter(bytes.NewReader(encrypted), size))
}

// checkSecretChat has messages of all lengths sent through chats, and files encrypted and
// decrypted, by us and by the first peer, in each of the settings.
func checkSecretChat(settings []setting, decrypted func(k *secretchat.FileKey, encrypted []byte, size int64) ([]byte, error), passed func(line string)) error {
	for _, in := range settings {
		if err := checkSecretChatSetting(in, decrypted); err != nil {
			return fmt.Errorf("%s: %w", ourName(in), err)
		}
		passed(fmt.Sprintf("%s: %d messages arrive, with new keys; files agree with %s", ourName(in), checkedChatMessages, gotdName))
	}
	return nil
}

func checkSecretChatSetting(in setting, decrypted func(k *secretchat.FileKey, encrypted []byte, size int64) ([]byte, error)) error {
	defer in.enter()()
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
	for i := range checkedChatMessages {
		message := chatMessage(minChatMessage + 4*i)
		events, err := chats.send(i%2, message)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if len(events) != 1 || !bytes.Equal(events[0].Body, message) {
			return fmt.Errorf("message %d: got %d events, want one with the message", i, len(events))
		}
	}
	if chats[0].Fingerprint() == before {
		return fmt.Errorf("the key was not replaced in %d messages", checkedChatMessages)
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
	gotd.DecryptAES256Blocks(key, iv, byPeer, b.Bytes())
	if err := firstDifference(byPeer[:len(plain)], plain); err != nil {
		return fmt.Errorf("file, decrypted by %s: %w", gotdName, err)
	}
	gotd.EncryptBlocks(newBlock((*[32]byte)(key)), iv, b.Bytes(), byPeer)
	got, err := decrypted(k, b.Bytes(), int64(len(plain)))
	if err != nil {
		return err
	}
	if err := firstDifference(got, plain); err != nil {
		return fmt.Errorf("file, encrypted by %s: %w", gotdName, err)
	}
	return nil
}

// checkHandshake has two sides agree on a key, in each of the settings.
func checkHandshake(settings []setting, passed func(line string)) error {
	for _, in := range settings {
		if err := checkHandshakeSetting(in); err != nil {
			return fmt.Errorf("%s: %w", ourName(in), err)
		}
		passed(fmt.Sprintf("%s: two sides agree", ourName(in)))
	}
	return nil
}

func checkHandshakeSetting(in setting) error {
	defer in.enter()()
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
