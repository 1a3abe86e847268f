//go:build clients

package main

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// driver is a program of testdata within a copy of its client.
type driver struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
}

// request is one to the program.
type request struct {
	Op         string
	Flag       bool
	Int        int64
	A, B, C, D []byte
}

// do returns the answer to a request, and fails after a while if there is none.
func (d *driver) do(r request) (out [][]byte, err error) {
	d.t.Helper()
	line, _ := json.Marshal(r)
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		d.t.Fatal(err)
	}
	type result struct {
		line []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := d.out.ReadBytes('\n')
		done <- result{line, err}
	}()
	select {
	case got := <-done:
		if got.err != nil {
			d.t.Fatalf("%s: %v", r.Op, got.err)
		}
		var a struct {
			Err string
			Out [][]byte
		}
		if err := json.Unmarshal(got.line, &a); err != nil {
			d.t.Fatal(err)
		}
		if a.Err != "" {
			return nil, fmt.Errorf("%s", a.Err)
		}
		return a.Out, nil
	case <-time.After(5 * time.Minute):
		d.t.Fatalf("%s: no answer", r.Op)
		panic("unreachable")
	}
}

func (d *driver) must(r request) [][]byte {
	d.t.Helper()
	out, err := d.do(r)
	if err != nil {
		d.t.Fatalf("%s: %v", r.Op, err)
	}
	return out
}

func newDriver(t *testing.T, program, tree string) *driver {
	t.Helper()
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(tree, "mtpatchtest/main.go"), string(text))
	binary := filepath.Join(t.TempDir(), "driver")
	goTool(t, tree, "build", "-trimpath", "-mod=mod", "-o", binary, "./mtpatchtest")
	cmd := exec.Command(binary)
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	cmd.Stderr = os.Stderr
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &driver{t, in, bufio.NewReaderSize(out, 1<<22)}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// The reference of MTProto 2.0, as slow as it is short.

func hash256(parts ...[]byte) []byte {
	h := sha256.Sum256(slices.Concat(parts...))
	return h[:]
}

// packet returns a message for the padded plaintext, from the server if x is 8.
func packet(key, padded []byte, x int) []byte {
	msgKey := hash256(key[88+x:][:32], padded)[8:24]
	a, b := hash256(msgKey, key[x:][:36]), hash256(key[40+x:][:36], msgKey)
	aesKey, iv := slices.Concat(a[:8], b[8:24], a[24:]), slices.Concat(b[:8], a[8:24], b[24:])
	id := sha1.Sum(key)
	return slices.Concat(id[12:], msgKey, crypt(aesKey, iv, padded, true))
}

// crypt is IGE.
func crypt(key, iv, src []byte, encrypt bool) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	step, before, after := block.Encrypt, iv[:16], iv[16:]
	if !encrypt {
		step, before, after = block.Decrypt, after, before
	}
	out := make([]byte, 0, len(src))
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

// fromServer returns a packet with a message that says it has so many bytes.
func fromServer(key, message []byte, length uint32, padding int) []byte {
	inner := make([]byte, 32, 32+len(message)+padding)
	inner[16] = 1 // as message ids of servers end
	binary.LittleEndian.PutUint32(inner[28:], length)
	inner = append(inner, message...)
	return packet(key, append(inner, randomBytes(padding)...), 8)
}

var telegramPrime = hexNumber("C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DB" +
	"FA336F6E0AC925139543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F642477FE96BB2A941D5BCD1D4A" +
	"C8CC49880708FA9B378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4" +
	"B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F6" +
	"35B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B")

func hexNumber(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic(s)
	}
	return n
}

// TestGogram patches gogram, and exchanges messages with it as it comes.
func TestGogram(t *testing.T) {
	for _, version := range wanted(&gogram) {
		t.Run(version, func(t *testing.T) {
			tree := writableCopy(t, &gogram, version)
			stock := newDriver(t, "testdata/gogram.go.txt", tree)
			var out bytes.Buffer
			if err := run([]string{"-dir", "."}, tree, &out); err != nil {
				t.Fatal(err)
			}
			checkTable(t, gogram.name, version, out.String())
			goTool(t, tree, "mod", "edit", "-require="+mtcorePath+"@v0.0.0", "-replace="+mtcorePath+"="+mtcore(t))
			patched := newDriver(t, "testdata/gogram.go.txt", tree)
			goTool(t, tree, "build", "-trimpath", "-mod=mod", ".")

			t.Run("golden", func(t *testing.T) {
				golden(t, stock, patched)
				golden(t, patched, stock)
			})
			t.Run("bugs", func(t *testing.T) { gogramBugs(t, version, stock, patched) })
		})
	}
}

// golden has messages of a for b.
func golden(t *testing.T, a, b *driver) {
	a.t, b.t = t, t
	for i := range 100 {
		key := randomBytes(256)
		n := 4 * i
		message := randomBytes(n)
		cloud := a.must(request{Op: "seal", A: key, B: message, Int: 4})[0]
		body := crypt2(key, cloud, 0)
		if length := binary.LittleEndian.Uint32(body[28:]); int(length) != n || !bytes.Equal(body[32:32+n], message) {
			t.Fatalf("%d bytes: sealed was %x", n, body)
		}
		if got := a.must(request{Op: "open", A: key, B: fromServer(key, message, uint32(n), 12+(16-(n+12)%16)%16)})[0]; !bytes.Equal(got, message) {
			t.Fatalf("%d bytes: opened %x, want %x", n, got, message)
		}

		if n == 0 {
			continue // stock has no other messages of nothing
		}
		v1 := a.must(request{Op: "v1", A: key, B: message})
		if hash := sha1.Sum(message); !bytes.Equal(v1[0], hash[4:]) {
			t.Fatalf("%d bytes, 1.0: msg_key %x, want %x", n, v1[0], hash[4:])
		}
		if n%16 == 0 { // without padding, which is random
			if other := b.must(request{Op: "v1", A: key, B: message}); !bytes.Equal(v1[1], other[1]) {
				t.Fatalf("%d bytes, 1.0: %x, want %x", n, v1[1], other[1])
			}
		}

		secret := a.must(request{Op: "secret seal", A: key, B: message, Flag: i%2 == 0})
		if got := b.must(request{Op: "secret open", A: key, B: secret[0], C: secret[1], Flag: i%2 == 0})[0]; !bytes.Equal(got, message) {
			t.Fatalf("%d bytes, secret: opened %x, want %x", n, got, message)
		}

		nonces := request{Op: "answer seal", A: append([]byte{1}, randomBytes(31)...), B: append([]byte{1}, randomBytes(15)...), C: message}
		nonces.C = a.must(nonces)[0]
		nonces.Op = "answer open"
		if (sha1.Size+n)%16 == 0 {
			continue // Stock adds a whole block then, and does not open an answer without padding.
		}
		if got := b.must(nonces)[0]; !bytes.Equal(got, message) {
			t.Fatalf("%d bytes, answer: opened %x, want %x", n, got, message)
		}
	}

	p := telegramPrime
	gA := new(big.Int).Exp(big.NewInt(3), new(big.Int).SetBytes(randomBytes(256)), p)
	powers := a.must(request{Op: "powers", Int: 3, A: p.Bytes(), B: gA.Bytes()})
	secret := new(big.Int).SetBytes(powers[0])
	if want := new(big.Int).Exp(big.NewInt(3), secret, p).Bytes(); !bytes.Equal(powers[1], want) {
		t.Errorf("g_b = %x, want %x", powers[1], want)
	}
	if want := new(big.Int).Exp(gA, secret, p).Bytes(); !bytes.Equal(powers[2], want) {
		t.Errorf("the key is %x, want %x", powers[2], want)
	}
	if pq := a.must(request{Op: "factor", A: hexNumber("17ED48941A08F981").Bytes()}); !bytes.Equal(pq[0], hexNumber("494C553B").Bytes()) {
		t.Errorf("p = %x", pq[0])
	}
	login := request{Op: "password", Int: 3, A: p.Bytes(), B: gA.FillBytes(make([]byte, 256)), C: randomBytes(256), D: []byte("password")}
	if got, want := a.must(login), b.must(login); !bytes.Equal(got[0], want[0]) || !bytes.Equal(got[1], want[1]) {
		t.Errorf("A and M1 are %x, want %x", got, want)
	}
	if err := func() error { _, err := a.do(request{Op: "check", Int: 3, A: p.Bytes(), B: gA.Bytes()}); return err }(); err != nil {
		t.Error(err)
	}
}

// crypt2 returns what is in a packet of MTProto 2.0.
func crypt2(key, packet []byte, x int) []byte {
	msgKey := packet[8:24]
	a, b := hash256(msgKey, key[x:][:36]), hash256(key[40+x:][:36], msgKey)
	return crypt(slices.Concat(a[:8], b[8:24], a[24:]), slices.Concat(b[:8], a[8:24], b[24:]), packet[24:], false)
}

// gogramBugs are what stock does and patched must not.
func gogramBugs(t *testing.T, version string, stock, patched *driver) {
	stock.t, patched.t = t, t
	key := randomBytes(256)
	refused := func(name string, r request) {
		t.Helper()
		if _, err := stock.do(r); err != nil && !strings.HasPrefix(err.Error(), "panic") {
			t.Errorf("%s: stock refuses it, so there is no bug to end: %v", name, err)
		}
		if _, err := patched.do(r); err == nil || strings.HasPrefix(err.Error(), "panic") {
			t.Errorf("%s: patched says %v", name, err)
		}
	}

	message := randomBytes(32)
	for _, padding := range []int{0, 1040, 1 << 20} {
		refused(fmt.Sprintf("padding of %d bytes", padding), request{Op: "open", A: key, B: fromServer(key, message, 32, padding)})
	}
	refused("padding of 4 bytes", request{Op: "open", A: key, B: fromServer(key, message[:28], 28, 4)})
	refused("length of -1", request{Op: "open", A: key, B: fromServer(key, message, 1<<32-1, 16)})
	refused("a length beyond the data", request{Op: "open", A: key, B: fromServer(key, message, 60, 16)})
	if _, err := patched.do(request{Op: "open", A: key, B: fromServer(key, message, 32, 16)[:20]}); err == nil || strings.HasPrefix(err.Error(), "panic") {
		t.Errorf("a packet of 20 bytes: %v", err)
	}

	// A prime of 2048 bits of which (p-1)/2 is none, and a generator that is no square.
	unsafe, err := rand.Prime(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	gA := new(big.Int).Lsh(big.NewInt(1), 2040)
	refused("a prime that is not safe", request{Op: "check", Int: 4, A: unsafe.Bytes(), B: gA.Bytes()})
	refused("a generator that is not a square", request{Op: "check", Int: 5, A: telegramPrime.Bytes(), B: gA.Bytes()})
	refused("g_b = 2", request{Op: "check g_b", A: telegramPrime.Bytes(), B: []byte{2}})
	if version == "v1.7.6" {
		composite := new(big.Int).Mul(hexNumber("FFFFFFFFFFFFFFC5"), new(big.Int).Rsh(telegramPrime, 64))
		composite.SetBit(composite, 2047, 1)
		composite.SetBit(composite, 0, 1)
		refused("a composite prime of a secret chat", request{Op: "safe prime", Int: 4, A: composite.Bytes()})
	}

	composite := new(big.Int).Sub(telegramPrime, big.NewInt(2)).Bytes()
	refused("a composite modulus for a password", request{Op: "password", Int: 3, A: composite, B: gA.FillBytes(make([]byte, 256)), C: randomBytes(256), D: []byte("x")})

	// Zeros on the left, of one RSA block in 256, and of nonces.
	lost := [2]int{}
	n := new(big.Int).Or(new(big.Int).SetBytes(randomBytes(256)), new(big.Int).SetBit(big.NewInt(1), 2047, 1))
	for range 1500 {
		block := randomBytes(255)
		want := new(big.Int).Exp(new(big.Int).SetBytes(block), big.NewInt(65537), n).FillBytes(make([]byte, 256))
		for i, d := range []*driver{stock, patched} {
			if got := d.must(request{Op: "rsa", A: n.Bytes(), B: block})[0]; !bytes.Equal(got, want) {
				lost[i]++
			}
		}
	}
	if lost[0] == 0 || lost[1] != 0 {
		t.Errorf("of 1500 RSA blocks %d are wrong stock, and %d patched", lost[0], lost[1])
	}
	newNonce, serverNonce := append([]byte{0}, randomBytes(31)...), append([]byte{0}, randomBytes(15)...)
	a := [2][]byte{}
	for i, d := range []*driver{stock, patched} {
		a[i] = d.must(request{Op: "answer seal", A: newNonce, B: serverNonce, C: message})[0]
	}
	ns, sn, nn := sha1.Sum(append(slices.Clip(newNonce), serverNonce...)), sha1.Sum(append(slices.Clip(serverNonce), newNonce...)), sha1.Sum(append(slices.Clip(newNonce), newNonce...))
	aesKey, iv := slices.Concat(ns[:], sn[:12]), slices.Concat(sn[12:], nn[:], newNonce[:4])
	good := func(data []byte) bool { return bytes.Equal(crypt(aesKey, iv, data, false)[20:52], message) }
	if good(a[0]) || !good(a[1]) {
		t.Errorf("nonces with zeros on the left: stock right: %v, patched right: %v", good(a[0]), good(a[1]))
	}

	// Numbers that are not the product of two primes.
	for _, pq := range []uint64{0, 1, 2, 1_000_000_007, 9} {
		if out, err := patched.do(request{Op: "factor", A: new(big.Int).SetUint64(pq).Bytes()}); err == nil {
			t.Errorf("pq = %d has factors %x", pq, out)
		}
	}
	for name, bad := range map[string][]byte{"nothing": nil, "0": make([]byte, 256), "p": telegramPrime.Bytes()} {
		if _, err := patched.do(request{Op: "password", Int: 3, A: telegramPrime.Bytes(), B: bad, C: randomBytes(256), D: []byte("x")}); err == nil {
			t.Errorf("B = %s is taken", name)
		}
	}
}
