package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/crypto"
	"github.com/gotd/td/crypto/srp"
	"github.com/gotd/td/exchange"
	"github.com/gotd/td/session"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/transport"
)

// client is a connected client.
type client struct {
	*telegram.Client
	address string
	key     exchange.PublicKey
	ciphers map[int]*ciphers
	login   passwordCheck
}

// connect connects to a server. Then it answers each line, which has an operation and a number of
// times, with the nanoseconds of CPU time and the allocations that it took.
func connect(address, key string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	der, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return err
	}
	public, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		return err
	}
	c := client{address: address, key: exchange.PublicKey{RSA: public}, ciphers: make(map[int]*ciphers)}
	if c.login, err = newPasswordCheck(); err != nil {
		return err
	}
	c.Client = telegram.NewClient(1, "hash", telegram.Options{
		PublicKeys:     []exchange.PublicKey{c.key},
		DC:             dc,
		DCList:         list(net.TCPAddrFromAddrPort(at)),
		Resolver:       dcs.Plain(dcs.PlainOptions{Protocol: transport.Intermediate}),
		SessionStorage: &session.StorageMemory{},
		NoUpdates:      true,
	})
	return c.Run(context.Background(), func(ctx context.Context) error {
		fmt.Println("connected")
		return answer(func(line string) (string, error) { return c.count(ctx, line) })
	})
}

// count does what the line says and returns its cost.
func (c *client) count(ctx context.Context, line string) (string, error) {
	var name string
	var size, n int
	if _, err := fmt.Sscan(line, &name, &size, &n); err != nil {
		return "", fmt.Errorf("%q: %w", line, err)
	}
	operation, err := c.operation(name, size)
	if err != nil {
		return "", err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, err := cpuTime()
	if err != nil {
		return "", err
	}
	for range n {
		if err := operation(ctx); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	end, err := cpuTime()
	runtime.ReadMemStats(&after)
	return fmt.Sprint(end-start, after.Mallocs-before.Mallocs), err
}

func (c *client) operation(name string, size int) (func(context.Context) error, error) {
	switch name {
	case "exchange":
		return c.exchange, nil
	case "call":
		return c.call, nil
	case "upload":
		return c.upload, nil
	case "download":
		return c.download, nil
	case "password":
		return c.login.run, nil
	case "encrypt", "decrypt":
		if c.ciphers[size] == nil {
			made, err := newCiphers(size)
			if err != nil {
				return nil, err
			}
			c.ciphers[size] = made
		}
		if name == "encrypt" {
			return c.ciphers[size].encrypt, nil
		}
		return c.ciphers[size].decrypt, nil
	}
	return nil, fmt.Errorf("no operation %q", name)
}

// exchange is what happens on each connection that has no key yet.
func (c *client) exchange(ctx context.Context) error {
	raw, err := net.Dial("tcp4", c.address)
	if err != nil {
		return err
	}
	conn, err := transport.Intermediate.Handshake(raw)
	if err != nil {
		return errors.Join(err, raw.Close())
	}
	_, err = exchange.NewExchanger(conn, dc).WithRand(rand.Reader).Client([]exchange.PublicKey{c.key}).Run(ctx)
	return errors.Join(err, conn.Close())
}

func (c *client) call(ctx context.Context) error {
	users, err := c.API().UsersGetUsers(ctx, []tg.InputUserClass{&tg.InputUserSelf{}})
	if err == nil && len(users) != 1 {
		err = fmt.Errorf("%d users, want 1", len(users))
	}
	return err
}

func (c *client) upload(ctx context.Context) error {
	ok, err := c.API().UploadSaveBigFilePart(ctx, &tg.UploadSaveBigFilePartRequest{FileID: 1, FileTotalParts: 1, Bytes: part})
	if err == nil && !ok {
		err = errors.New("the server got something else")
	}
	return err
}

func (c *client) download(ctx context.Context) error {
	got, err := c.API().UploadGetFile(ctx, &tg.UploadGetFileRequest{Location: &tg.InputDocumentFileLocation{}, Limit: len(part)})
	if err != nil {
		return err
	}
	if f, ok := got.(*tg.UploadFile); !ok || !bytes.Equal(f.Bytes, part) {
		return fmt.Errorf("got %T with something else", got)
	}
	return nil
}

// ciphers are gotd/td's ciphers on their own, with messages of one size.
type ciphers struct {
	client  crypto.Cipher
	key     crypto.AuthKey
	message crypto.EncryptedMessageData
	out     bin.Buffer
	packet  []byte
}

func newCiphers(size int) (*ciphers, error) {
	var key crypto.Key
	rand.Read(key[:])
	c := &ciphers{client: crypto.NewClientCipher(crypto.DefaultRand()), key: key.WithID()}
	// A message has 32 bytes before the data.
	data := make([]byte, max(size-32, 0))
	rand.Read(data)
	c.message = crypto.EncryptedMessageData{MessageDataLen: int32(len(data)), MessageDataWithPadding: data}
	var b bin.Buffer
	if err := crypto.NewServerCipher(crypto.DefaultRand()).Encrypt(c.key, c.message, &b); err != nil {
		return nil, err
	}
	c.packet = b.Copy()
	got, err := c.client.DecryptFromBuffer(c.key, &bin.Buffer{Buf: c.packet})
	if err == nil && !bytes.Equal(got.Data(), data) {
		err = errors.New("a message is not what it was")
	}
	return c, err
}

func (c *ciphers) encrypt(context.Context) error {
	return c.client.Encrypt(c.key, c.message, &c.out)
}

func (c *ciphers) decrypt(context.Context) error {
	_, err := c.client.DecryptFromBuffer(c.key, &bin.Buffer{Buf: c.packet})
	return err
}

// telegramPrime is the prime of Telegram's servers.
const telegramPrime = "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F" +
	"48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543AED44CCE7C37" +
	"20FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64" +
	"2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4" +
	"A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754" +
	"FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4" +
	"E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F" +
	"0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B"

// passwordCheck is the client's part of two-step verification.
type passwordCheck struct {
	password, srpB, random []byte
	input                  srp.Input
}

func newPasswordCheck() (passwordCheck, error) {
	prime, err := hex.DecodeString(telegramPrime)
	if err != nil {
		return passwordCheck{}, err
	}
	p := passwordCheck{
		password: []byte("correct horse battery staple"),
		srpB:     make([]byte, 256),
		random:   make([]byte, 256),
		input:    srp.Input{Salt1: make([]byte, 32), Salt2: make([]byte, 16), G: 3, P: prime},
	}
	rand.Read(p.random)
	rand.Read(p.srpB[1:]) // below the prime
	return p, nil
}

func (p passwordCheck) run(context.Context) error {
	answer, err := srp.NewSRP(rand.Reader).Hash(p.password, p.srpB, p.random, p.input)
	if err == nil && len(answer.M1) != 32 {
		err = fmt.Errorf("a proof of %d bytes", len(answer.M1))
	}
	return err
}
