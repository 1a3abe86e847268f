package secretchat_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/mtcore/mtcore/secretchat"
)

// A stand-in for Telegram's storage, and for the generated methods of a client.

type storage struct{ parts []string }

func (s *storage) uploadSaveFilePart(id int64, index int, b []byte) error {
	if index != len(s.parts) {
		return fmt.Errorf("part %d after %d parts", index, len(s.parts))
	}
	s.parts = append(s.parts, string(b))
	return nil
}

func (s *storage) uploadSaveBigFilePart(id int64, index, total int, b []byte) error {
	return s.uploadSaveFilePart(id, index, b)
}

func (s *storage) download() io.Reader { return strings.NewReader(strings.Join(s.parts, "")) }

// The message that goes through the chat, as far as it concerns files: the fields of
// decryptedMessageMediaDocument.
type document struct {
	size    int64
	key, iv []byte
}

// video is what the examples send.
func video(size int) io.Reader {
	return strings.NewReader(strings.Repeat("moving pictures ", size)[:size])
}

// Send a file: upload it in parts, then tell the peer of its key.
func ExampleFileKey_Parts() {
	const size = 12_000_000
	server := &storage{}
	ctx := context.Background()

	k := secretchat.NewFileKey()
	defer k.Wipe()
	total := 0
	for part, err := range k.Parts(video(size), size, secretchat.WithContext(ctx)) {
		if err != nil {
			log.Fatal(err)
		}
		if part.Big {
			err = server.uploadSaveBigFilePart(1, part.Index, part.Total, part.Bytes)
		} else {
			err = server.uploadSaveFilePart(1, part.Index, part.Bytes)
		}
		if err != nil {
			log.Fatal(err) // see WithFirstPart for how to go on later
		}
		total = part.Total
	}
	fmt.Println(total, "parts of", secretchat.EncryptedSize(size), "bytes")

	// The server gets k.Fingerprint() in an inputEncryptedFileBigUploaded, whose
	// md5_checksum may be empty. The peer gets the rest, encrypted by Chat.Encrypt.
	key, iv := k.Bytes()
	message := document{size, key, iv}
	fmt.Println(message.size, len(message.key), len(message.iv))

	// Output:
	// 23 parts of 12000000 bytes
	// 12000000 32 32
}

// Receive a file, of which the message in the chat tells size, key and iv, and the
// encryptedFile of the server size and fingerprint.
func ExampleFileKey_Decrypter() {
	encrypted, encryptedSize, fingerprint, message := receivedFile()

	k, err := secretchat.ParseFileKey(message.key, message.iv, fingerprint)
	if err != nil {
		log.Fatal(err) // the key is not this file's
	}
	defer k.Wipe()
	if err := secretchat.CheckFileSize(message.size, encryptedSize); err != nil {
		log.Fatal(err) // not worth a download
	}
	var file bytes.Buffer
	if _, err := io.Copy(&file, k.Decrypter(encrypted, message.size)); err != nil {
		log.Fatal(err) // such as ErrFileSize: do not keep the file
	}
	// What is in the file is up to the server. Whatever opens it must expect anything.
	fmt.Printf("%s…, %d bytes\n", file.Bytes()[:15], file.Len())

	// Output:
	// moving pictures…, 1000 bytes
}

func receivedFile() (r io.Reader, size int64, fingerprint int32, m document) {
	k := secretchat.NewFileKey()
	m.size = 1000
	m.key, m.iv = k.Bytes()
	return k.EncryptReader(video(1000)), secretchat.EncryptedSize(1000), k.Fingerprint(), m
}

// Downloaders that write, such as the one of github.com/gotd/td.
func ExampleFileKey_DecryptWriter() {
	encrypted, _, fingerprint, message := receivedFile()
	k, err := secretchat.ParseFileKey(message.key, message.iv, fingerprint)
	if err != nil {
		log.Fatal(err)
	}
	defer k.Wipe()

	var file bytes.Buffer
	w := k.DecryptWriter(&file, message.size)
	if _, err := io.Copy(w, encrypted); err != nil { // the downloader does this
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err) // incomplete: do not keep the file
	}
	fmt.Println(file.Len(), "bytes")

	// Output:
	// 1000 bytes
}

// Uploaders that read, such as the one of github.com/gotd/td, and that want to know how
// much there will be.
func ExampleFileKey_EncryptReader() {
	const size = 1001
	k := secretchat.NewFileKey()
	defer k.Wipe()

	encrypted, err := io.ReadAll(k.EncryptReader(video(size))) // the uploader does this
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(encrypted), "bytes, as", secretchat.EncryptedSize(size), "announced")

	// Output:
	// 1008 bytes, as 1008 announced
}

// Keep an encrypted copy of a file, to be uploaded later.
func ExampleFileKey_Encrypter() {
	k := secretchat.NewFileKey()
	defer k.Wipe()

	var file bytes.Buffer
	w := k.Encrypter(&file)
	size, err := io.Copy(w, video(1001))
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil { // pads, and writes the end
		log.Fatal(err)
	}
	fmt.Println(size, "bytes became", file.Len())

	// Output:
	// 1001 bytes became 1008
}

// Show how far a transfer is, and let the user compare what has arrived.
func ExampleWithProgress() {
	const size = 300_000
	k := secretchat.NewFileKey()
	defer k.Wipe()

	var sum [32]byte
	r := k.EncryptReader(video(size),
		secretchat.WithProgress(func(done int64) { fmt.Printf("%3d %%\n", 100*done/size) }),
		secretchat.WithSHA256(&sum))
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, make([]byte, 128<<10)); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x…\n", sum[:8])

	// Output:
	//  43 %
	//  87 %
	// 100 %
	// 902388583b09fc41…
}

// Go on with an upload that has failed: the same key, the same file, and the number of
// the part that the server did not confirm.
func ExampleWithFirstPart() {
	const size = 5_000
	server := &storage{}
	k := secretchat.NewFileKey()
	defer k.Wipe()

	upload := func(first, breakDownAt int) {
		for part, err := range k.Parts(video(size), size, secretchat.WithPartSize(1<<10), secretchat.WithFirstPart(first)) {
			if err != nil {
				log.Fatal(err)
			}
			if part.Index == breakDownAt {
				fmt.Println("no network for part", part.Index)
				return
			}
			if err := server.uploadSaveFilePart(1, part.Index, part.Bytes); err != nil {
				log.Fatal(err)
			}
		}
	}
	upload(0, 3)
	upload(len(server.parts), -1)

	file, err := io.ReadAll(k.Decrypter(server.download(), size))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s…, %d bytes\n", file[:15], len(file))

	// Output:
	// no network for part 3
	// moving pictures…, 5000 bytes
}
