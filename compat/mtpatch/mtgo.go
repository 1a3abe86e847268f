package main

// mtgo is github.com/mtgo-labs/mtgo, a client under the Apache License. Its blocks of AES
// may have keys of 16 and 24 bytes, which stay with it.
var mtgo = client{
	name:   "mtgo",
	module: "github.com/mtgo-labs/mtgo",
	tried:  []string{"v0.20.0"},
	rewrites: []rewrite{
		// Messages.
		{
			dirs:  []string{"internal/crypto"},
			fn:    "IGEEncrypt",
			known: []string{"c6abed6b8db9fd64"},
			sig:   "(data, key, iv []byte) ([]byte, error)",
			edits: []edit{{"	block, err := GetAESBlock(key)\n", `	if len(key) == 32 && len(iv) >= 32 {
		result := getAESBuf(len(data))
		adapter.EncryptIGE(key, iv[:32], result, data)
		return result, nil
	}
	block, err := GetAESBlock(key)
`}},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/crypto"},
			fn:    "IGEDecrypt",
			known: []string{"5a6b88b7e6eb9774"},
			sig:   "(data, key, iv []byte) ([]byte, error)",
			edits: []edit{{"	block, err := GetAESBlock(key)\n", `	if len(key) == 32 && len(iv) >= 32 {
		result := getAESBuf(len(data))
		adapter.DecryptIGE(key, iv[:32], result, data)
		return result, nil
	}
	block, err := GetAESBlock(key)
`}},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/crypto"},
			fn:    "KDF",
			known: []string{"f2e16f928e11863d"},
			sig:   "(authKey, msgKey []byte, outgoing bool) (aesKey, aesIV [32]byte)",
			body: `
				adapter.Keys(&aesKey, &aesIV, (*[256]byte)(authKey), (*[16]byte)(msgKey), !outgoing)
				return aesKey, aesIV`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/crypto"},
			fn:    "UnpackEnvelope",
			known: []string{"185d1b58566b5f29"},
			sig:   "(data []byte, sessionID, authKey, authKeyID []byte) (*tg.MTProtoMessageRaw, []byte, error)",
			// One pass that decrypts and hashes in place of two.
			edits: []edit{
				{"	keyArr, ivArr := KDF(authKey, msgKey, false)\n", ""},
				{`decrypted, err := IGEDecrypt(encrypted, keyArr[:], ivArr[:])
	if err != nil {
		return nil, nil, err
	}`, `decrypted, err := adapter.Open((*[256]byte)(authKey), true, (*[16]byte)(msgKey), encrypted)
	if err != nil {
		return nil, nil, &tgerr.SecurityCheckMismatch{Name: "msg_key check failed"}
	}`},
				{`	hc := sha256.New()
	hc.Write(authKey[96:128])
	hc.Write(decrypted)
	var msgKeyCheck [32]byte
	hc.Sum(msgKeyCheck[:0])
	if subtle.ConstantTimeCompare(msgKey, msgKeyCheck[8:24]) != 1 {
		ReleaseAESBuf(decrypted)
		return nil, nil, &tgerr.SecurityCheckMismatch{Name: "msg_key check failed"}
	}
`, ""},
			},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/crypto"},
			fn:    "secretKDF",
			known: []string{"6fbc83f744f97ffe"},
			sig:   "(key, msgKey []byte, x int) (aesKey, aesIV [32]byte)",
			body: `
				adapter.Keys(&aesKey, &aesIV, (*[256]byte)(key), (*[16]byte)(msgKey), x == 8)
				return aesKey, aesIV`,
			imports: []string{adapterPath},
		},

		// Diffie-Hellman, of secret chats and of the login.
		{
			dirs:    []string{"internal/crypto"},
			fn:      "ComputeGA",
			known:   []string{"ebc355b2271ab889"},
			sig:     "(g int32, a *big.Int, dhPrime *big.Int) *big.Int",
			body:    `return adapter.Exp(big.NewInt(int64(g)), a, dhPrime)`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"internal/crypto"},
			fn:      "ComputeSharedKey",
			known:   []string{"20292ef937e894c0"},
			sig:     "(gaOrB, secret *big.Int, dhPrime *big.Int) []byte",
			edits:   []edit{{"new(big.Int).Exp(", "adapter.Exp("}},
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"internal/crypto"},
			fn:      "ValidateDHPrime",
			known:   []string{"1b0ea0970a1b133c"},
			sig:     "(p *big.Int) bool",
			body:    `return p.BitLen() == 2048 && adapter.CheckSafePrime(p) == nil`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/crypto"},
			fn:    "Decompose",
			known: []string{"e3d1aca565d486d2"},
			sig:   "(pq int64) int64",
			body: `
				if pq > 3 && pq%2 == 0 {
					return 2
				}
				p, _, err := adapter.DecomposePQ(big.NewInt(max(pq, 0)))
				if err != nil {
					return 0
				}
				return p.Int64()`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"internal/session"},
			fn:      "computeAuthKey",
			known:   []string{"b85ab23aff241bcf"},
			sig:     "(gA, b, dhPrime *big.Int) []byte",
			edits:   []edit{{"new(big.Int).Exp(", "adapter.Exp("}},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/session"},
			fn:    "Auth.createKey",
			known: []string{"1ca2803eb9402d44"},
			sig:   "(conn authTransport, tempExpiresIn int32) (*AuthResult, error)",
			edits: []edit{
				{"new(big.Int).Exp(gA, halfPrime, ", "adapter.Exp(gA, halfPrime, "},
				{"gB := new(big.Int).Exp(", "gB := adapter.Exp("},
				{"gB = new(big.Int).Exp(", "gB = adapter.Exp("},
			},
			imports: []string{adapterPath},
		},

		// Passwords.
		{
			dirs:    []string{"internal/crypto"},
			fn:      "ValidateSRPPrime",
			known:   []string{"fe777624572151e4"},
			sig:     "(p *big.Int) bool",
			body:    `return p.BitLen() == 2048 && adapter.CheckSafePrime(p) == nil`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"internal/crypto"},
			fn:    "ComputeSRP",
			known: []string{"685c76172cec99e7"},
			sig:   "(salt1, salt2 []byte, g *big.Int, p *big.Int, srpB []byte, srpID int64, password string) (*SRPResult, error)",
			edits: []edit{
				{"new(big.Int).Exp(g, x, p)", "adapter.Exp(g, x, p)"},
				{"new(big.Int).Exp(g, a, p)", "adapter.Exp(g, a, p)"},
				{"new(big.Int).Exp(gB, ax, p)", "adapter.Exp(gB, ax, p)"},
			},
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"telegram"},
			fn:      "computeNewPasswordHash",
			known:   []string{"ce826ab99c20c6f6"},
			sig:     "(algo *tg.PasswordKdfAlgoSha256sha256pbkdf2hmacsha512iter100000sha256modPow, password string) ([]byte, *tg.PasswordKdfAlgoSha256sha256pbkdf2hmacsha512iter100000sha256modPow, error)",
			edits:   []edit{{"new(big.Int).Exp(g, x, p)", "adapter.Exp(g, x, p)"}},
			imports: []string{adapterPath},
		},
	},
}
