package authkey_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/mtcore/mtcore/authkey"
)

// serverKey reads a server's key from a file.
func serverKey() *authkey.PrivateKey {
	text, err := os.ReadFile("testdata/server.pem")
	if err != nil {
		log.Fatal(err)
	}
	key, err := authkey.ParsePrivateKey(text)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

// exchange has a client and a server agree on a key, without a network in between.
func exchange(opt authkey.ClientOptions, key *authkey.PrivateKey) *authkey.Result {
	client := authkey.NewClient(opt)
	defer client.Wipe()
	server := authkey.NewServer(authkey.ServerOptions{Key: key, DC: opt.DC})
	defer server.Wipe()
	message := client.Start()
	for message != nil {
		answer, err := server.Step(context.Background(), message)
		if err != nil {
			log.Fatal(err) // close the connection
		}
		if message, err = client.Step(context.Background(), answer); err != nil {
			log.Fatal(err) // likewise
		}
	}
	result, err := client.Result()
	if err != nil {
		log.Fatal(err)
	}
	return result
}

// To connect to one of Telegram's servers, set Keys to TelegramKeys().
func Example() {
	key := serverKey()
	result := exchange(authkey.ClientOptions{Keys: []*authkey.PublicKey{key.PublicKey()}, DC: 2}, key)
	defer result.Wipe()
	fmt.Println(len(result.AuthKey), "bytes, for ever:", result.ExpiresAt.IsZero())
	// Output: 256 bytes, for ever: true
}

// A server takes what several clients have sent in one go. Here they all are at the same step, but
// that is not necessary.
func ExampleStepBatch() {
	key := serverKey()
	clients, messages := make([]*authkey.Client, 8), make([][]byte, 8)
	jobs := make([]authkey.StepJob, 8)
	for i := range jobs { // for each new connection
		clients[i] = authkey.NewClient(authkey.ClientOptions{Keys: []*authkey.PublicKey{key.PublicKey()}, DC: 2})
		messages[i] = clients[i].Start()
		jobs[i].Server = authkey.NewServer(authkey.ServerOptions{Key: key, DC: 2})
	}
	for range 3 {
		for i := range jobs {
			jobs[i].Message = messages[i]
		}
		authkey.StepBatch(context.Background(), jobs)
		for i := range jobs {
			if jobs[i].Err != nil {
				log.Fatal(jobs[i].Err) // close this connection
			}
			var err error
			if messages[i], err = clients[i].Step(context.Background(), jobs[i].Reply); err != nil {
				log.Fatal(err)
			}
		}
	}
	for i, j := range jobs {
		a, _ := clients[i].Result()
		b, err := j.Server.Result()
		fmt.Print(err == nil && *a == *b, " ")
	}
	// Output: true true true true true true true true
}

func ExampleBind() {
	key := serverKey()
	opt := authkey.ClientOptions{Keys: []*authkey.PublicKey{key.PublicKey()}, DC: 2}
	permanent := exchange(opt, key)
	opt.ExpiresIn = 24 * time.Hour
	temporary := exchange(opt, key)

	binding := authkey.Binding{
		SessionID: 123,                     // the session in which the request is sent
		MsgID:     time.Now().Unix() << 32, // the message in which it is sent
		ExpiresAt: temporary.ExpiresAt,
	}
	encryptedMessage, err := authkey.Bind(&permanent.AuthKey, &temporary.AuthKey, &binding)
	if err != nil {
		log.Fatal(err)
	}
	// The request carries binding.Nonce and encryptedMessage. The server checks them:
	err = authkey.OpenBind(&permanent.AuthKey, &temporary.AuthKey, &binding, encryptedMessage)
	fmt.Println(len(encryptedMessage), "bytes:", err)
	// Output: 104 bytes: <nil>
}

func ExampleFactorPQ() {
	p, q, err := authkey.FactorPQ(context.Background(), []byte{0x17, 0xed, 0x48, 0x94, 0x1a, 0x08, 0xf9, 0x81})
	fmt.Println(p, q, err)
	// Output: 1229739323 1402015859 <nil>
}
