package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"strconv"

	"github.com/gotd/td/exchange"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgtest"
	"github.com/gotd/td/tgtest/services/config"
	"github.com/gotd/td/transport"
)

// dc is the number of the server's data center.
const dc = 2

// part is a part of a file, of the maximum size. It does not compress, like pictures and videos: gotd/td tries to.
var part = func() []byte {
	b := make([]byte, 512<<10)
	mathrand.NewChaCha8([32]byte{1}).Read(b)
	return b
}()

// serve prints its address and its public key, and then answers every line with the nanoseconds of CPU
// time that it has used so far.
func serve() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handlers := tgtest.NewDispatcher()
	config.NewService(&tg.Config{DCOptions: options(listener.Addr().(*net.TCPAddr))}, &tg.CDNConfig{}).Register(handlers)
	handlers.Vector(tg.UsersGetUsersRequestTypeID, &tg.User{ID: 10, AccessHash: 10})
	handlers.Result(tg.UploadGetFileRequestTypeID, &tg.UploadFile{Type: &tg.StorageFilePartial{}, Bytes: part})
	handlers.HandleFunc(tg.UploadSaveBigFilePartRequestTypeID, func(s *tgtest.Server, r *tgtest.Request) error {
		var upload tg.UploadSaveBigFilePartRequest
		if err := upload.Decode(r.Buf); err != nil {
			return err
		}
		return s.SendBool(r, bytes.Equal(upload.Bytes, part))
	})
	server := tgtest.NewServer(exchange.PrivateKey{RSA: key}, tgtest.UnpackInvoke(handlers), tgtest.ServerOptions{
		DC: dc, Codec: transport.Intermediate.Codec,
	})
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(context.Background(), transport.ListenCodec(nil, listener)) }()

	fmt.Println(listener.Addr(), base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&key.PublicKey)))
	return answer(func(string) (string, error) {
		select {
		case err := <-failed:
			return "", fmt.Errorf("the server ended: %w", err)
		default:
		}
		ns, err := cpuTime()
		return strconv.FormatInt(ns, 10), err
	})
}

// options tell clients where the server is.
func options(at *net.TCPAddr) []tg.DCOption {
	return []tg.DCOption{{Static: true, ID: dc, IPAddress: at.IP.String(), Port: at.Port}}
}

// list returns the options for a client.
func list(at *net.TCPAddr) dcs.List { return dcs.List{Options: options(at)} }
