// Login shows what happens between a client and a server before anything else: they agree
// on an authorization key and bind a temporary one to it, and the server learns that the
// client knows a password, without learning the password. Both sides run in one process.
// The code is meant to be read, starting at main.
//
//	go run github.com/mtcore/mtcore/examples/login
//
// A real client also has a connection, on which these messages travel, unencrypted at
// first, and a TL library for requests such as auth.bindTempAuthKey.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/mtcore/mtcore/authkey"
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/srp"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// dc is the number of the data center, on which client and server have to agree.
const dc = 2

// run tells the story on out.
func run(ctx context.Context, out io.Writer) error {
	// A server has its own key. Clients know the public keys of Telegram's servers:
	// authkey.TelegramKeys.
	serverKey, err := newServerKey()
	if err != nil {
		return err
	}

	fmt.Fprintln(out, "A permanent key, for as long as the client is logged in:")
	permanent, err := exchange(ctx, out, serverKey, 0)
	if err != nil {
		return err
	}
	defer permanent.Wipe()

	fmt.Fprintln(out, "A temporary key, with which all messages are encrypted for a day:")
	temporary, err := exchange(ctx, out, serverKey, 24*time.Hour)
	if err != nil {
		return err
	}
	defer temporary.Wipe()

	if err := bind(permanent, temporary); err != nil {
		return err
	}
	fmt.Fprintln(out, "The server knows that both are of one client.")

	if err := talk(&temporary.AuthKey); err != nil {
		return err
	}
	fmt.Fprintln(out, "The first encrypted message has arrived.")

	return checkPassword(ctx, out)
}

// newServerKey generates an RSA key. It is read from PEM like one from a file.
func newServerKey() (*authkey.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return authkey.ParsePrivateKey(pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key),
	}))
}

// exchange makes both sides agree on a key, which is temporary if expiresIn is above zero.
// The server would be another program: each of these messages is sent over the network.
func exchange(ctx context.Context, out io.Writer, key *authkey.PrivateKey, expiresIn time.Duration) (*authkey.Result, error) {
	client := authkey.NewClient(authkey.ClientOptions{
		Keys:      []*authkey.PublicKey{key.PublicKey()},
		DC:        dc,
		ExpiresIn: expiresIn,
	})
	defer client.Wipe()
	server := authkey.NewServer(authkey.ServerOptions{
		Key: key,
		DC:  dc,
		// A server has a table of keys, in which an id must not occur twice.
		Exists: func(id [8]byte) bool { return false },
	})
	defer server.Wipe()

	message := client.Start()
	for message != nil {
		fmt.Fprintf(out, "  client → server: %d bytes\n", len(message))
		answer, err := server.Step(ctx, message)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "  server → client: %d bytes\n", len(answer))
		if message, err = client.Step(ctx, answer); err != nil {
			return nil, err
		}
	}

	result, err := client.Result()
	if err != nil {
		return nil, err
	}
	stored, err := server.Result()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(out, "  both have the same key:", result.AuthKey == stored.AuthKey)
	return result, nil
}

// bind sends auth.bindTempAuthKey from the client, and lets the server check it.
func bind(permanent, temporary *authkey.Result) error {
	binding := authkey.Binding{
		SessionID: 1,                       // the session that uses the temporary key
		MsgID:     time.Now().Unix() << 32, // the message with the request
		ExpiresAt: temporary.ExpiresAt,
	}
	encryptedMessage, err := authkey.Bind(&permanent.AuthKey, &temporary.AuthKey, &binding)
	if err != nil {
		return err
	}
	// The request carries perm_auth_key_id, nonce, expires_at and encrypted_message. The
	// server takes the rest of the binding from the message that contains the request.
	return authkey.OpenBind(&permanent.AuthKey, &temporary.AuthKey, &binding, encryptedMessage)
}

// talk sends a message from the client to the server, using package envelope.
func talk(key *kdf.AuthKey) error {
	// salt || session_id || msg_id || seq_no || length || body
	plaintext := make([]byte, 32, 36)
	plaintext[28] = 4
	plaintext = append(plaintext, "ping"...)
	packet, err := envelope.Seal(nil, key, kdf.Client, plaintext, envelope.PadRandom)
	if err != nil {
		return err
	}
	padded, err := envelope.Open(nil, key, kdf.Client, packet)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(padded, plaintext) {
		return errors.New("another message has arrived")
	}
	return nil
}

// checkPassword sets a password and tries two.
func checkPassword(ctx context.Context, out io.Writer) error {
	group, err := bigdh.Telegram(3)
	if err != nil {
		return err
	}
	// The server sends a group and two salts in account.password.
	params := &srp.Params{Group: group, Salt1: []byte("8 bytes!"), Salt2: []byte("and these are 16")}
	verifier, salt1, err := srp.NewVerifier(ctx, params, []byte("correct horse"))
	if err != nil {
		return err
	}
	// The server stores the verifier and both salts, and has never seen the password.
	params.Salt1 = salt1

	for _, typed := range []string{"correct hors", "correct horse"} {
		server, err := srp.NewServer(params, &verifier)
		if err != nil {
			return err
		}
		b := server.B() // sent as srp_B; A and M1 come back in inputCheckPasswordSRP
		a, m1, err := srp.Check(ctx, params, []byte(typed), b[:])
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "The password %q is right: %v\n", typed, server.Verify(a[:], m1[:]))
	}
	return nil
}
