package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"

	"github.com/mtcore/mtcore/bench/internal/report"
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat"
)

const (
	ourMessage    = "Chat.Encrypt, Chat.Receive"
	ourStored     = "the same, states sealed and stored"
	ourHandshake  = "Request, Accept, Complete"
	ourEncrypter  = "FileKey.Encrypter"
	ourDecrypter  = "FileKey.Decrypter"
	handshakeCase = "handshake of a secret chat"

	allBackends = "all backends"
)

var (
	ofEnvelope = column{title: "× seal+open", multiple: true}
	ofPowers   = column{title: "× 4 powers", multiple: true}
)

const secretchatLegend = `A message goes from one side of a secret chat to the other, in turns, with a new key after every 100 messages as
the protocol has it. Stored: with the state of both sides sealed for each message, and kept in memory. A file is
8 MiB. all backends are the best ones of each package, generic is Go without assembly.
× seal+open: time as a multiple of package envelope alone, without a chat around it.
× IGE: time as a multiple of AES-256-IGE in parts of 512 KiB, with the same backends.`

const handshakeLegend = `Both sides together: two public keys, two shared secrets, checks, fingerprints, and the messages in which each side
tells its layer.
× 4 powers: time as a multiple of four times Group.Exp with the same backend. vs peer: than four powers by math/big,
which is not constant-time, and nothing else.`

const (
	chatTime      = 700 * time.Millisecond
	fileTime      = 800 * time.Millisecond
	handshakeTime = 1500 * time.Millisecond

	fileSize = 8 << 20
)

// chatSettings are those of all packages together.
func chatSettings() []setting {
	worst, best := setting{name: generic}, setting{name: allBackends}
	for _, pkg := range []string{"ige", "kdf", "envelope", "bigdh"} {
		states := statesOf(pkg)
		worst.states = append(worst.states, states[0])
		best.states = append(best.states, states[len(states)-1])
	}
	return []setting{worst, best}
}

// secretchatSuite is messages and files of secret chats.
func secretchatSuite(opt options) suite {
	settings := chatSettings()
	measured := opt.measured(settings)
	s := suite{
		name:    "secretchat",
		check:   func(passed func(string)) error { return checkSecretChat(settings, fileDecrypted, passed) },
		columns: []column{ofEnvelope, ofIGE},
		legend:  secretchatLegend,
	}
	if len(measured) == 0 {
		return s
	}
	for _, size := range choice(opt.sizes, 256, 4<<10) {
		if size >= minChatMessage && size <= maxChatMessage {
			s.cases = append(s.cases, messageCase(size, measured))
		}
	}
	for _, d := range choice(opt.directions, encrypt, decrypt) {
		s.cases = append(s.cases, fileCase(d, measured))
	}
	s.targets = fileTargets(ourName(measured[len(measured)-1]))
	return s
}

// handshakeSuite is how secret chats begin.
func handshakeSuite(opt options) suite {
	settings := chatSettings()
	s := suite{
		name:    "handshake",
		check:   func(passed func(string)) error { return checkHandshake(settings, passed) },
		columns: []column{vsPeer, ofPowers},
		legend:  handshakeLegend,
	}
	if measured := opt.measured(settings); len(measured) > 0 {
		s.cases = []benchCase{handshakeBench(measured)}
	}
	return s
}

// A chatPair is the two sides of a chat.
type chatPair [2]*secretchat.Chat

// memoryStore is a Store as fast as can be.
type memoryStore struct{ state []byte }

func (s *memoryStore) Commit(_ int64, state []byte) error {
	s.state = append(s.state[:0], state...)
	return nil
}

// newChats sets up a chat, with stores or without.
func newChats(stored bool) (chatPair, error) {
	var opts [2]secretchat.Options
	for i := range opts {
		opts[i] = secretchat.Options{ChatID: 1, PeerID: int64(i), StateKey: secretchat.StateKey{1}}
		if stored {
			opts[i].Store = new(memoryStore)
		}
	}
	o, gA, err := secretchat.Request(telegram(), opts[0])
	if err != nil {
		return chatPair{}, err
	}
	b, gB, fingerprint, err := secretchat.Accept(telegram(), gA[:], opts[1])
	if err != nil {
		return chatPair{}, err
	}
	a, err := o.Complete(gB[:], fingerprint)
	if err != nil {
		return chatPair{}, err
	}
	chats := chatPair{a, b}
	return chats, chats.settle()
}

// settle delivers what the sides have to send by themselves, until they have nothing more.
func (p chatPair) settle() error {
	for quiet := false; !quiet; {
		quiet = true
		for i, from := range p {
			for _, packet := range from.Outbox() {
				quiet = false
				from.Sent(packet)
				if _, err := p[1-i].Receive(packet.Data); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// send sends a message from one side to the other, and returns what that gets.
func (p chatPair) send(from int, message []byte) ([]secretchat.Event, error) {
	packet, err := p[from].Encrypt(message)
	if err != nil {
		return nil, err
	}
	p[from].Sent(packet)
	events, err := p[1-from].Receive(packet.Data)
	if err != nil {
		return nil, err
	}
	return events, p.settle()
}

// minChatMessage is the size of a message without text; a text as chatMessage makes it has
// less than 16 MiB, but a packet has an end long before.
const (
	minChatMessage = 32
	maxChatMessage = 512 << 10
)

// chatMessage returns a decryptedMessage#91cc4674 of layer 73 of size bytes: a text.
func chatMessage(size int) []byte {
	m := binary.LittleEndian.AppendUint32(nil, 0x91cc4674)
	m = append(m, make([]byte, 4+8+4)...) // flags, random_id, ttl
	text := size - len(m) - 4
	m = append(m, 0xfe, byte(text), byte(text>>8), byte(text>>16))
	return append(m, make([]byte, text)...)
}

// must is for setting up and for what has been checked before.
func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// messageCase is a message from one side to the other.
func messageCase(size int, settings []setting) benchCase {
	c := benchCase{name: "message " + report.Size(size), op: "message", count: 1, size: size, bytes: size, time: chatTime}
	message := chatMessage(size)
	alone := func(in setting) id { return id{ourName(in), "envelope alone"} }
	for _, in := range slices.Backward(settings) {
		for _, x := range []struct {
			how    string
			stored bool
		}{{ourMessage, false}, {ourStored, true}} {
			chats, n := must(newChats(x.stored)), 0
			c.contenders = append(c.contenders, contender{
				who: ourName(in), how: x.how, setting: &in,
				op: func() {
					must(chats.send(n%2, message))
					n++
				},
				versus: map[column][]id{ofEnvelope: {alone(in)}},
			})
		}
	}
	for _, in := range slices.Backward(settings) {
		c.contenders = append(c.contenders, contender{
			who: alone(in).who, how: alone(in).how, setting: &in, kind: report.Part,
			op: sealAndOpen(message),
		})
	}
	return c
}

func sealAndOpen(message []byte) func() {
	k := envelope.NewKey(randomAuthKey(1))
	packet := make([]byte, 0, len(message)+envelope.MaxOverhead)
	padded := make([]byte, 0, cap(packet))
	return func() {
		p := must(k.Seal(packet, kdf.Client, message, envelope.PadRandom))
		must(k.Open(padded, kdf.Client, p))
	}
}

// fileCase is a file, encrypted or decrypted by streams of package io.
func fileCase(d direction, settings []setting) benchCase {
	c := benchCase{name: fileCaseName(d), op: "file " + string(d), count: 1, size: fileSize, bytes: fileSize, time: fileTime}
	key := secretchat.NewFileKey()
	plain := make([]byte, fileSize)
	op, how := func() { must(fileEncrypted(key, plain, io.Discard)) }, ourEncrypter
	if d == decrypt {
		var b bytes.Buffer
		must(fileEncrypted(key, plain, &b))
		buf := make([]byte, secretchat.DefaultPartSize)
		op, how = func() { must(drain(key.Decrypter(bytes.NewReader(b.Bytes()), fileSize), buf)) }, ourDecrypter
	}
	alone := func(in setting) id { return id{ourName(in), "package ige alone"} }
	for _, in := range slices.Backward(settings) {
		if in.name == generic && len(settings) > 1 {
			continue // a second for each
		}
		c.contenders = append(c.contenders,
			contender{who: ourName(in), how: how, setting: &in, op: op, versus: map[column][]id{ofIGE: {alone(in)}}},
			contender{who: alone(in).who, how: alone(in).how, setting: &in, kind: report.Part, op: igeInParts(d)},
		)
	}
	return c
}

func fileCaseName(d direction) string { return fmt.Sprintf("%s a file", d) }

// fileTargets: nine tenths of the speed of the cipher alone.
func fileTargets(ours string) []target {
	return []target{
		{caseName: fileCaseName(encrypt), row: id{ours, ourEncrypter}, column: ofIGE, bound: 1 / 0.9},
		{caseName: fileCaseName(decrypt), row: id{ours, ourDecrypter}, column: ofIGE, bound: 1 / 0.9},
	}
}

func fileEncrypted(k *secretchat.FileKey, plain []byte, to io.Writer) (n int, err error) {
	w := k.Encrypter(to)
	if n, err = w.Write(plain); err != nil {
		return n, err
	}
	return n, w.Close()
}

// drain reads r to its end through buf.
func drain(r io.Reader, buf []byte) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, buf)
}

// igeInParts is the cipher without streams.
func igeInParts(d direction) func() {
	var key [ige.KeySize]byte
	var iv [ige.IVSize]byte
	c := expand(&key)
	buf := make([]byte, secretchat.DefaultPartSize)
	crypt := ige.NewEncrypter(c, &iv).CryptBlocks
	if d == decrypt {
		crypt = ige.NewDecrypter(c, &iv).CryptBlocks
	}
	return func() {
		for range fileSize / len(buf) {
			crypt(buf, buf)
		}
	}
}

// handshakeBench is both sides of a handshake.
func handshakeBench(settings []setting) benchCase {
	c := benchCase{name: handshakeCase, op: "handshake", count: 1, time: handshakeTime}
	base, exp := randomPower(10)
	peer := id{mathBig, "four powers"}
	four := func(in setting) id { return id{ourName(in), "four powers"} }
	for _, in := range slices.Backward(settings) {
		c.contenders = append(c.contenders, contender{
			who: ourName(in), how: ourHandshake, setting: &in,
			op:     func() { must(newChats(false)) },
			versus: map[column][]id{vsPeer: {peer}, ofPowers: {four(in)}},
		})
	}
	for _, in := range slices.Backward(settings) {
		var dst [bigdh.Size]byte
		c.contenders = append(c.contenders, contender{
			who: four(in).who, how: four(in).how, setting: &in, kind: report.Part,
			op:    func() { ourPower(&dst, base, exp) },
			worth: 0.25,
		})
	}
	prime := telegram().Prime()
	p, x, y := new(big.Int).SetBytes(prime[:]), new(big.Int).SetBytes(base[:]), new(big.Int).SetBytes(exp[:])
	c.contenders = append(c.contenders, contender{
		who: peer.who, how: peer.how,
		op:    func() { new(big.Int).Exp(x, y, p) },
		worth: 0.25,
	})
	return c
}
