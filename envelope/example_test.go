package envelope_test

import (
	"encoding/binary"
	"fmt"
	"log"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/kdf"
)

// exampleAuthKey stands for the result of a Diffie–Hellman exchange.
var exampleAuthKey = kdf.AuthKey([]byte(fmt.Sprintf("%-256s", "the authorization key")))

func Example() {
	key := envelope.NewKey(&exampleAuthKey)

	// The one who asked for the secret chat sends. In a chat, the body is a TL object.
	body := []byte("a message of 24 bytes...")
	plaintext := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	plaintext = append(plaintext, body...)
	packet, err := key.Seal(nil, kdf.Client, plaintext, envelope.PadBuckets)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d bytes for key %x\n", len(packet), packet[:8])

	// The other one receives, in place.
	padded, err := key.Open(packet[:0], kdf.Client, packet)
	if err != nil {
		log.Fatal(err)
	}
	body, err = envelope.SecretChat.Body(envelope.V2, padded)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", body)

	// Output:
	// 88 bytes for key ea055370674f433f
	// a message of 24 bytes...
}

func ExampleOpen() {
	// A packet that somebody has changed: there is one error, whatever it was.
	packet, err := envelope.Seal(nil, &exampleAuthKey, kdf.Server, make([]byte, 100), envelope.PadRandom)
	if err != nil {
		log.Fatal(err)
	}
	packet[50] ^= 1

	padded, err := envelope.Open(nil, &exampleAuthKey, kdf.Server, packet)
	fmt.Println(padded, err)

	// Output:
	// [] envelope: message cannot be decrypted
}

func ExampleOpenBatch() {
	// What a server finds in its sockets: two messages, and something else.
	key := envelope.NewKey(&exampleAuthKey)
	jobs := []envelope.Job{
		{Key: key, Side: kdf.Client, Src: []byte("the first message")},
		{Key: key, Side: kdf.Client, Src: []byte("noise")},
		{Key: key, Side: kdf.Client, Src: []byte("the third message")},
	}
	if err := envelope.SealBatch(jobs); err != nil {
		log.Fatal(err)
	}
	for i := range jobs {
		packet := jobs[i].Dst
		jobs[i].Dst, jobs[i].Src = packet[:0], packet
	}
	jobs[1].Src[12] ^= 1

	if err := envelope.OpenBatch(jobs); err != nil {
		fmt.Println("at least one of them:", err)
	}
	for i, j := range jobs {
		if j.Err != nil {
			fmt.Printf("%d: %v\n", i, j.Err)
			continue
		}
		fmt.Printf("%d: %s\n", i, j.Dst[:len("the first message")])
	}

	// Output:
	// at least one of them: envelope: message cannot be decrypted
	// 0: the first message
	// 1: envelope: message cannot be decrypted
	// 2: the third message
}

func ExampleSealV1() {
	// To bind a temporary key, auth.bindTempAuthKey wants a message of MTProto 1.0 under
	// the permanent key: random(16) || msg_id(8) || 0(4) || 40(4) || inner(40).
	inner := make([]byte, 40) // bind_auth_key_inner#75a3f765
	plaintext := make([]byte, 32, 72)
	binary.LittleEndian.PutUint32(plaintext[28:], uint32(len(inner)))
	plaintext = append(plaintext, inner...)

	message, err := envelope.SealV1(nil, &exampleAuthKey, kdf.Client, plaintext)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(message), "bytes")

	// Output:
	// 104 bytes
}
