//go:build clients

package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// TestTeamgram patches teamgram/proto, and exchanges messages and passwords with it as it comes.
func TestTeamgram(t *testing.T) {
	for _, version := range wanted(&teamgram) {
		t.Run(version, func(t *testing.T) {
			const program = "testdata/teamgram.go.txt"
			tree := writableCopy(t, &teamgram, version)
			stock := newDriver(t, program, tree)
			patch(t, &teamgram, version, tree)
			patched := newDriver(t, program, tree)
			for name, r := range runTests(t, tree, "./mtproto/crypto") {
				if !r.passed {
					t.Errorf("%s fails patched:\n%s", name, r.output)
				}
			}
			t.Run("golden", func(t *testing.T) {
				teamgramGolden(t, stock, patched)
				teamgramGolden(t, patched, stock)
			})
			t.Run("bugs", func(t *testing.T) { teamgramBugs(t, stock, patched) })
		})
	}
}

// patch patches a client in place, and has it take mtcore from here.
func patch(t *testing.T, c *client, version, tree string) {
	t.Helper()
	var out bytes.Buffer
	if err := run([]string{"-dir", "."}, tree, &out); err != nil {
		t.Fatal(err)
	}
	checkTable(t, c.name, version, out.String())
	goTool(t, tree, "mod", "edit", "-require="+mtcorePath+"@v0.0.0", "-replace="+mtcorePath+"="+mtcore(t))
}

// teamgramMessage is a plaintext of n bytes of data, whose length is in its header.
func teamgramMessage(n int) []byte {
	m := randomBytes(32 + n)
	binary.LittleEndian.PutUint32(m[28:], uint32(n))
	return m
}

// teamgramGolden has messages of a for b.
func teamgramGolden(t *testing.T, a, b *driver) {
	a.t, b.t = t, t
	for i := range 100 {
		key, message, client := randomBytes(256), teamgramMessage(4*i), i%2 == 0
		for _, v := range []string{"", " v1"} {
			sealed := a.must(request{Op: "seal" + v, A: key, B: message, Flag: client})
			opened := b.must(request{Op: "open" + v, A: key, B: sealed[0], C: sealed[1], Flag: !client})[0]
			if !bytes.HasPrefix(opened, message) {
				t.Fatalf("%d bytes%s: opened %x, want %x", len(message), v, opened, message)
			}
			if r := (request{Op: "open" + v, A: key, B: sealed[0], C: append(sealed[1], randomBytes(16)...), Flag: !client}); v == "" {
				if out, err := b.do(r); err == nil {
					t.Fatalf("%d bytes and a block more: opened %x", len(message), out)
				}
			}
		}
		for _, size := range []int{16, 24, 32} {
			r := request{Op: "encrypt", A: randomBytes(size), B: randomBytes(32), C: randomBytes(16 + 16*i)}
			data := a.must(r)[0]
			if size == 32 && !bytes.Equal(data, crypt(r.A, r.B, r.C, true)) {
				t.Fatalf("%d bytes: IGE is not what it should be", len(r.C))
			}
			if got := b.must(request{Op: "decrypt", A: r.A, B: r.B, C: data})[0]; !bytes.Equal(got, r.C) {
				t.Fatalf("%d bytes, key of %d: %x, want %x", len(r.C), size, got, r.C)
			}
		}
	}

	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := new(big.Int).SetBytes(randomBytes(255))
	c := new(big.Int).Exp(block, big.NewInt(65537), private.N)
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
	if got := a.must(request{Op: "rsa", A: text, B: c.Bytes()})[0]; !bytes.Equal(got, block.Bytes()) {
		t.Errorf("RSA: %x, want %x", got, block)
	}

	srp := func(d *driver, op string, b, c, e []byte) [][]byte {
		return d.must(request{Op: op, Int: 3, A: telegramPrime.Bytes(), B: b, C: c, D: e})
	}
	verifier := srp(a, "verifier", []byte("password"), nil, nil)[0]
	if other := srp(b, "verifier", []byte("password"), nil, nil)[0]; !bytes.Equal(verifier, other) {
		t.Errorf("verifiers differ: %x, %x", verifier, other)
	}
	secret := randomBytes(256)
	public := srp(a, "server B", verifier, secret, nil)[0]
	client := srp(b, "client", srp(b, "x", []byte("password"), nil, nil)[0], public, nil)
	if m := srp(a, "server", verifier, slices.Concat(client[0], secret), public)[0]; len(m) == 0 || !bytes.Equal(m, client[1]) {
		t.Errorf("the server's M1 is %x, the client's %x", m, client[1])
	}
}

// teamgramBugs are what stock does and patched must not.
func teamgramBugs(t *testing.T, stock, patched *driver) {
	stock.t, patched.t = t, t
	key := randomBytes(256)
	for _, n := range []int{16, 32, 48} {
		for _, op := range []string{"open", "open v1"} {
			r := request{Op: op, A: key, B: randomBytes(16), C: randomBytes(n), Flag: true}
			if _, err := patched.do(r); err == nil || strings.HasPrefix(err.Error(), "panic") {
				t.Errorf("%s of %d bytes: %v", op, n, err)
			}
		}
	}
	if _, err := stock.do(request{Op: "open", A: key, B: randomBytes(16), C: randomBytes(16)}); err == nil || !strings.HasPrefix(err.Error(), "panic") {
		t.Errorf("stock no longer panics with 16 bytes: %v", err)
	}

	// The text of an error has secrets.
	sealed := stock.must(request{Op: "seal", A: key, B: teamgramMessage(100)})
	bad := bytes.Clone(sealed[1])
	bad[len(bad)-1] ^= 1 // the padding, and so not the length
	secret := hex.EncodeToString(key[88:120])
	for i, d := range []*driver{stock, patched} {
		_, err := d.do(request{Op: "open", A: key, B: sealed[0], C: bad, Flag: true})
		if err == nil || strings.Contains(err.Error(), secret) != (i == 0) {
			t.Errorf("driver %d says of a changed message: %v", i, err)
		}
	}
}
