package authkey

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/rsapad"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/internal/vectortest"
	"github.com/mtcore/mtcore/kdf"
)

// publishedDir is not part of this repository: see impltest.NeedPublished.
var publishedDir = filepath.Join("..", "..", "shared", "vectors", "published")

type handshakeVector struct {
	Name        string
	Nonce       vectortest.Hex
	ServerNonce vectortest.Hex `json:"server_nonce"`
	NewNonce    vectortest.Hex `json:"new_nonce"`
	PQ, P, Q    vectortest.Hex
	InnerData   vectortest.Hex `json:"p_q_inner_data_dc"`
	DC          any
	Fingerprint vectortest.Hex `json:"server_public_key_fingerprint_le"`
	TmpKey      vectortest.Hex `json:"tmp_aes_key"`
	TmpIV       vectortest.Hex `json:"tmp_aes_iv"`

	EncryptedAnswer vectortest.Hex `json:"encrypted_answer"`
	AnswerWithHash  vectortest.Hex `json:"answer_with_hash"`
	G               int
	ServerTime      int64 `json:"server_time"`
	B               vectortest.Hex
	ClientPadding   vectortest.Hex `json:"client_padding"`
	ClientEncrypted vectortest.Hex `json:"client_encrypted_data"`
	AuthKey         vectortest.Hex `json:"auth_key"`
	AuthKeyID       vectortest.Hex `json:"auth_key_id"`
	AuxHash         vectortest.Hex `json:"auth_key_aux_hash"`
	NewNonceHash1   vectortest.Hex `json:"new_nonce_hash1"`
	NewNonceHash2   vectortest.Hex `json:"new_nonce_hash2"`
	NewNonceHash3   vectortest.Hex `json:"new_nonce_hash3"`
	ServerSalt      vectortest.Hex `json:"server_salt"`
	Step1Request    vectortest.Hex `json:"step1_request"`
	Step1Response   vectortest.Hex `json:"step1_response"`
	Step2Request    vectortest.Hex `json:"step2_request"`
	Step2Response   vectortest.Hex `json:"step2_response"`
	Step3Request    vectortest.Hex `json:"step3_request"`
	Step3Response   vectortest.Hex `json:"step3_response"`
}

func handshakes(t *testing.T) map[string]handshakeVector {
	impltest.NeedPublished(t, publishedDir)
	vectors := map[string]handshakeVector{}
	for _, v := range vectortest.Read[handshakeVector](t, filepath.Join(publishedDir, "handshake_full.json")) {
		vectors[v.Name] = v
	}
	if len(vectors) != 3 {
		t.Fatalf("%d exchanges, want 3", len(vectors))
	}
	return vectors
}

// zeros stand for random bytes that do not affect anything published.
func zeros(n int) []byte { return make([]byte, n) }

// replay makes a client repeat what was published, with the nonces and the b of v, and
// returns the three messages that it sent.
func replay(t *testing.T, v *handshakeVector, key *PublicKey, resPQ, params, gen []byte) (sent [][]byte) {
	t.Helper()
	var c *Client
	var got []byte
	withRandom(t, func() {
		c = NewClient(ClientOptions{Keys: []*PublicKey{key}, DC: 2})
		sent = append(sent, c.Start())
	}, v.Nonce)
	step := func(message []byte, random ...[]byte) {
		t.Helper()
		withRandom(t, func() {
			var err error
			if got, err = c.Step(t.Context(), message); err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			sent = append(sent, got)
		}, random...)
	}
	const inner = 100 // bytes of p_q_inner_data_dc
	step(resPQ, v.NewNonce, zeros(paddedSize-inner), zeros(rsapad.KeySize))
	step(params, v.B, v.ClientPadding)
	if step(gen); got != nil {
		t.Errorf("%s: answer %x to dh_gen_ok", v.Name, got)
	}
	r, err := c.Result()
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	if !bytes.Equal(r.AuthKey[:], v.AuthKey) {
		t.Errorf("%s: key %x, want %x", v.Name, r.AuthKey, v.AuthKey)
	}
	if id := r.AuthKey.ID(); !bytes.Equal(id[:], v.AuthKeyID) {
		t.Errorf("%s: id %x, want %x", v.Name, id, v.AuthKeyID)
	}
	if got, want := uint64(r.Salt), binary.LittleEndian.Uint64(v.ServerSalt); got != want {
		t.Errorf("%s: salt %#x, want %#x", v.Name, got, want)
	}
	if v.ServerTime != 0 && r.ServerTime != time.Unix(v.ServerTime, 0) {
		t.Errorf("%s: server time %v, want %v", v.Name, r.ServerTime, time.Unix(v.ServerTime, 0))
	}
	return sent[:3]
}

// TestTelegramSample is the exchange in Telegram's documentation, except for the RSA
// ciphertexts, whose temporary keys are not published.
func TestTelegramSample(t *testing.T) {
	v := handshakes(t)["telegram-current-sample-2024-01-20"]
	nonce, serverNonce := tl.Int128(v.Nonce), tl.Int128(v.ServerNonce)
	key := TelegramKeys()[0]
	resPQ := tl.ResPQ{
		Nonce: nonce, ServerNonce: serverNonce, PQ: v.PQ,
		Fingerprints: []int64{1, int64(binary.LittleEndian.Uint64(v.Fingerprint)), 2},
	}
	params := tl.Encrypted{Nonce: nonce, ServerNonce: serverNonce, Data: v.EncryptedAnswer}
	gen := tl.DHGen{Answer: tl.GenOK, Nonce: nonce, ServerNonce: serverNonce, NewNonceHash: tl.Int128(v.NewNonceHash1)}
	sent := replay(t, &v, key, resPQ.Append(nil), params.AppendServerDHParams(nil), gen.Append(nil))

	var encrypted [rsaSize]byte
	withRandom(t, func() { key.rsaPad(&encrypted, v.InnerData) }, zeros(paddedSize-len(v.InnerData)), zeros(rsapad.KeySize))
	req := tl.ReqDHParams{
		Nonce: nonce, ServerNonce: serverNonce, P: v.P, Q: v.Q,
		Fingerprint: key.Fingerprint(), EncryptedData: encrypted[:],
	}
	if got, want := sent[1], req.Append(nil); !bytes.Equal(got, want) {
		t.Errorf("req_DH_params\n%x, want\n%x", got, want)
	}
	set := tl.Encrypted{Nonce: nonce, ServerNonce: serverNonce, Data: v.ClientEncrypted}
	if got, want := sent[2], set.AppendSetClientDHParams(nil); !bytes.Equal(got, want) {
		t.Errorf("set_client_DH_params\n%x, want\n%x", got, want)
	}
}

// TestCapturedExchange is an exchange with a real server, which grammers has published with
// all of its random numbers. Its p_q_inner_data has no DC, which is no longer done.
func TestCapturedExchange(t *testing.T) {
	v := handshakes(t)["grammers-full-flow"]
	sent := replay(t, &v, TelegramTestKeys()[0], v.Step1Response, v.Step2Response, v.Step3Response)
	if !bytes.Equal(sent[0], v.Step1Request) {
		t.Errorf("req_pq_multi %x, want %x", sent[0], v.Step1Request)
	}
	plain := len(v.Step2Request) - rsaSize
	if !bytes.Equal(sent[1][:plain], v.Step2Request[:plain]) {
		t.Errorf("req_DH_params %x, want %x", sent[1][:plain], v.Step2Request[:plain])
	}
	if !bytes.Equal(sent[2], v.Step3Request) {
		t.Errorf("set_client_DH_params\n%x, want\n%x", sent[2], v.Step3Request)
	}
}

// TestOldSample has a generator that does not fit the prime, as Telegram's documentation
// once did. It is refused, but its inner message opens and its hashes are right.
func TestOldSample(t *testing.T) {
	v := handshakes(t)["telegram-old-sample"]
	nonce, serverNonce := tl.Int128(v.Nonce), tl.Int128(v.ServerNonce)
	x := exchange{nonce: nonce, serverNonce: serverNonce, newNonce: tl.Int256(v.NewNonce)}

	plaintext, err := x.openInner(bytes.Clone(v.EncryptedAnswer))
	if err != nil || !bytes.Equal(plaintext, v.AnswerWithHash) {
		t.Fatalf("openInner = %x, %v, want %x", plaintext, err, v.AnswerWithHash)
	}
	inner, n, err := tl.ParseServerDHInnerData(plaintext[20:])
	if err != nil || !checkInner(plaintext, n) || int(inner.G) != v.G {
		t.Errorf("server_DH_inner_data: g = %d, %v, want %d", inner.G, err, v.G)
	}
	key := kdf.AuthKey(v.AuthKey)
	for answer, want := range map[tl.Answer]vectortest.Hex{
		tl.GenOK: v.NewNonceHash1, tl.GenRetry: v.NewNonceHash2, tl.GenFail: v.NewNonceHash3,
	} {
		hash, aux := x.newNonceHash(&key, answer)
		if !bytes.Equal(hash[:], want) || uint64(aux) != binary.LittleEndian.Uint64(v.AuxHash) {
			t.Errorf("new_nonce_hash%d %x, aux_hash %#x, want %x, %x", answer, hash, aux, want, v.AuxHash)
		}
	}

	c := NewClient(ClientOptions{Keys: TelegramKeys()})
	c.x = x
	c.x.state = stateParams
	params := tl.Encrypted{Nonce: nonce, ServerNonce: serverNonce, Data: v.EncryptedAnswer}
	if _, err := c.Step(t.Context(), params.AppendServerDHParams(nil)); err != ErrPeer {
		t.Errorf("g = %d: %v, want %v", v.G, err, ErrPeer)
	}
}

// TestTempKeys opens and seals inner messages with published keys.
func TestTempKeys(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	type vector struct {
		Name        string
		NewNonce    vectortest.Hex `json:"new_nonce"`
		ServerNonce vectortest.Hex `json:"server_nonce"`
		Key         vectortest.Hex `json:"tmp_aes_key"`
		IV          vectortest.Hex `json:"tmp_aes_iv"`
	}
	checked := 0
	for _, v := range vectortest.Read[vector](t, filepath.Join(publishedDir, "handshake_tmp_keys.json")) {
		if len(v.NewNonce) != 32 {
			continue // these are for programs that do not check the length
		}
		checked++
		x := exchange{newNonce: tl.Int256(v.NewNonce), serverNonce: tl.Int128(v.ServerNonce)}
		data := []byte("twelve bytes")
		var sealed []byte
		withRandom(t, func() { sealed = x.sealInner(append(make([]byte, 20, 48), data...)) })
		m := ige.Message{Key: [32]byte(v.Key), IV: [32]byte(v.IV), Dst: make([]byte, 32), Src: sealed}
		if err := m.Decrypt(); err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if hash := sha1.Sum(data); !bytes.Equal(m.Dst, append(hash[:], data...)) {
			t.Errorf("%s: decrypts to %x", v.Name, m.Dst)
		}
	}
	if checked != 3 {
		t.Errorf("%d vectors, want 3", checked)
	}
}

// TestPublishedRSA covers fingerprints, the bare public operation, and RSA_PAD.
func TestPublishedRSA(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	type vector struct {
		Name        string
		N           vectortest.Hex
		Fingerprint vectortest.Hex `json:"fingerprint_le"`
		Plaintext   vectortest.Hex `json:"raw_plaintext"`
		Hash        vectortest.Hex `json:"raw_ciphertext_sha256"`
		Data        vectortest.Hex
		Padding     vectortest.Hex
		TempKey     vectortest.Hex `json:"temp_key"`
		Ciphertext  vectortest.Hex
	}
	var fingerprints, raw, padded int
	for _, v := range vectortest.Read[vector](t, filepath.Join(publishedDir, "rsa.json")) {
		public := rsa.PublicKey{N: new(big.Int).SetBytes(v.N), E: 65537}
		if v.Fingerprint != nil { // of a key with 1024 bits, too
			fingerprints++
			if got, want := uint64(fingerprint(&public)), binary.LittleEndian.Uint64(v.Fingerprint); got != want {
				t.Errorf("%s: fingerprint %#x, want %#x", v.Name, got, want)
			}
		}
		k, err := newPublicKey(&public)
		if len(v.N) != rsaSize {
			if err == nil {
				t.Errorf("%s: %d bytes are accepted", v.Name, len(v.N))
			}
			continue
		} else if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if v.Plaintext != nil {
			raw++
			x := [rsaSize]byte(v.Plaintext)
			if err := k.rsa.Encrypt(&x, &x); err != nil {
				t.Errorf("%s: %v", v.Name, err)
			}
			if got := sha256.Sum256(x[:]); !bytes.Equal(got[:], v.Hash) {
				t.Errorf("%s: hash of the ciphertext %x, want %x", v.Name, got, v.Hash)
			}
		}
		if v.Ciphertext != nil {
			padded++
			var got [rsaSize]byte
			withRandom(t, func() { k.rsaPad(&got, v.Data) }, v.Padding, v.TempKey)
			if !bytes.Equal(got[:], v.Ciphertext) {
				t.Errorf("%s:\n%x, want\n%x", v.Name, got, v.Ciphertext)
			}
		}
	}
	if fingerprints != 3 || raw != 1 || padded != 2 {
		t.Errorf("%d fingerprints, %d bare, %d padded, want 3, 1, 2", fingerprints, raw, padded)
	}
}

// primeOf returns a prime factor of n, given the exponents of a key: the multiple e·d-1 of
// the group's order is 2^s·r, and some power of a random number to 2^i·r is a root of 1 that
// is not ±1.
func primeOf(n *big.Int, e int64, d *big.Int) *big.Int {
	one := big.NewInt(1)
	order := new(big.Int).Mul(d, big.NewInt(e))
	order.Sub(order, one)
	s := order.TrailingZeroBits()
	r := new(big.Int).Rsh(order, s)
	for base := int64(2); ; base++ {
		x := new(big.Int).Exp(big.NewInt(base), r, n)
		for range s {
			p := new(big.Int).GCD(nil, nil, new(big.Int).Sub(x, one), n)
			if p.Cmp(one) > 0 && p.Cmp(n) < 0 {
				return p
			}
			x.Mul(x, x).Mod(x, n)
		}
	}
}

// TestRSAPadVectors seals and opens what another program has sealed.
func TestRSAPadVectors(t *testing.T) {
	type vector struct {
		Name       string
		N          vectortest.Hex
		E          int64
		D          vectortest.Hex `json:"d_private"`
		Data       vectortest.Hex
		Padding    vectortest.Hex
		TempKey    vectortest.Hex   `json:"temp_key"`
		Rejected   []vectortest.Hex `json:"rejected_temp_keys"`
		Ciphertext vectortest.Hex
	}
	rejected := 0
	for _, v := range vectortest.Read[vector](t, filepath.Join("testdata", "rsa_pad_generated.json")) {
		n, d := new(big.Int).SetBytes(v.N), new(big.Int).SetBytes(v.D)
		p := primeOf(n, v.E, d)
		private := &rsa.PrivateKey{
			PublicKey: rsa.PublicKey{N: n, E: int(v.E)}, D: d,
			Primes: []*big.Int{p, new(big.Int).Div(n, p)},
		}
		private.Precompute()
		key, err := newPrivateKey(private)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		random := [][]byte{v.Padding}
		for _, r := range v.Rejected {
			rejected++
			random = append(random, r)
		}
		var got [rsaSize]byte
		withRandom(t, func() { key.PublicKey().rsaPad(&got, v.Data) }, append(random, v.TempKey)...)
		if !bytes.Equal(got[:], v.Ciphertext) {
			t.Errorf("%s:\n%x, want\n%x", v.Name, got, v.Ciphertext)
		}
		var padded [paddedSize]byte
		err = key.openRSAPad(&padded, v.Ciphertext)
		if want := slices.Concat(v.Data, v.Padding); err != nil || !bytes.Equal(padded[:], want) {
			t.Errorf("%s: opens to %x, %v, want %x", v.Name, padded, err, want)
		}
	}
	if rejected < 2 {
		t.Errorf("%d temporary keys were rejected, want 2 or more", rejected)
	}
}

// TestBindVector opens what another program has sealed.
func TestBindVector(t *testing.T) {
	type vector struct {
		Name      string
		PermKey   vectortest.Hex `json:"perm_key"`
		Random    vectortest.Hex `json:"random16"`
		MsgID     vectortest.Hex `json:"msg_id"`
		Inner     vectortest.Hex
		Padding   vectortest.Hex
		Encrypted vectortest.Hex `json:"encrypted_message"`
	}
	for _, v := range vectortest.Read[vector](t, filepath.Join("testdata", "bind_temp_auth_key.json")) {
		perm := kdf.AuthKey(v.PermKey)
		inner, err := tl.ParseBindAuthKeyInner(v.Inner)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		b := Binding{
			Nonce: inner.Nonce, SessionID: inner.TempSessionID,
			MsgID: int64(binary.LittleEndian.Uint64(v.MsgID)), ExpiresAt: time.Unix(int64(inner.ExpiresAt), 0),
		}
		made := b.inner(&perm, inner.TempKeyID)
		var got []byte
		withRandom(t, func() { got, err = sealBinding(&perm, b.MsgID, &made) }, v.Random, v.Padding)
		if err != nil || !bytes.Equal(got, v.Encrypted) {
			t.Errorf("%s:\n%x, %v, want\n%x", v.Name, got, err, v.Encrypted)
		}
	}
}
