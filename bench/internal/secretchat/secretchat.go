// Package secretchat measures secret chats: messages, files and the handshake.
package secretchat

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat"
)

var (
	messageWay   = suite.Label{Way: results.ChatMessage, How: "Chat.Encrypt, Chat.Receive"}
	storedWay    = suite.Label{Way: "mtcore.message-stored", How: "the same, states sealed and stored"}
	envelopeWay  = suite.Label{Way: "mtcore.envelope-alone", How: "envelope alone"}
	encrypterWay = suite.Label{Way: results.FileEncrypt, How: "FileKey.Encrypter"}
	decrypterWay = suite.Label{Way: results.FileDecrypt, How: "FileKey.Decrypter"}
	igeWay       = suite.Label{Way: "mtcore.ige-alone", How: "package ige alone"}
	handshakeWay = suite.Label{Way: results.Handshake, How: "Request, Accept, Complete"}
	powersWay    = suite.Label{Way: "mtcore.four-powers", How: "four powers"}
	mathBigWay   = suite.Label{Way: "math-big.four-powers", Who: "math/big", How: "four powers"}

	ofEnvelope = suite.Column{ID: results.OfEnvelope, Title: "× seal+open", Multiple: true}
	ofPowers   = suite.Column{ID: results.OfPowers, Title: "× 4 powers", Multiple: true}
)

const legend = `Messages go back and forth between the two sides of a secret chat, with a new key after every 100
messages, as in the protocol. Stored: the states of both sides are sealed for each message, and kept
in memory. A file has 8 MiB. all backends means the best one of each package, generic is Go without
assembly.
× seal+open: time as a multiple of package envelope alone, without a chat around it.
× IGE: time as a multiple of AES-256-IGE in parts of 512 KiB, with the same backends.`

const handshakeLegend = `Both sides together: two public keys, two shared secrets, checks, fingerprints, and the messages in
which each side announces its layer.
× 4 powers: time as a multiple of four calls of Group.Exp with the same backend. vs peer: how many
times faster than nothing but four powers by math/big, which is not constant-time.`

const (
	messageTime   = 700 * time.Millisecond
	fileTime      = 800 * time.Millisecond
	handshakeTime = 1500 * time.Millisecond

	fileSize = 8 << 20
)

// allBackends is the setting with the best backend of each package.
const allBackends = "all backends"

// settings are those of all packages together.
func settings() []suite.Setting {
	worst, best := suite.Setting{Name: suite.Generic}, suite.Setting{Name: allBackends}
	for _, pkg := range []string{"ige", "kdf", "envelope", "bigdh"} {
		states := suite.StatesOf(pkg)
		worst.States = append(worst.States, states[0])
		best.States = append(best.States, states[len(states)-1])
	}
	return []suite.Setting{worst, best}
}

// New returns the suite of messages and files.
func New(opt suite.Options) suite.Suite {
	settings := settings()
	measured := opt.Measured(settings)
	s := suite.Suite{
		Name:     "secretchat",
		Backends: suite.Names(settings),
		Check:    func(passed func(string)) error { return check(settings, fileDecrypted, passed) },
		Columns:  []suite.Column{ofEnvelope, suite.OfIGE},
		Legend:   legend,
	}
	if len(measured) == 0 {
		return s
	}
	for _, size := range suite.Choice(opt.Sizes, 256, 4<<10) {
		if size >= minMessage && size <= maxMessage {
			s.Cases = append(s.Cases, messageCase(size, measured))
		}
	}
	for _, d := range suite.Choice(opt.Directions, suite.Encrypt, suite.Decrypt) {
		s.Cases = append(s.Cases, fileCase(d, measured))
	}
	// The target is nine tenths of the speed of the cipher alone.
	best := measured[len(measured)-1]
	s.Targets = []suite.Target{
		{Case: fileID(suite.Encrypt), Row: best.Row(results.FileEncrypt), Column: suite.OfIGE, Bound: 1 / 0.9},
		{Case: fileID(suite.Decrypt), Row: best.Row(results.FileDecrypt), Column: suite.OfIGE, Bound: 1 / 0.9},
	}
	return s
}

// NewHandshake returns the suite for the handshake of secret chats.
func NewHandshake(opt suite.Options) suite.Suite {
	settings := settings()
	s := suite.Suite{
		Name:     "handshake",
		Backends: suite.Names(settings),
		Check:    func(passed func(string)) error { return checkHandshake(settings, passed) },
		Columns:  []suite.Column{suite.VsPeer, ofPowers},
		Legend:   handshakeLegend,
	}
	if measured := opt.Measured(settings); len(measured) > 0 {
		s.Cases = []suite.Case{handshakeCase(measured)}
	}
	return s
}

// A chatPair is the two sides of a chat.
type chatPair [2]*secretchat.Chat

// memoryStore is the fastest possible Store.
type memoryStore struct {
	records map[string]*[]byte
	free    []*[]byte // of records that were removed
	written int       // bytes, of keys and values
}

func (s *memoryStore) Commit(_ int64, changes []secretchat.Change) error {
	if s.records == nil {
		s.records = map[string]*[]byte{}
	}
	for _, c := range changes {
		s.written += len(c.Key) + len(c.Value)
		value := s.records[string(c.Key)]
		switch {
		case c.Value == nil:
			if value != nil {
				s.free = append(s.free, value)
			}
			delete(s.records, string(c.Key))
			continue
		case value != nil:
		case len(s.free) > 0:
			value, s.free = s.free[len(s.free)-1], s.free[:len(s.free)-1]
			s.records[string(c.Key)] = value
		default:
			value = new([]byte)
			s.records[string(c.Key)] = value
		}
		*value = append((*value)[:0], c.Value...)
	}
	return nil
}

// all yields all records, as Restore expects them.
func (s *memoryStore) all(yield func(key, value []byte) bool) {
	for key, value := range s.records {
		if !yield([]byte(key), *value) {
			return
		}
	}
}

// newChats sets up a chat, with stores or without.
func newChats(stored bool) (chatPair, error) {
	var stores [2]secretchat.Store
	if stored {
		stores[0], stores[1] = new(memoryStore), new(memoryStore)
	}
	return newChatsIn(stores)
}

// sideOptions returns the options of one of the two sides.
func sideOptions(side int, store secretchat.Store) secretchat.Options {
	return secretchat.Options{ChatID: 1, PeerID: int64(side), StateKey: secretchat.StateKey{1}, Store: store}
}

// newChatsIn sets up a chat with these stores, either of which may be nil.
func newChatsIn(stores [2]secretchat.Store) (chatPair, error) {
	var opts [2]secretchat.Options
	for i := range opts {
		opts[i] = sideOptions(i, stores[i])
	}
	o, gA, err := secretchat.Request(suite.Telegram(), opts[0])
	if err != nil {
		return chatPair{}, err
	}
	b, gB, fingerprint, err := secretchat.Accept(suite.Telegram(), gA[:], opts[1])
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

// settle delivers what the sides send by themselves, until there is nothing more.
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

// send sends a message from one side to the other, and returns the resulting events.
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

// minMessage is the size of a message without text. A text made by textMessage is shorter
// than 16 MiB, but the limit of a packet is far below that.
const (
	minMessage = 32
	maxMessage = 512 << 10
)

// textMessage returns a text message of size bytes, a decryptedMessage#91cc4674 of layer
// 73.
func textMessage(size int) []byte {
	m := binary.LittleEndian.AppendUint32(nil, 0x91cc4674)
	m = append(m, make([]byte, 4+8+4)...) // flags, random_id, ttl
	text := size - len(m) - 4
	m = append(m, 0xfe, byte(text), byte(text>>8), byte(text>>16))
	return append(m, make([]byte, text)...)
}

// messageCase sends a message from one side to the other.
func messageCase(size int, settings []suite.Setting) suite.Case {
	c := suite.Case{Name: "message " + results.Size(size), Op: "message", Count: 1, Size: size, Bytes: size, Time: messageTime}
	message := textMessage(size)
	for _, in := range slices.Backward(settings) {
		for _, x := range []struct {
			suite.Label
			stored bool
		}{{messageWay, false}, {storedWay, true}} {
			chats, n := suite.Must(newChats(x.stored)), 0
			c.Contenders = append(c.Contenders, suite.Contender{
				Label: x.Label, Setting: &in,
				Op: func() {
					suite.Must(chats.send(n%2, message))
					n++
				},
				Versus: map[suite.Column][]suite.Row{ofEnvelope: {in.Row(envelopeWay.Way)}},
			})
		}
	}
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: envelopeWay, Setting: &in, Kind: results.Part,
			Op: sealAndOpen(message),
		})
	}
	return c
}

func sealAndOpen(message []byte) func() {
	k := envelope.NewKey(suite.AuthKey(1))
	packet := make([]byte, 0, len(message)+envelope.MaxOverhead)
	padded := make([]byte, 0, cap(packet))
	return func() {
		p := suite.Must(k.Seal(packet, kdf.Client, message, envelope.PadRandom))
		suite.Must(k.Open(padded, kdf.Client, p))
	}
}

// fileCase encrypts or decrypts a file through io streams.
func fileCase(d suite.Direction, settings []suite.Setting) suite.Case {
	id := fileID(d)
	c := suite.Case{Name: fmt.Sprintf("%s a file", d), Op: id.Op, Count: id.Count, Size: id.Size, Bytes: fileSize, Time: fileTime}
	key := secretchat.NewFileKey()
	plain := make([]byte, fileSize)
	op, way := func() { suite.Must(fileEncrypted(key, plain, io.Discard)) }, encrypterWay
	if d == suite.Decrypt {
		var b bytes.Buffer
		suite.Must(fileEncrypted(key, plain, &b))
		buf := make([]byte, secretchat.DefaultPartSize)
		op, way = func() { suite.Must(drain(key.Decrypter(bytes.NewReader(b.Bytes()), fileSize), buf)) }, decrypterWay
	}
	for _, in := range slices.Backward(settings) {
		if in.Name == suite.Generic && len(settings) > 1 {
			continue // it takes a second for each
		}
		c.Contenders = append(c.Contenders,
			suite.Contender{Label: way, Setting: &in, Op: op, Versus: map[suite.Column][]suite.Row{suite.OfIGE: {in.Row(igeWay.Way)}}},
			suite.Contender{Label: igeWay, Setting: &in, Kind: results.Part, Op: igeInParts(d)},
		)
	}
	return c
}

func fileID(d suite.Direction) results.CaseID {
	return results.CaseID{Op: "file " + string(d), Count: 1, Size: fileSize}
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
func igeInParts(d suite.Direction) func() {
	var key [ige.KeySize]byte
	var iv [ige.IVSize]byte
	c := suite.Must(ige.NewCipher(key[:]))
	buf := make([]byte, secretchat.DefaultPartSize)
	crypt := ige.NewEncrypter(c, &iv).CryptBlocks
	if d == suite.Decrypt {
		crypt = ige.NewDecrypter(c, &iv).CryptBlocks
	}
	return func() {
		for range fileSize / len(buf) {
			crypt(buf, buf)
		}
	}
}

// handshakeCase runs both sides of a handshake.
func handshakeCase(settings []suite.Setting) suite.Case {
	c := suite.Case{Name: "handshake of a secret chat", Op: "handshake", Count: 1, Time: handshakeTime}
	base, exp := suite.RandomPower(10)
	for _, in := range slices.Backward(settings) {
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: handshakeWay, Setting: &in,
			Op:     func() { suite.Must(newChats(false)) },
			Versus: map[suite.Column][]suite.Row{suite.VsPeer: {mathBigWay.Row()}, ofPowers: {in.Row(powersWay.Way)}},
		})
	}
	for _, in := range slices.Backward(settings) {
		var dst [bigdh.Size]byte
		c.Contenders = append(c.Contenders, suite.Contender{
			Label: powersWay, Setting: &in, Kind: results.Part,
			Op: func() {
				if err := suite.Telegram().Exp(&dst, base, exp); err != nil {
					panic(err)
				}
			},
			Worth: 0.25,
		})
	}
	prime := suite.Telegram().Prime()
	p, x, y := new(big.Int).SetBytes(prime[:]), new(big.Int).SetBytes(base[:]), new(big.Int).SetBytes(exp[:])
	c.Contenders = append(c.Contenders, suite.Contender{
		Label: mathBigWay,
		Op:    func() { new(big.Int).Exp(x, y, p) },
		Worth: 0.25,
	})
	return c
}
