package mobile

import (
	"bytes"
	"crypto/aes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/ige"
)

// SelfTest checks, in less than a second, that this library computes correctly on this
// device. It compares results with those of simple implementations that share no code with
// it, and a sum of all of them with that of other devices. It throws an exception if
// anything differs.
func SelfTest() error {
	t := selfTest{sum: sha256.New().Sum(nil)}
	for _, test := range []struct {
		name string
		run  func() error
	}{
		{"AES-IGE", t.ige},
		{"envelope", t.envelope},
		{"Diffie-Hellman", t.dh},
		{"key picture", t.picture},
		{"secret chat", t.chat},
	} {
		if err := test.run(); err != nil {
			return fmt.Errorf("mobile: self-test: %s: %w", test.name, err)
		}
	}
	if got := hex.EncodeToString(t.sum); got != selfTestSum {
		return fmt.Errorf("mobile: self-test: the sum of all results is %s, not %s", got, selfTestSum)
	}
	return nil
}

// selfTestSum is the sum that every device must arrive at.
const selfTestSum = "b84c649a7522cc66be03582c6b281723bc0a70f763b7a29602d880c87774c671"

// selfTest holds the hash of all results so far.
type selfTest struct{ sum []byte }

func (t *selfTest) add(result []byte) {
	sum := sha256.Sum256(append(t.sum, result...))
	t.sum = sum[:]
}

// input returns n bytes that are different for every label.
func input(label string, n int) []byte {
	var out []byte
	for i := uint32(0); len(out) < n; i++ {
		block := sha256.Sum256(binary.LittleEndian.AppendUint32([]byte(label), i))
		out = append(out, block[:]...)
	}
	return out[:n]
}

var errDiffers = errors.New("result differs from that of the reference")

// ige tests every number of blocks, up to a few more than any kernel processes at a time.
func (t *selfTest) ige() error {
	key, iv := input("key", KeySize), input("iv", IVSize)
	for n := 0; n <= 64*BlockSize; n += BlockSize {
		plain := input("plaintext", n)
		want, err := encryptReference(plain, key, iv)
		if err != nil {
			return err
		}
		got := bytes.Clone(plain)
		if err := EncryptIGE(got, key, iv); err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return errDiffers
		}
		t.add(got)
		if err := DecryptIGE(got, key, iv); err != nil {
			return err
		}
		if !bytes.Equal(got, plain) {
			return errDiffers
		}
	}
	return t.batch(key, iv)
}

// batch encrypts and decrypts messages together and one by one, and compares.
func (t *selfTest) batch(key, iv []byte) error {
	ms := make([]ige.Message, 17)
	for i := range ms {
		plain := input("batch", i*BlockSize)
		ms[i] = ige.Message{Key: [KeySize]byte(key), IV: [IVSize]byte(iv), Dst: plain, Src: plain}
		ms[i].Key[0] ^= byte(i)
	}
	ige.EncryptBatch(ms)
	for i := range ms {
		want, err := encryptReference(input("batch", i*BlockSize), ms[i].Key[:], iv)
		if err != nil {
			return err
		}
		if !bytes.Equal(ms[i].Dst, want) {
			return errDiffers
		}
	}
	if err := ige.DecryptBatch(ms); err != nil {
		return err
	}
	for i := range ms {
		if !bytes.Equal(ms[i].Dst, input("batch", i*BlockSize)) {
			return errDiffers
		}
	}
	return nil
}

// encryptReference is IGE as it is written:
//
//	c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}
func encryptReference(plain, key, iv []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	previousC, previousP := iv[:BlockSize], iv[BlockSize:]
	out := make([]byte, len(plain))
	for i := 0; i < len(plain); i += BlockSize {
		c, p := out[i:i+BlockSize], plain[i:i+BlockSize]
		for j := range c {
			c[j] = p[j] ^ previousC[j]
		}
		block.Encrypt(c, c)
		for j := range c {
			c[j] ^= previousP[j]
		}
		previousC, previousP = c, p
	}
	return out, nil
}

// envelope opens packets made by the reference, and the reverse, and checks that changed
// ones are refused.
func (t *selfTest) envelope() error {
	raw := input("auth key", AuthKeySize)
	key, err := ImportAuthKey(raw)
	if err != nil {
		return err
	}
	for side := Client; side <= Server; side++ {
		for _, n := range []int{4, 40, 1000, 20000} {
			want := input("message", 4+n)
			binary.LittleEndian.PutUint32(want, uint32(n))
			packet, err := sealReference(raw, want, side)
			if err != nil {
				return err
			}
			t.add(packet)
			if err := t.open(key, packet, want, side); err != nil {
				return err
			}
			own := append(bytes.Clone(want), make([]byte, MaxOverhead)...)
			sealed, err := key.Seal(own, len(want), side)
			if err != nil {
				return err
			}
			if err := t.open(key, own[:sealed], want, side); err != nil {
				return err
			}
		}
	}
	return nil
}

// open checks that packet opens to want, and that it is refused with one bit changed.
func (t *selfTest) open(key *AuthKey, packet, want []byte, side int) error {
	changed := bytes.Clone(packet)
	changed[len(changed)/2] ^= 1
	if _, err := key.Open(changed, len(changed), side, LayoutSecretChat); ErrorKind(err) != ErrorRefused {
		return errors.New("a changed packet is not refused")
	}
	n, err := key.Open(packet, len(packet), side, LayoutSecretChat)
	if err != nil {
		return err
	}
	if !bytes.Equal(packet[:n], want) {
		return errDiffers
	}
	return nil
}

// sealReference is MTProto 2.0 as it is written, https://core.telegram.org/mtproto/description,
// with padding that is not random.
func sealReference(key, plaintext []byte, side int) ([]byte, error) {
	x := 8 * side
	padded := append(bytes.Clone(plaintext), input("padding", 12+(-len(plaintext)-12)&15)...)
	large := sha256.Sum256(join(key[88+x:120+x], padded))
	msgKey := large[8:24]
	a := sha256.Sum256(join(msgKey, key[x:x+36]))
	b := sha256.Sum256(join(key[40+x:76+x], msgKey))
	aesKey := join(a[0:8], b[8:24], a[24:32])
	aesIV := join(b[0:8], a[8:24], b[24:32])
	encrypted, err := encryptReference(padded, aesKey, aesIV)
	if err != nil {
		return nil, err
	}
	id := sha1.Sum(key)
	return join(id[12:20], msgKey, encrypted), nil
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// dh compares powers with those of math/big, and checks that two sides agree.
func (t *selfTest) dh() error {
	group, err := TelegramGroup(3)
	if err != nil {
		return err
	}
	p := group.group.Prime()
	var keys [2]*DHKey
	for i, label := range []string{"a", "b"} {
		x := input(label, bigdh.Size)
		if keys[i], err = group.ImportKey(x); err != nil {
			return err
		}
		got, err := keys[i].PublicKey()
		if err != nil {
			return err
		}
		want := new(big.Int).Exp(big.NewInt(3), new(big.Int).SetBytes(x), new(big.Int).SetBytes(p[:]))
		if !bytes.Equal(got, want.FillBytes(make([]byte, bigdh.Size))) {
			return errDiffers
		}
	}
	var shared [2][AuthKeySize]byte
	for i := range keys {
		received, err := keys[1-i].PublicKey()
		if err != nil {
			return err
		}
		key, err := keys[i].Agree(received)
		if err != nil {
			return err
		}
		if err := key.Export(shared[i][:]); err != nil {
			return err
		}
	}
	if shared[0] != shared[1] {
		return errors.New("the two sides do not agree")
	}
	t.add(shared[0][:])
	if _, err := keys[0].Agree([]byte{1}); !errors.Is(err, bigdh.ErrPublicKey) {
		return errors.New("a public key of 1 is not refused")
	}
	return nil
}

// picture draws a picture.
func (t *selfTest) picture() error {
	v := input("visualization", VisualizationSize)
	text, err := KeyText(v)
	if err != nil {
		return err
	}
	t.add([]byte(text))
	_, err = KeyPicture(v, 120)
	return err
}

// chat has two sides agree on a key and send each other a message.
func (t *selfTest) chat() error {
	group, err := TelegramGroup(3)
	if err != nil {
		return err
	}
	stateKey := input("state key", 32)
	request, err := RequestChat(group, NewChatOptions(1, 2, nil, stateKey))
	if err != nil {
		return err
	}
	gA, err := request.GA()
	if err != nil {
		return err
	}
	bob, err := AcceptChat(group, gA, NewChatOptions(1, 3, nil, stateKey))
	if err != nil {
		return err
	}
	answer, err := bob.Acceptance()
	if err != nil {
		return err
	}
	alice, err := request.Complete(answer.GB(), answer.Fingerprint())
	if err != nil {
		return err
	}
	for _, way := range []struct{ from, to *Chat }{{alice, bob}, {bob, alice}} {
		if err := converse(way.from, way.to); err != nil {
			return err
		}
	}
	return nil
}

// converse delivers what is in the outbox of from, and then a message.
func converse(from, to *Chat) error {
	out, err := from.Outbox()
	if err != nil {
		return err
	}
	for _, p := range out.packets {
		if _, err := to.Receive(p.Data); err != nil {
			return err
		}
	}
	// decryptedMessage#91cc4674 flags:# random_id:long ttl:int message:string
	message := binary.LittleEndian.AppendUint32(nil, 0x91cc4674)
	message = append(message, "\x00\x00\x00\x00"+"12345678"+"\x00\x00\x00\x00"+"\x05hello\x00\x00"...)
	p, err := from.Encrypt(message)
	if err != nil {
		return err
	}
	events, err := to.Receive(p.Data())
	if err != nil {
		return err
	}
	last, err := events.Get(events.Len() - 1)
	if err != nil {
		return err
	}
	if last.Kind() != EventMessage || !bytes.Equal(last.Body(), message) {
		return errDiffers
	}
	return nil
}
