package adapter

import (
	"bytes"
	"crypto/aes"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/mtcore/mtcore/internal/alloctest"
)

// The reference formulas, of https://core.telegram.org/mtproto/description and its page
// on MTProto 1.0, from the standard library.

func sha(parts ...[]byte) []byte {
	h := sha256.Sum256(slices.Concat(parts...))
	return h[:]
}

func sha1Of(parts ...[]byte) []byte {
	h := sha1.Sum(slices.Concat(parts...))
	return h[:]
}

func offset(fromServer bool) int {
	if fromServer {
		return 8
	}
	return 0
}

func refMessageKey(authKey, padded []byte, fromServer bool) []byte {
	x := offset(fromServer)
	return sha(authKey[88+x:][:32], padded)[8:24]
}

func refKeys(authKey, msgKey []byte, fromServer bool) (key, iv []byte) {
	x := offset(fromServer)
	a, b := sha(msgKey, authKey[x:][:36]), sha(authKey[40+x:][:36], msgKey)
	return slices.Concat(a[:8], b[8:24], a[24:32]), slices.Concat(b[:8], a[8:24], b[24:32])
}

func refKeysV1(authKey, msgKey []byte, fromServer bool) (key, iv []byte) {
	x := offset(fromServer)
	a := sha1Of(msgKey, authKey[x:][:32])
	b := sha1Of(authKey[32+x:][:16], msgKey, authKey[48+x:][:16])
	c := sha1Of(authKey[64+x:][:32], msgKey)
	d := sha1Of(msgKey, authKey[96+x:][:32])
	return slices.Concat(a[:8], b[8:20], c[4:16]), slices.Concat(a[8:20], b[:8], c[16:20], d[:8])
}

// refIGE computes c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}, or its inverse.
func refIGE(t *testing.T, key, iv, src []byte, encrypt bool) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	step, before, after := block.Encrypt, iv[:16], iv[16:]
	if !encrypt {
		step, before, after = block.Decrypt, after, before
	}
	var out []byte
	for in := range slices.Chunk(src, 16) {
		var b [16]byte
		for i := range b {
			b[i] = in[i] ^ before[i]
		}
		step(b[:], b[:])
		for i := range b {
			b[i] ^= after[i]
		}
		out = append(out, b[:]...)
		before, after = out[len(out)-16:], in
	}
	return out
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func TestKeys(t *testing.T) {
	for range 20 {
		authKey, msgKey, data := [256]byte(random(256)), [16]byte(random(16)), random(48)
		for _, fromServer := range []bool{false, true} {
			if got, want := MessageKey(&authKey, data, fromServer), refMessageKey(authKey[:], data, fromServer); !bytes.Equal(got[:], want) {
				t.Errorf("MessageKey = %x, want %x", got, want)
			}
			var key, iv [32]byte
			Keys(&key, &iv, &authKey, &msgKey, fromServer)
			if k, v := refKeys(authKey[:], msgKey[:], fromServer); !bytes.Equal(key[:], k) || !bytes.Equal(iv[:], v) {
				t.Errorf("Keys = %x, %x, want %x, %x", key, iv, k, v)
			}
			KeysV1(&key, &iv, &authKey, &msgKey, fromServer)
			if k, v := refKeysV1(authKey[:], msgKey[:], fromServer); !bytes.Equal(key[:], k) || !bytes.Equal(iv[:], v) {
				t.Errorf("KeysV1 = %x, %x, want %x, %x", key, iv, k, v)
			}
		}
		if got, want := MessageKeyV1(data), sha1Of(data)[4:]; !bytes.Equal(got[:], want) {
			t.Errorf("MessageKeyV1 = %x, want %x", got, want)
		}
	}
}

func TestAuthKey(t *testing.T) {
	key := random(256)
	if got := AuthKey(key); &got[0] != &key[0] {
		t.Error("a key of 256 bytes is copied")
	}
	for _, n := range []int{0, 1, 255} {
		want := append(make([]byte, 256-n), key[:n]...)
		if got := AuthKey(key[:n]); !bytes.Equal(got[:], want) {
			t.Errorf("%d bytes: %x, want %x", n, got, want)
		}
	}
	defer func() {
		if got, want := recover(), "adapter: key of more than 256 bytes"; got != want {
			t.Errorf("a key of 257 bytes: panic %v, want %v", got, want)
		}
	}()
	AuthKey(make([]byte, 257))
}

func TestIGE(t *testing.T) {
	for _, n := range []int{0, 16, 32, 48, 1024} {
		key, iv, src := random(32), random(32), random(n)
		before := bytes.Clone(iv)
		dst := make([]byte, n)
		EncryptIGE(key, iv, dst, src)
		if want := refIGE(t, key, iv, src, true); !bytes.Equal(dst, want) {
			t.Errorf("%d bytes: EncryptIGE = %x, want %x", n, dst, want)
		}
		DecryptIGE(key, iv, dst, dst)
		if !bytes.Equal(dst, src) || !bytes.Equal(iv, before) {
			t.Errorf("%d bytes: DecryptIGE = %x, want %x", n, dst, src)
		}
	}
}

// TestSeal takes apart what Seal makes with the reference, and opens it.
func TestSeal(t *testing.T) {
	authKey, keyID := [256]byte(random(256)), [8]byte(random(8))
	lengths := make(map[int]bool)
	for n := range 300 {
		fromServer := n%2 == 1
		plaintext := random(n)
		buf := append(make([]byte, HeaderSize), plaintext...)
		packet, err := Seal(buf, &keyID, &authKey, fromServer, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		msgKey, body := [16]byte(packet[8:24]), packet[HeaderSize:]
		key, iv := refKeys(authKey[:], msgKey[:], fromServer)
		padded := refIGE(t, key, iv, body, false)
		padding := len(padded) - n
		lengths[padding/16] = true
		if !bytes.Equal(packet[:8], keyID[:]) || !bytes.HasPrefix(padded, plaintext) || padding < 12 || padding > 267 ||
			!bytes.Equal(msgKey[:], refMessageKey(authKey[:], padded, fromServer)) {
			t.Fatalf("%d bytes: the packet is %x, with plaintext %x", n, packet, padded)
		}
		opened, err := Open(&authKey, fromServer, &msgKey, body)
		if err != nil || !bytes.Equal(opened, padded) {
			t.Errorf("%d bytes: Open = %x, %v, want %x", n, opened, err, padded)
		}
		if _, err := Open(&authKey, !fromServer, &msgKey, body); err != ErrDecrypt {
			t.Errorf("%d bytes, the other side's: %v", n, err)
		}
		for _, bad := range [][]byte{nil, body[:len(body)-1], body[:len(body)-16], append(slices.Clip(body), 0)} {
			if got, err := Open(&authKey, fromServer, &msgKey, bad); err != ErrDecrypt || got != nil {
				t.Errorf("%d bytes of %d: %v", len(bad), len(body), err)
			}
		}
		body[n%len(body)] ^= 1
		if got, err := Open(&authKey, fromServer, &msgKey, body); err != ErrDecrypt || got != nil {
			t.Errorf("%d bytes, changed: %v", n, err)
		}
	}
	if len(lengths) < 10 {
		t.Errorf("the padding has %d different numbers of blocks in 300 messages", len(lengths))
	}
}

// TestSealRandom: the first byte determines how much padding there is, and the rest is the
// padding.
func TestSealRandom(t *testing.T) {
	var authKey [256]byte
	var keyID [8]byte
	for _, blocks := range []byte{0, 15, 16, 255} {
		padding := random(300)
		r := bytes.NewReader(append([]byte{blocks}, padding...))
		packet, err := Seal(make([]byte, HeaderSize+20), &keyID, &authKey, false, r)
		if err != nil {
			t.Fatal(err)
		}
		want := 12 + int(blocks&15)*16
		if got := len(packet) - HeaderSize - 20; got != want {
			t.Errorf("first byte %d: %d bytes of padding, want %d", blocks, got, want)
		}
		msgKey := [16]byte(packet[8:24])
		if padded, err := Open(&authKey, false, &msgKey, packet[HeaderSize:]); err != nil || !bytes.Equal(padded[20:], padding[:want]) {
			t.Errorf("first byte %d: padding %x, %v, want %x", blocks, padded[20:], err, padding[:want])
		}
	}
	broken := errors.New("broken")
	for _, good := range []int{0, 1, 5} {
		r := io.MultiReader(bytes.NewReader(make([]byte, good)), iotest.ErrReader(broken))
		if packet, err := Seal(make([]byte, HeaderSize), &keyID, &authKey, false, r); err != broken && err != io.ErrUnexpectedEOF || packet != nil {
			t.Errorf("random bytes end after %d: %v", good, err)
		}
	}
	first := true
	r := readerFunc(func(b []byte) (int, error) {
		if first {
			first = false
			return 0, broken
		}
		return rand.Read(b)
	})
	if packet, err := Seal(make([]byte, HeaderSize), &keyID, &authKey, false, r); err != broken || packet != nil {
		t.Errorf("random bytes come late: %v", err)
	}
}

type readerFunc func(b []byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestAllocs(t *testing.T) {
	var authKey [256]byte
	var msgKey [16]byte
	var key, iv [32]byte
	data := make([]byte, 64)
	for name, f := range map[string]func(){
		"MessageKey":   func() { MessageKey(&authKey, data, true) },
		"Keys":         func() { Keys(&key, &iv, &authKey, &msgKey, true) },
		"MessageKeyV1": func() { MessageKeyV1(data) },
		"KeysV1":       func() { KeysV1(&key, &iv, &authKey, &msgKey, true) },
		"EncryptIGE":   func() { EncryptIGE(key[:], iv[:], data, data) },
	} {
		if n := alloctest.PerRun(t, 10, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
