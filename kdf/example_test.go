package kdf_test

import (
	"fmt"
	"image/png"
	"io"
	"log"

	"github.com/mtcore/mtcore/kdf"
)

// The key of the examples; a real one comes out of a Diffie–Hellman exchange.
var exampleKey = func() *kdf.AuthKey {
	k := new(kdf.AuthKey)
	for i := range k {
		k[i] = byte(i)
	}
	return k
}()

func ExampleAuthKey_Derive() {
	// A client encrypts a message: padded first, hashed, then encrypted by AES-256-IGE,
	// package ige, under a key of its own.
	padded := []byte("the message, and after it twelve random bytes or more: 64 in all")
	msgKey := exampleKey.MsgKey(kdf.Client, padded)

	var key, iv [32]byte
	exampleKey.Derive(&key, &iv, kdf.Client, &msgKey)
	fmt.Printf("auth_key_id %x\n", exampleKey.ID())
	fmt.Printf("msg_key     %x\n", msgKey)
	fmt.Printf("key         %x\n", key)
	fmt.Printf("iv          %x\n", iv)

	// Output:
	// auth_key_id 32d1586ea457dfc8
	// msg_key     026809e1fc15565a23d806474790493a
	// key         d116afe3f76232c713c20debc52a3212f1d2ca7138b7a51539b871924a824215
	// iv          80e9cd1da65db2dccbeb709f92a8790a0d6c9e3f7cced885a857f848c9a96243
}

func ExampleAuthKey_Verify() {
	// The server has decrypted a message of the client's.
	padded := []byte("the message, and after it twelve random bytes or more: 64 in all")
	msgKey := exampleKey.MsgKey(kdf.Client, padded) // which came with the message
	fmt.Println(exampleKey.Verify(kdf.Client, &msgKey, padded))

	// Nothing may be done with a plaintext that fails.
	padded[0] ^= 1
	fmt.Println(exampleKey.Verify(kdf.Client, &msgKey, padded))

	// Output:
	// true
	// false
}

func ExampleDeriveBatch() {
	// What a server does for the messages that it is about to send.
	jobs := make([]kdf.Job, 3)
	for i := range jobs {
		jobs[i] = kdf.Job{AuthKey: exampleKey, Side: kdf.Server, Padded: make([]byte, 32*(i+1))}
	}
	kdf.MsgKeyBatch(jobs)
	kdf.DeriveBatch(jobs)
	for i := range jobs {
		fmt.Printf("%x %x… %x…\n", jobs[i].MsgKey, jobs[i].Key[:8], jobs[i].IV[:8])
	}

	// Output:
	// da7149d9b52827b3e1d50b9b15adc66e 089085ff8043367f… fd82a2d8cb2dfde1…
	// 25ce17bd9592abbd303a89dcaaebd6f7 e67c5eea8146068c… 705835151e8b54f7…
	// f47ced6cf9145b78a07f42f1fc103860 3f8dff8f6f2c9779… 9e496213976c855a…
}

func ExampleVisualizationHex() {
	// What the two people in a secret chat read to each other.
	v := kdf.Visualization(exampleKey, exampleKey)
	fmt.Println(kdf.VisualizationHex(v))

	// Output:
	// 49 16 D6 BD  B7 F7 8E 68
	// 03 69 8C AB  32 D1 58 6E
	// 40 AF F2 E9  D2 D8 92 2E
	// 47 AF D4 64  8E 69 67 49
}

func ExampleVisualizationImage() {
	v := kdf.Visualization(exampleKey, exampleKey)
	picture := kdf.VisualizationImage(v)
	if err := png.Encode(io.Discard, picture); err != nil { // a file, or a window
		log.Fatal(err)
	}
	for y := range 12 {
		for x := range 12 {
			fmt.Print(string(" .#+"[picture.ColorIndexAt(x, y)]))
		}
		fmt.Println("|")
	}

	// Output:
	// .# .#.. #..+|
	// .++#+.+#+.++|
	// #+ # ##.+   |
	// .##. + #+###|
	// # + . .+ #..|
	// #+#.   .++##|
	// # ++.##+# .+|
	//  #.+# .##+# |
	// +. .++## ..+|
	//  .#.#+ #.##.|
	// +.#..# .. +.|
	//  #.. #+.++..|
}

func ExampleFileFingerprint() {
	// The random key and iv of a file in a secret chat.
	var key, iv [32]byte
	copy(key[:], "32 random bytes, made for a file")
	copy(iv[:], "and 32 more, which nobody reused")
	fmt.Println(kdf.FileFingerprint(&key, &iv))

	// Output:
	// -1844593146
}
