package bigdh_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/big"
	"time"

	"github.com/mtcore/mtcore/bigdh"
)

func Example() {
	// Both sides use Telegram's prime, and the generator that the server names.
	group, err := bigdh.Telegram(3)
	if err != nil {
		log.Fatal(err)
	}
	alice, err := group.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	bob, err := group.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}

	// What they send each other; 256 bytes, always.
	gA, gB := alice.PublicKey().Bytes(), bob.PublicKey().Bytes()

	// What each does with what came.
	secret := func(own *bigdh.PrivateKey, received []byte) (key [bigdh.Size]byte) {
		peer, err := group.NewPublicKey(received)
		if err != nil {
			log.Fatal(err) // refuse the chat
		}
		if err := own.DH(&key, peer); err != nil {
			log.Fatal(err)
		}
		own.Wipe()
		return key
	}
	fmt.Println(secret(alice, gB[:]) == secret(bob, gA[:]))

	// Output:
	// true
}

func ExampleNewGroup() {
	group, err := bigdh.Telegram(3)
	if err != nil {
		log.Fatal(err)
	}
	p := group.Prime() // as a server has sent it, with g

	_, err = bigdh.NewGroup(p[:], 3)
	fmt.Println(err)
	_, err = bigdh.NewGroup(p[:], 2) // not a square modulo p
	fmt.Println(err)
	p[100] ^= 1
	_, err = bigdh.NewGroup(p[:], 3)
	fmt.Println(err)

	// Output:
	// <nil>
	// bigdh: generator does not fit the prime
	// bigdh: not a safe prime of 2048 bits
}

func ExampleNewGroupContext() {
	// The check of an unknown prime takes tens of milliseconds on a fast machine, and
	// a second on a slow one. Who cannot wait that long may not use the prime.
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	p := new(big.Int).Lsh(big.NewInt(1), 2048)
	p.Sub(p, big.NewInt(1942289)) // a safe prime too
	_, err := bigdh.NewGroupContext(ctx, p.Bytes(), 4)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))

	// Output:
	// true
}

func ExampleGroup_NewPublicKey() {
	group, err := bigdh.Telegram(3)
	if err != nil {
		log.Fatal(err)
	}
	// The shared secret would be 1.
	_, err = group.NewPublicKey([]byte{1})
	fmt.Println(err)

	// Output:
	// bigdh: public value out of range
}

func ExampleGroup_ExpBytes() {
	// A client's part of SRP, which checks a password: t^(a + u·x), with an exponent
	// that is longer than the prime and not reduced.
	group, err := bigdh.Telegram(3)
	if err != nil {
		log.Fatal(err)
	}
	base := [bigdh.Size]byte{bigdh.Size - 1: 3}
	exponent := make([]byte, 288)
	exponent[287] = 5
	var s [bigdh.Size]byte
	if err := group.ExpBytes(&s, &base, exponent); err != nil {
		log.Fatal(err)
	}
	fmt.Println(new(big.Int).SetBytes(s[:]))

	// Output:
	// 243
}

// Arithmetic modulo a number of one's own, such as an RSA key's.
func ExampleModulus() {
	n := make([]byte, bigdh.Size) // 2^2048 - 1, of a key that nobody should use
	for i := range n {
		n[i] = 0xff
	}
	m, err := bigdh.NewModulus(n)
	if err != nil {
		log.Fatal(err)
	}
	x := &[bigdh.Size]byte{bigdh.Size - 1: 3}
	var cube, difference [bigdh.Size]byte
	m.ExpVarTime(&cube, x, 3)
	m.Sub(&difference, x, x)
	m.Sub(&difference, &difference, &[bigdh.Size]byte{bigdh.Size - 1: 1})
	fmt.Println(cube[bigdh.Size-1])
	fmt.Printf("%x\n", difference[bigdh.Size-2:])
	// Output:
	// 27
	// fffe
}
