package authkey

import (
	"crypto/sha1"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
)

// record returns the states that both sides of an exchange go through, before each of
// their steps, the server's exponent, and the messages that they take then.
func record(f testing.TB) (clients []Client, servers []Server, private [bigdh.Size]byte, messages [][]byte) {
	c, s := testClient(temporary), testServer()
	run(f, c, s, func(n int, message []byte) []byte {
		if n%2 == 0 {
			servers = append(servers, *s)
			if s.private != nil {
				private = s.private.Bytes()
			}
		} else {
			clients = append(clients, *c)
		}
		messages = append(messages, message)
		return message
	})
	if len(clients) != 3 || len(servers) != 3 {
		f.Fatalf("%d steps of a client, %d of a server, want 3 and 3", len(clients), len(servers))
	}
	return clients, servers, private, messages
}

// FuzzClient gives a client arbitrary bytes at each step: as they are, or encrypted as the
// server would.
func FuzzClient(f *testing.F) {
	clients, _, _, messages := record(f)
	for i := range clients {
		f.Add(uint8(i), false, messages[2*i+1])
	}
	x := clients[1].x
	inside := func(message []byte) []byte {
		m, err := tl.ParseServerDHParams(message)
		if err != nil {
			f.Fatal(err)
		}
		plaintext, err := x.openInner(m.Data)
		if err != nil {
			f.Fatal(err)
		}
		return plaintext[sha1.Size:]
	}
	f.Add(uint8(1), true, inside(append([]byte(nil), messages[3]...)))
	f.Fuzz(func(t *testing.T, step uint8, encrypt bool, data []byte) {
		if len(data) > 4096 {
			return
		}
		c := clients[step%3]
		message := data
		if encrypt {
			m := tl.Encrypted{Nonce: c.x.nonce, ServerNonce: c.x.serverNonce}
			m.Data = c.x.sealInner(append(make([]byte, sha1.Size, sha1.Size+len(data)+maxInnerPadding), data...))
			message = m.AppendServerDHParams(nil)
		}
		reply, err := c.Step(t.Context(), message)
		if err != nil {
			if err != ErrPeer && err != ErrKey || reply != nil {
				t.Errorf("reply %x, error %v", reply, err)
			}
			checkEnded(t, &c, nil, err, nil, err)
			return
		}
		_, err = c.Result()
		if done := step%3 == 2 && reply == nil; done != (err == nil) {
			t.Errorf("step %d, reply %x, and Result says %v", step%3, reply, err)
		}
	})
}

// FuzzServer gives a server arbitrary bytes at each step: as they are, or encrypted as the
// client would.
func FuzzServer(f *testing.F) {
	_, servers, private, messages := record(f)
	for i := range servers {
		f.Add(uint8(i), false, messages[2*i])
	}
	m, err := tl.ParseReqDHParams(messages[2])
	if err != nil {
		f.Fatal(err)
	}
	var padded [paddedSize]byte
	if err := serverKey().openRSAPad(&padded, m.EncryptedData); err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(1), true, padded[:maxRSAPadData])
	f.Fuzz(func(t *testing.T, step uint8, encrypt bool, data []byte) {
		if len(data) > 4096 {
			return
		}
		s := servers[step%3]
		var err error
		if s.private != nil {
			// The server gets a private key of its own, since it may wipe it.
			if s.private, err = s.opt.Group.NewPrivateKey(private[:]); err != nil {
				t.Fatal(err)
			}
		}
		message := data
		switch {
		case encrypt && step%3 == 1:
			var encrypted [rsaSize]byte
			serverKey().PublicKey().rsaPad(&encrypted, data[:min(len(data), maxRSAPadData)])
			m := tl.ReqDHParams{
				Nonce: s.x.nonce, ServerNonce: s.x.serverNonce, P: minimal(nil, s.p), Q: minimal(nil, s.q),
				Fingerprint: serverKey().Fingerprint(), EncryptedData: encrypted[:],
			}
			message = m.Append(nil)
		case encrypt && step%3 == 2:
			m := tl.Encrypted{Nonce: s.x.nonce, ServerNonce: s.x.serverNonce}
			m.Data = s.x.sealInner(append(make([]byte, sha1.Size, sha1.Size+len(data)+maxInnerPadding), data...))
			message = m.AppendSetClientDHParams(nil)
		}
		reply, err := s.Step(t.Context(), message)
		if err != nil {
			if err != ErrPeer || reply != nil {
				t.Errorf("reply %x, error %v", reply, err)
			}
			checkEnded(t, nil, &s, nil, err, err)
			return
		}
		if reply == nil {
			t.Errorf("no reply at step %d", step%3)
		}
		if _, err := s.Result(); (step%3 == 2) != (err == nil) {
			t.Errorf("step %d, and Result says %v", step%3, err)
		}
	})
}

// FuzzParsePublicKey parses arbitrary bytes as a key.
func FuzzParsePublicKey(f *testing.F) {
	f.Add([]byte(telegramPEM))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := ParsePublicKey(text)
		if (k == nil) == (err == nil) {
			t.Errorf("key %v, error %v", k, err)
		}
	})
}
