package main

// gogram is github.com/amarnathcjd/gogram, whose licence is the GPL: nothing of it is here
// but names, and the tokens by which a place to edit is found.
var gogram = client{
	name:   "gogram",
	module: "github.com/amarnathcjd/gogram",
	tried:  []string{"v1.7.6", "v1.7.7"},
	rewrites: []rewrite{
		// Keys of messages.
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "MessageKey",
			known: []string{"0d3c2b17c3e6c9cd"},
			sig:   "(authKey, msgPadded []byte, decode bool) []byte",
			body: `
				key := adapter.MessageKey(adapter.AuthKey(authKey), msgPadded, decode)
				return key[:]`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "aesKeys",
			known: []string{"8d4b2f2da19850d5"},
			sig:   "(msgKey, authKey []byte, decode bool) (aesKey, aesIv [32]byte)",
			body: `
				adapter.Keys(&aesKey, &aesIv, adapter.AuthKey(authKey), (*[16]byte)(msgKey), decode)
				return aesKey, aesIv`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "aesKeysV1",
			known: []string{"de5d5c3ea892b2ae"},
			sig:   "(msgKey, authKey []byte, decode bool) (aesKey, aesIv [32]byte)",
			body: `
				adapter.KeysV1(&aesKey, &aesIv, adapter.AuthKey(authKey), (*[16]byte)(msgKey), decode)
				return aesKey, aesIv`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "computeSecretChatAesKeyIV",
			known: []string{"25a2883e3b4510f1"},
			sig:   "(msgKey, key []byte, isOriginator bool) (aesKey, aesIV []byte)",
			body: `
				var k, v [32]byte
				adapter.Keys(&k, &v, adapter.AuthKey(key), (*[16]byte)(msgKey), !isOriginator)
				return k[:], v[:]`,
			imports: []string{adapterPath},
		},

		// Messages to and from the server.
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "encrypt",
			known: []string{"2cd91cf533e11027"},
			sig:   "(msg, authKey []byte, decode bool) (out, msgKey []byte, _ error)",
			body: `
				var keyID [8]byte // which the caller puts in front
				buf := make([]byte, adapter.HeaderSize+len(msg), adapter.HeaderSize+len(msg)+adapter.MaxPadding)
				copy(buf[adapter.HeaderSize:], msg)
				packet, err := adapter.Seal(buf, &keyID, adapter.AuthKey(authKey), decode, rand.Reader)
				if err != nil {
					return nil, nil, err
				}
				return packet[adapter.HeaderSize:], packet[len(keyID):adapter.HeaderSize], nil`,
			imports: []string{adapterPath, "crypto/rand"},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "decrypt",
			known: []string{"8787b3d6d2a55bbd"},
			sig:   "(msg, authKey, msgKey []byte, decode bool) ([]byte, error)",
			// It checks msg_key, which the caller did.
			body: `
				if len(msgKey) != 16 {
					return nil, adapter.ErrDecrypt
				}
				return adapter.Open(adapter.AuthKey(authKey), decode, (*[16]byte)(msgKey), msg)`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/mtproto/messages"},
			fn:    "DeserializeEncrypted",
			known: []string{"0cd0a7349a9621f7"},
			sig:   "(data, authKey []byte) (*Encrypted, error)",
			edits: []edit{
				{"	msg := new(Encrypted)\n", "	if len(data) < adapter.HeaderSize {\n		return nil, errors.New(\"message is shorter than its header\")\n	}\n	msg := new(Encrypted)\n"},
				{"if len(decrypted) < int(messageLen)-(tl.LongLen+tl.LongLen+tl.LongLen+tl.WordLen+tl.WordLen) {",
					"if padding := len(decrypted) - 32 - int(messageLen); messageLen < 0 || padding < 12 || padding > 1024 {"},
				{"ige.MessageKey(authKey, decrypted, true)", "msg.MsgKey"}, // Decrypt has compared it.
			},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "encryptV1",
			known: []string{"3d4ec02783a484e0"},
			sig:   "(plaintext, authKey []byte, decode bool) (out, msgKey []byte, _ error)",
			body: `
				m := adapter.MessageKeyV1(plaintext)
				key, iv := aesKeysV1(m[:], authKey, decode)
				out = make([]byte, (len(plaintext)+15)&^15)
				if _, err := rand.Read(out[copy(out, plaintext):]); err != nil {
					return nil, nil, err
				}
				adapter.EncryptIGE(key[:], iv[:], out, out)
				return out, m[:], nil`,
			imports: []string{adapterPath, "crypto/rand"},
		},

		// Secret chats.
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "EncryptMessageMTProto",
			known: []string{"0010a0898b82d867", "d99debc44bd5754f"},
			sig:   "(key []byte, plaintext []byte, isOriginator bool) (msgKey []byte, encrypted []byte, err error)",
			body: `
				if len(key) != 256 {
					return nil, nil, fmt.Errorf("key has %d bytes, not 256", len(key))
				}
				var keyID [8]byte // which the caller puts in front
				n := adapter.HeaderSize + 4 + len(plaintext)
				buf := make([]byte, n, n+adapter.MaxPadding)
				binary.LittleEndian.PutUint32(buf[adapter.HeaderSize:], uint32(len(plaintext)))
				copy(buf[adapter.HeaderSize+4:], plaintext)
				packet, err := adapter.Seal(buf, &keyID, (*[256]byte)(key), !isOriginator, rand.Reader)
				if err != nil {
					return nil, nil, err
				}
				return packet[len(keyID):adapter.HeaderSize], packet[adapter.HeaderSize:], nil`,
			imports: []string{adapterPath, "crypto/rand", "encoding/binary", "fmt"},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "DecryptMessageMTProto",
			known: []string{"6b25369325678611", "5a2bdcebce901c11"},
			sig:   "(key []byte, msgKey []byte, encrypted []byte, isOriginator bool) (plaintext []byte, err error)",
			// Padding of 1024 bytes is the most, and stock gogram rounds up after that.
			body: `
				if len(key) != 256 {
					return nil, ErrKeySize
				}
				if len(msgKey) != 16 {
					return nil, ErrMsgKeySize
				}
				padded, err := adapter.Open((*[256]byte)(key), !isOriginator, (*[16]byte)(msgKey), encrypted)
				if err != nil {
					return nil, err
				}
				n := uint64(binary.LittleEndian.Uint32(padded))
				if padding := uint64(len(padded)) - 4 - n; n > uint64(len(padded)) || padding < 12 || padding > 1024+15 {
					return nil, fmt.Errorf("length %d in a message of %d bytes", n, len(padded))
				}
				return padded[4 : 4+n : 4+n], nil`,
			imports: []string{adapterPath, "encoding/binary", "fmt"},
		},
		{
			dirs:    []string{"telegram/e2e"},
			fn:      "DH.GenerateKey",
			known:   []string{"609b06cb8c2a6dd3", "6e95db7fe210775c"},
			sig:     "(extraEntropy []byte) error",
			oldSigs: []string{"() error"},
			edits:   []edit{{"new(big.Int).Exp(g, ", "adapter.Exp(g, "}},
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"telegram/e2e"},
			fn:      "DH.ComputeSharedKey",
			known:   []string{"9daaa8331b677333", "08130b418a0ab627"},
			sig:     "(otherPublicKey []byte) error",
			edits:   []edit{{"new(big.Int).Exp(", "adapter.Exp("}},
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"telegram/e2e"},
			fn:      "IsSafePrime",
			known:   []string{"48c513c7b78ba1c7", "e0533d655b6fbcbc"},
			sig:     "(p *big.Int, g int32) bool",
			body:    `return p.Sign() > 0 && adapter.CheckGroup(p.Bytes(), int(g)) == nil`,
			imports: []string{adapterPath},
		},

		// The exchange of an authorization key.
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "generateTempKeys",
			known: []string{"84099d8e31e8aae5"},
			sig:   "(nonceSecond, nonceServer *big.Int) (key, iv []byte, err error)",
			body: `
				if nonceSecond == nil || nonceServer == nil {
					return nil, nil, errors.New("a nonce is nil")
				}
				key, iv = adapter.TempKeys(nonceSecond, nonceServer)
				return key, iv, nil`,
			imports: []string{adapterPath, "errors"},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "DecryptMessageWithTempKeys",
			known: []string{"c6a6a77fe39e0b94"},
			sig:   "(msg []byte, nonceSecond, nonceServer *big.Int) ([]byte, error)",
			body: `
				key, iv, err := generateTempKeys(nonceSecond, nonceServer)
				if err != nil {
					return nil, err
				}
				return adapter.DecryptAnswer(msg, key, iv)`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "EncryptMessageWithTempKeys",
			known: []string{"d22d0d3380dd7094"},
			sig:   "(msg []byte, nonceSecond, nonceServer *big.Int) ([]byte, error)",
			body: `
				key, iv, err := generateTempKeys(nonceSecond, nonceServer)
				if err != nil {
					return nil, err
				}
				return adapter.EncryptAnswer(rand.Reader, msg, key, iv)`,
			imports: []string{adapterPath, "crypto/rand"},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "doAES256IGEencrypt",
			known: []string{"1d0ccffaafe8f20e"},
			sig:   "(data, out, key, iv []byte) error",
			body: `
				if err := isCorrectData(data); err != nil {
					return err
				}
				adapter.EncryptIGE(key, iv, out, data)
				return nil`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "doAES256IGEdecrypt",
			known: []string{"e653436c21a9ac34"},
			sig:   "(data, out, key, iv []byte) error",
			body: `
				if err := isCorrectData(data); err != nil {
					return err
				}
				adapter.DecryptIGE(key, iv, out, data)
				return nil`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/math"},
			fn:    "DoRSAencrypt",
			known: []string{"d537c91f45ef953f"},
			sig:   "(block []byte, key *rsa.PublicKey) ([]byte, error)",
			body: `
				if len(block) != 255 {
					return nil, fmt.Errorf("block of %d bytes, not 255", len(block))
				}
				return adapter.Exp(new(big.Int).SetBytes(block), big.NewInt(int64(key.E)), key.N).FillBytes(make([]byte, 256)), nil`,
			imports: []string{adapterPath, "fmt", "math/big"},
		},
		{
			dirs:     []string{"internal/math"},
			fn:       "DoRSAPad",
			known:    []string{"96e07b1b2e817983"},
			sig:      "(data []byte, key *rsa.PublicKey) ([]byte, error)",
			body:     `return adapter.RSAPad(data, key, rand.Reader)`,
			imports:  []string{adapterPath, "crypto/rand"},
			optional: true, // since v1.7.7
		},
		{
			dirs:  []string{"internal/math"},
			fn:    "MakeGAB",
			known: []string{"fb1b858f46d52bda"},
			sig:   "(g int32, g_a, dh_prime *big.Int) (b, g_b, g_ab *big.Int)",
			edits: []edit{
				{"big.NewInt(0).Exp(big.NewInt(int64(g)),", "adapter.Exp(big.NewInt(int64(g)),"},
				{"big.NewInt(0).Exp(g_a,", "adapter.Exp(g_a,"},
			},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/math"},
			fn:    "ValidateDHParams",
			known: []string{"e465d2eca992fece"},
			sig:   "(g int32, g_a, dh_prime *big.Int) error",
			body: `
				if dh_prime == nil || g_a == nil {
					return fmt.Errorf("dh: nil parameter")
				}
				if err := adapter.CheckGroup(dh_prime.Bytes(), int(g)); err != nil {
					return err
				}
				return ValidateGB(g_a, dh_prime)`,
			imports: []string{adapterPath, "fmt"},
		},
		{
			dirs:  []string{"internal/math"},
			fn:    "ValidateGB",
			known: []string{"ac6821c15185826b"},
			sig:   "(g_b, dh_prime *big.Int) error",
			body: `
				if g_b == nil || dh_prime == nil {
					return fmt.Errorf("dh: nil parameter")
				}
				least := new(big.Int).Lsh(big.NewInt(1), 1984)
				if g_b.Cmp(least) < 0 || g_b.Cmp(new(big.Int).Sub(dh_prime, least)) > 0 {
					return fmt.Errorf("dh: public value out of range")
				}
				return nil`,
			imports: []string{"fmt", "math/big"},
		},
		{
			dirs:  []string{"internal/math"},
			fn:    "Factorize",
			known: []string{"85f0becae5b7a482"},
			sig:   "(pq *big.Int) (*big.Int, *big.Int)",
			body: `
				p, q, err := adapter.DecomposePQ(pq)
				if err != nil {
					return nil, nil
				}
				return p, q`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"."},
			fn:    "MTProto.makeAuthKeyOnce",
			known: []string{"2f4bc754f93a3b97", "9110ddc0fa24d5a3"},
			sig:   "(expiresIn int32) error",
			edits: []edit{
				// SplitPQ goes on for ever with a prime.
				{"p, q = math.SplitPQ(pq)", "return errors.New(\"reqPQ: pq is not the product of two primes\")"},
				// Numbers lose their zeros on the left.
				{"gAB.Bytes()", "gAB.FillBytes(make([]byte, 256))"},
				{"authKey[0] == 0", "len(authKey) > 256"},
				{"copy(t4[0:], nonceSecond.Bytes())", "nonceSecond.Int.FillBytes(t4[:32])"},
				{"nonceSecond.Bytes()[:8]", "nonceSecond.Int.FillBytes(make([]byte, 32))[:8]"},
				{"nonceServer.Bytes()[:8]", "nonceServer.Int.FillBytes(make([]byte, 16))[:8]"},
				{"bytes.Equal(nonceHash1, dhg.NewNonceHash1.Bytes())", "bytes.Equal(nonceHash1, dhg.NewNonceHash1.Int.FillBytes(make([]byte, 16)))"},
			},
		},

		// Passwords.
		{
			dirs:  []string{"internal/aes_ige"},
			fn:    "GetInputCheckPassword",
			known: []string{"50c118382a4ffe3a"},
			sig:   "(password string, srpB []byte, mp *ModPow, random []byte) (*SrpAnswer, error)",
			body: `
				if password == "" {
					return nil, nil
				}
				a, m1, err := adapter.SRP([]byte(password), mp.Salt1, mp.Salt2, mp.P, int(mp.G), srpB, random)
				if err != nil {
					return nil, err
				}
				return &SrpAnswer{GA: a, M1: m1}, nil`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"internal/aes_ige"},
			fn:      "BigExp",
			known:   []string{"1aeb05591eb9b041"},
			sig:     "(x, y, m *big.Int) *big.Int",
			body:    `return adapter.Exp(x, y, m)`,
			imports: []string{adapterPath},
		},
	},
}
