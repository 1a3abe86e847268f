package main

// teamgram is github.com/teamgram/proto, the messages and the crypto of a server, under the
// Apache License. Its exchange is in the application, which is another repository.
var teamgram = client{
	name:   "teamgram/proto",
	module: "github.com/teamgram/proto",
	tried:  []string{"v0.223.1"},
	rewrites: []rewrite{
		// Messages. The server's are those for which calcX is 8.
		{
			dirs:  []string{"mtproto/crypto"},
			fn:    "AuthKey.prepareAES",
			known: []string{"2df90e21e043a2fd"},
			sig:   "(msgKey []byte, incoming bool) ([]byte, []byte)",
			body: `
				var key, iv [32]byte
				adapter.Keys(&key, &iv, adapter.AuthKey(k.authKey), (*[16]byte)(msgKey), k.calcX(incoming) == 8)
				return key[:], iv[:]`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"mtproto/crypto"},
			fn:    "AuthKey.prepareAESV1",
			known: []string{"03ac856fe6632675"},
			sig:   "(msgKey []byte, incoming bool) ([]byte, []byte)",
			body: `
				var key, iv [32]byte
				adapter.KeysV1(&key, &iv, adapter.AuthKey(k.authKey), (*[16]byte)(msgKey), k.calcX(incoming) == 8)
				return key[:], iv[:]`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"mtproto/crypto"},
			fn:      "AES256IGECryptor.Encrypt",
			known:   []string{"1df5897234e5355b"},
			sig:     "(data []byte) ([]byte, error)",
			edits:   []edit{{"	var t, x, y [aes.BlockSize]byte\n", whole256("Encrypt")}},
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"mtproto/crypto"},
			fn:      "AES256IGECryptor.Decrypt",
			known:   []string{"a38a195fc4d0ea6f"},
			sig:     "(data []byte) ([]byte, error)",
			edits:   []edit{{"	var t, x, y [aes.BlockSize]byte\n", whole256("Decrypt")}},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"mtproto/crypto"},
			fn:    "AuthKey.AesIgeDecrypt",
			known: []string{"f25e1d168fe29627"},
			sig:   "(msgKey, rawData []byte) ([]byte, error)",
			// Its errors had the AES key and half of what the auth key hashes with.
			body: `
				if len(msgKey) < 16 {
					return nil, adapter.ErrDecrypt
				}
				x, err := adapter.Open(adapter.AuthKey(k.authKey), k.calcX(false) == 8, (*[16]byte)(msgKey), rawData)
				if err != nil {
					return nil, err
				}
				if len(x) < 32 || uint64(binary.LittleEndian.Uint32(x[28:])) > uint64(len(x)-32) {
					return nil, adapter.ErrDecrypt
				}
				return x, nil`,
			imports: []string{adapterPath, "encoding/binary"},
		},
		{
			dirs:  []string{"mtproto/crypto"},
			fn:    "AuthKey.AesIgeDecryptV1",
			known: []string{"79e1f9775d7e1b6a"},
			sig:   "(msgKey, rawData []byte) ([]byte, error)",
			body: `
				if len(msgKey) < 16 || len(rawData) < 32 || len(rawData)%16 != 0 {
					return nil, adapter.ErrDecrypt
				}
				aesKey, aesIV := k.prepareAESV1(msgKey, false)
				x := make([]byte, len(rawData))
				adapter.DecryptIGE(aesKey, aesIV, x, rawData)
				n := uint64(binary.LittleEndian.Uint32(x[28:])) + 32
				if n > uint64(len(x)) {
					return nil, adapter.ErrDecrypt
				}
				want := adapter.MessageKeyV1(x[:n])
				if subtle.ConstantTimeCompare(want[:], msgKey[:16]) != 1 {
					return nil, adapter.ErrDecrypt
				}
				return x, nil`,
			imports: []string{adapterPath, "crypto/subtle", "encoding/binary"},
		},

		// The exchange of an authorization key.
		{
			dirs:    []string{"mtproto/crypto"},
			fn:      "RSACryptor.Decrypt",
			known:   []string{"c70e34b485ed0aed"},
			sig:     "(b []byte) []byte",
			body:    `return adapter.Exp(new(big.Int).SetBytes(b), m.key.D, m.key.N).Bytes()`,
			imports: []string{adapterPath, "math/big"},
		},
		{
			dirs:    []string{"mtproto/crypto"},
			fn:      "isGoodPrime",
			known:   []string{"0b5ac306c1a49c46"},
			sig:     "(prime []byte, g int) bool",
			body:    `return adapter.CheckGroup(prime, g) == nil`,
			imports: []string{adapterPath},
		},

		// Passwords.
		{
			dirs:    []string{"mtproto/crypto"},
			fn:      "SRPUtil.CalcSRPB",
			known:   []string{"f9ec4b8ee4d7f337"},
			sig:     "(vBytes []byte) ([]byte, []byte)",
			edits:   []edit{{"new(big.Int).Exp(m.g, b, m.p)", "adapter.Exp(m.g, b, m.p)"}},
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"mtproto/crypto"},
			fn:      "SRPUtil.CalcSRPB2",
			known:   []string{"d3805d614a24742c"},
			sig:     "(bNonce, vBytes []byte) []byte",
			edits:   []edit{{"new(big.Int).Exp(m.g, b, m.p)", "adapter.Exp(m.g, b, m.p)"}},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"mtproto/crypto"},
			fn:    "SRPUtil.CalcM",
			known: []string{"e45671d01a82700a"},
			sig:   "(newSalt1, vBytes, srpA, srpb, srpB []byte) []byte",
			edits: []edit{
				{"new(big.Int).Exp(new(big.Int).Mod(", "adapter.Exp(new(big.Int).Mod("},
				{"new(big.Int).Exp(v, u, m.p)", "adapter.Exp(v, u, m.p)"},
			},
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"mtproto/crypto"},
			fn:      "SRPUtil.GetV",
			known:   []string{"0510abc9b79e0f4c"},
			sig:     "(newSalt1, passwordBytes []byte) *big.Int",
			edits:   []edit{{"new(big.Int).Exp(m.g, x, m.p)", "adapter.Exp(m.g, x, m.p)"}},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"mtproto/crypto"},
			fn:    "SRPUtil.CalcClientM",
			known: []string{"1fda18a4bab2a966"},
			sig:   "(newSalt1, xBytes, srpB []byte) ([]byte, []byte)",
			edits: []edit{
				{"new(big.Int).Exp(m.g, a, m.p)", "adapter.Exp(m.g, a, m.p)"},
				{"new(big.Int).Exp(m.g, x, m.p)", "adapter.Exp(m.g, x, m.p)"},
				{"new(big.Int).Exp(BKgx, ", "adapter.Exp(BKgx, "},
			},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"mtproto/crypto"},
			fn:    "SRPUtil.CalcClientM2",
			known: []string{"51b513a669ce204f"},
			sig:   "(newSalt1, aBytes, ABytes, xBytes, srpB []byte) []byte",
			edits: []edit{
				{"new(big.Int).Exp(m.g, x, m.p)", "adapter.Exp(m.g, x, m.p)"},
				{"new(big.Int).Exp(BKgx, ", "adapter.Exp(BKgx, "},
			},
			imports: []string{adapterPath},
		},
	},
}

// whole256 takes keys of 32 bytes, once what is wrong has been refused. Those of 16 and 24
// stay where they are.
func whole256(direction string) string {
	return `	if len(c.aesKey) == 32 && len(c.aesIV) >= 32 {
		out := make([]byte, len(data))
		adapter.` + direction + `IGE(c.aesKey, c.aesIV[:32], out, data)
		return out, nil
	}
	var t, x, y [aes.BlockSize]byte
`
}
