package ige_test

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/mtcore/mtcore/ige"
)

// The keys and ivs of the examples. MTProto derives new ones for every message
// from a shared key and the message's hash; package kdf does that.
var (
	exampleKey = [ige.KeySize]byte([]byte("the key, which is 32 bytes long."))
	exampleIV  = [ige.IVSize]byte([]byte("the iv, which is also that long."))
)

func ExampleMessage() {
	padded := []byte("MTProto pads its messages to whole blocks of 16.")
	packet := make([]byte, len(padded))

	m := ige.Message{Key: exampleKey, IV: exampleIV, Dst: packet, Src: padded}
	m.Encrypt()
	m.Wipe()
	fmt.Printf("%x\n", packet)

	// On the other side. Decrypting in place is fine.
	m = ige.Message{Key: exampleKey, IV: exampleIV, Dst: packet, Src: packet}
	if err := m.Decrypt(); err != nil {
		log.Fatal(err)
	}
	m.Wipe()
	// Trust it only after a look at the hash that came with it, the msg_key.
	fmt.Printf("%s\n", packet)

	// Output:
	// 9a9a38bd3be21c5e119e95048ec763b4016fcd3b040c62507211705ee93374ab82e8252689b5f7cc422c3901f527a144
	// MTProto pads its messages to whole blocks of 16.
}

func ExampleDecryptBatch() {
	// What a server finds in the sockets of three clients, each with its own key.
	packets := []string{
		"ed9b9238cd659ded1b54bae01ec6f01d",
		"7468697320697320616e20617474656d7074", // cannot be IGE: 18 bytes
		"3dc9694109117bab565d83c4b56ce4265fcf24f9eab535acc18a0a522a0c8d2a",
	}
	ms := make([]ige.Message, len(packets))
	for i, packet := range packets {
		src, err := hex.DecodeString(packet)
		if err != nil {
			log.Fatal(err)
		}
		ms[i] = ige.Message{Key: exampleKey, IV: exampleIV, Dst: src, Src: src}
		ms[i].Key[0] = byte(i)
	}

	if err := ige.DecryptBatch(ms); err != nil {
		fmt.Println("at least one of them:", err)
	}
	for i := range ms {
		if ms[i].Err != nil {
			fmt.Printf("client %d: %v\n", i, ms[i].Err)
			continue
		}
		fmt.Printf("client %d: %s\n", i, ms[i].Dst)
	}

	// Output:
	// at least one of them: ige: input is not a whole number of blocks
	// client 0: hello from zero!
	// client 1: ige: input is not a whole number of blocks
	// client 2: the third one is somewhat longer
}

func ExampleEncryptBatch() {
	// One text for three recipients, under the key of each.
	text := []byte("a message to all of the members.")
	ms := make([]ige.Message, 3)
	for i := range ms {
		ms[i] = ige.Message{Key: exampleKey, IV: exampleIV, Dst: make([]byte, len(text)), Src: text}
		ms[i].Key[0] = byte(i)
	}

	ige.EncryptBatch(ms)

	for i := range ms {
		fmt.Printf("%x\n", ms[i].Dst)
	}

	// Output:
	// 64b7efff7282f983157e128ecd7cba141fe2cccd631ba7a70f19d232ccbba6c2
	// 79310d84b096cc8b2317bf2d1897ff64651b3304928dcd3d2ac25ae3dbfd5b77
	// b440fe38d53f7fa893ac9a78d20e73a7d2ef0f34248d7c5cc144d750a80c5113
}

// For several cores, each gets a batch: the package starts no goroutines of its own.
// Sixteen messages keep a core busy.
func ExampleEncryptBatch_parallel() {
	ms := make([]ige.Message, 100)
	for i := range ms {
		packet := bytes.Repeat([]byte{byte(i)}, 4096)
		ms[i] = ige.Message{Key: exampleKey, IV: exampleIV, Dst: packet, Src: packet}
	}

	share := max(16, (len(ms)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for part := range slices.Chunk(ms, share) {
		wg.Go(func() { ige.EncryptBatch(part) })
	}
	wg.Wait()
	fmt.Printf("%x\n", ms[0].Dst[:16])
	fmt.Printf("%x\n", ms[99].Dst[:16])

	// Output:
	// e151df88121499abf75eb92a74472a26
	// 6d3e58f6ed991e5a4c252590ea0e4127
}

func ExampleNewEncrypter() {
	// A file is sent in parts, each of which continues the one before it.
	parts := []string{"the first part, ", "which goes on in", " the second one."}

	c, err := ige.NewCipher(exampleKey[:])
	if err != nil {
		log.Fatal(err)
	}
	defer c.Wipe()
	enc, dec := ige.NewEncrypter(c, &exampleIV), ige.NewDecrypter(c, &exampleIV)
	for _, part := range parts {
		buf := []byte(part)
		enc.CryptBlocks(buf, buf)
		fmt.Printf("%x ", buf)
		dec.CryptBlocks(buf, buf)
		fmt.Printf("%q\n", buf)
	}

	// Output:
	// b2affdf2a63ea88794ece1854bacd204 "the first part, "
	// 33bf34f7a5cde5a8e3e0627020115b41 "which goes on in"
	// 70f3c7e5142f9636c479f686a02714fb " the second one."
}

func ExampleWriter() {
	// Any io.Reader is read to its end; the file to write to is a buffer here.
	// What is encrypted must be padded to whole blocks, and the true length kept
	// elsewhere.
	photo := strings.NewReader(strings.Repeat("pixels, ", 10_000))
	var file bytes.Buffer

	c, err := ige.NewCipher(exampleKey[:])
	if err != nil {
		log.Fatal(err)
	}
	defer c.Wipe()
	w := ige.NewWriter(&file, ige.NewEncrypter(c, &exampleIV))
	if _, err := io.Copy(w, photo); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil { // such as ErrPartialBlock
		log.Fatal(err)
	}
	fmt.Printf("%d bytes: %x…\n", file.Len(), file.Bytes()[:16])

	r := ige.NewReader(&file, ige.NewDecrypter(c, &exampleIV))
	decrypted, err := io.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d bytes: %s…\n", len(decrypted), decrypted[:16])

	// Output:
	// 80000 bytes: 73ffbf4da8d6c63a6f7825b52ce9993d…
	// 80000 bytes: pixels, pixels, …
}

func ExampleEncryptBlocks() {
	// As with github.com/gotd/ige: a block of crypto/aes, and the iv stays as it
	// is.
	key, iv := exampleKey[:], exampleIV[:]
	block, err := aes.NewCipher(key)
	if err != nil {
		log.Fatal(err)
	}
	plaintext := []byte("two whole blocks of sixteen each")
	ciphertext := make([]byte, len(plaintext))
	ige.EncryptBlocks(block, iv, ciphertext, plaintext)
	fmt.Printf("%x\n", ciphertext)

	// With a key of 32 bytes there is no need for the block, and it is faster.
	ige.DecryptAES256Blocks(key, iv, ciphertext, ciphertext)
	fmt.Printf("%s\n", ciphertext)

	// Output:
	// ea0611d1a551ce015fa36b74e124f32c10060b712fb681bfd69dfd178c3fcfaa
	// two whole blocks of sixteen each
}
