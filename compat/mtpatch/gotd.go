package main

// gotd is github.com/gotd/td. Signatures and fields have not changed from v0.84 to v0.162;
// bodies have, once to three times each.
var gotd = client{
	name:   "gotd/td",
	module: "github.com/gotd/td",
	tried:  []string{"v0.140.0", "v0.150.0", "v0.161.0", "v0.162.0"},
	rewrites: []rewrite{
		// Keys of messages.
		{
			dirs:    []string{"crypto"},
			fn:      "MessageKey",
			known:   []string{"6d9c26b785a90a4a"},
			sig:     "(authKey Key, plaintextPadded []byte, mode Side) bin.Int128",
			body:    `return adapter.MessageKey((*[256]byte)(&authKey), plaintextPadded, mode == Server)`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"crypto"},
			fn:    "Keys",
			known: []string{"018df922b654890b"},
			sig:   "(authKey Key, msgKey bin.Int128, mode Side) (key, iv bin.Int256)",
			body: `
				adapter.Keys((*[32]byte)(&key), (*[32]byte)(&iv), (*[256]byte)(&authKey), (*[16]byte)(&msgKey), mode == Server)
				return key, iv`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"crypto"},
			fn:      "MessageKeyV1",
			known:   []string{"6f9be190e1472203"},
			sig:     "(plaintext []byte) (v bin.Int128)",
			body:    `return adapter.MessageKeyV1(plaintext)`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"crypto"},
			fn:    "KeysV1",
			known: []string{"3d9821373c931146"},
			sig:   "(authKey Key, msgKey bin.Int128) (key, iv bin.Int256)",
			body: `
				adapter.KeysV1((*[32]byte)(&key), (*[32]byte)(&iv), (*[256]byte)(&authKey), (*[16]byte)(&msgKey), false)
				return key, iv`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"crypto"},
			fn:    "OldKeys",
			known: []string{"35634e4bd6e12912"},
			sig:   "(authKey Key, msgKey bin.Int128, mode Side) (key, iv bin.Int256)",
			body: `
				adapter.KeysV1((*[32]byte)(&key), (*[32]byte)(&iv), (*[256]byte)(&authKey), (*[16]byte)(&msgKey), mode == Server)
				return key, iv`,
			imports: []string{adapterPath},
		},

		// Messages.
		{
			dirs:  []string{"crypto"},
			fn:    "Cipher.Encrypt",
			known: []string{"90d56ad6aeb39513"},
			sig:   "(key AuthKey, data EncryptedMessageData, b *bin.Buffer) error",
			body: `
				b.Reset()
				b.Put(make([]byte, adapter.HeaderSize))
				if err := data.EncodeWithoutCopy(b); err != nil {
					return err
				}
				packet, err := adapter.Seal(b.Buf, &key.ID, (*[256]byte)(&key.Value), c.encryptSide == Server, c.rand)
				if err != nil {
					return err
				}
				b.Buf = packet
				return nil`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"crypto"},
			fn:    "Cipher.decryptMessage",
			known: []string{"f9ccc3c69518b712", "c594800382e8cba9"},
			sig:   "(k AuthKey, encrypted *EncryptedMessage) ([]byte, error)",
			body: `
				if k.ID != encrypted.AuthKeyID {
					return nil, adapter.ErrDecrypt
				}
				return adapter.Open((*[256]byte)(&k.Value), c.encryptSide.DecryptSide() == Server,
					(*[16]byte)(&encrypted.MsgKey), encrypted.EncryptedData)`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"crypto"},
			fn:    "Cipher.Decrypt",
			known: []string{"4bf0bc48be6ce60d"},
			sig:   "(k AuthKey, encrypted *EncryptedMessage) (*EncryptedMessageData, error)",
			// decryptMessage has compared msg_key, in the pass that decrypts. Padding that is
			// too short is refused as well.
			edits: []edit{
				{"	side := c.encryptSide.DecryptSide()\n", ""},
				{"	msgKey := MessageKey(k.Value, plaintext, side)\n", ""},
				{"	if msgKey != encrypted.MsgKey {\n		return nil, errors.New(\"msg_key is invalid\")\n	}\n", ""},
				{"case paddingLen > maxPadding:", "case paddingLen < 12, paddingLen > maxPadding:"},
				{"padding %d of message is too big", "padding %d of message is out of range"},
			},
		},

		// Messages that do not get shorter are not compressed, which gotd/td has planned.
		{
			dirs:    []string{"mtproto"},
			fn:      "Conn.newEncryptedMessage",
			known:   []string{"bc7ab962c09315e4", "03757dd03a745ce2", "80143cfe53a2c3df"},
			sig:     "(id int64, seq int32, payload bin.Encoder, b *bin.Buffer) error",
			edits:   []edit{{"payloadBuf.Len() > c.compressThreshold {", "payloadBuf.Len() > c.compressThreshold && adapter.Compressible(payloadBuf.Raw()) {"}},
			imports: []string{adapterPath},
		},

		// The exchange of an authorization key.
		{
			dirs:    []string{"crypto"},
			fn:      "checkPrime",
			known:   []string{"6da156c5322f6536"},
			sig:     "(p *big.Int) error",
			body:    `return adapter.CheckSafePrime(p)`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"crypto"},
			fn:      "DecomposePQ",
			known:   []string{"61af0d9534df5b8f"},
			sig:     "(pq *big.Int, randSource io.Reader) (p, q *big.Int, err error)",
			body:    `return adapter.DecomposePQ(pq)`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"crypto"},
			fn:      "RSAPad",
			known:   []string{"c38fa47d7465e44f"},
			sig:     "(data []byte, key *rsa.PublicKey, randomSource io.Reader) ([]byte, error)",
			body:    `return adapter.RSAPad(data, key, randomSource)`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"crypto"},
			fn:      "DecodeRSAPad",
			known:   []string{"4c7693df1365d70f"},
			sig:     "(data []byte, key *rsa.PrivateKey) ([]byte, error)",
			body:    `return adapter.DecodeRSAPad(data, key)`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"crypto"},
			fn:      "TempAESKeys",
			known:   []string{"9677ce30a637cca9", "b10e36499a8d3c46"},
			sig:     "(newNonce, serverNonce *big.Int) (key, iv []byte)",
			body:    `return adapter.TempKeys(newNonce, serverNonce)`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"crypto"},
			fn:      "DecryptExchangeAnswer",
			known:   []string{"b4fbed1731cd98ea"},
			sig:     "(data, key, iv []byte) (dst []byte, err error)",
			body:    `return adapter.DecryptAnswer(data, key, iv)`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"crypto"},
			fn:      "EncryptExchangeAnswer",
			known:   []string{"9e5ffcfd2241d5d9"},
			sig:     "(rand io.Reader, answer, key, iv []byte) (dst []byte, err error)",
			body:    `return adapter.EncryptAnswer(rand, answer, key, iv)`,
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"crypto"},
			fn:    "EncryptBindMessage",
			known: []string{"5fa63f14de70a709"},
			sig:   "(rand io.Reader, permKey AuthKey, msgID int64, inner *BindAuthKeyInner) ([]byte, error)",
			edits: []edit{
				{"	block, err := aes.NewCipher(key[:])\n	if err != nil {\n		return nil, errors.Wrap(err, \"create aes cipher\")\n	}\n", ""},
				{"ige.EncryptBlocks(block, iv[:], msg.EncryptedData, plaintext.Buf)", "adapter.EncryptIGE(key[:], iv[:], msg.EncryptedData, plaintext.Buf)"},
			},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"exchange"},
			fn:    "ClientExchange.Run",
			known: []string{"d2c16c96077f650a", "7b9b4f029dd20e1b"},
			sig:   "(ctx context.Context) (ClientExchangeResult, error)",
			edits: []edit{
				{"big.NewInt(0).Exp(g, bParam, dhPrime)", "adapter.Exp(g, bParam, dhPrime)"},
				{"big.NewInt(0).Exp(gA, bParam, dhPrime)", "adapter.Exp(gA, bParam, dhPrime)"},
			},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"exchange"},
			fn:    "ServerExchange.Run",
			known: []string{"034a62200c88a6fb", "b6af0baabb0139bd"},
			sig:   "(ctx context.Context) (ServerExchangeResult, error)",
			// The server does not look at g_b otherwise.
			edits: []edit{
				{"	var authKey crypto.Key\n", "	if err := crypto.CheckDHParams(dhPrime, big.NewInt(int64(g)), ga, gB); err != nil {\n		return ServerExchangeResult{}, wrapKeyNotFound(err)\n	}\n	var authKey crypto.Key\n"},
				{"big.NewInt(0).Exp(gB, a, dhPrime)", "adapter.Exp(gB, a, dhPrime)"},
			},
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"exchange"},
			fn:      "TestServerRNG.GA",
			known:   []string{"cd17278002074076"},
			sig:     "(g int, dhPrime *big.Int) (a, ga *big.Int, err error)",
			edits:   []edit{{"big.NewInt(0).Exp(gBig, a, dhPrime)", "adapter.Exp(gBig, a, dhPrime)"}},
			imports: []string{adapterPath},
		},

		// Passwords.
		{
			dirs:  []string{"crypto/srp"},
			fn:    "SRP.Hash",
			known: []string{"51d43444f31c0de9"},
			sig:   "(password, srpB, random []byte, i Input) (Answer, error)",
			body: `
				a, m1, err := adapter.SRP(password, i.Salt1, i.Salt2, i.P, i.G, srpB, random)
				if err != nil {
					return Answer{}, err
				}
				return Answer{A: a, M1: m1}, nil`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"crypto/srp"},
			fn:      "SRP.NewHash",
			known:   []string{"fad72e58b4336419"},
			sig:     "(password []byte, i Input) (hash, newSalt []byte, _ error)",
			body:    `return adapter.SRPVerifier(password, i.Salt1, i.Salt2, i.P, i.G, s.random)`,
			imports: []string{adapterPath},
		},

		// Data of Telegram Desktop on the disk.
		{
			dirs:  []string{"session/tdesktop"},
			fn:    "decryptLocal",
			known: []string{"0be81863429d9fe5"},
			sig:   "(encrypted []byte, localKey crypto.Key) ([]byte, error)",
			edits: []edit{
				{"	cipher, err := aes.NewCipher(aesKey[:])\n	if err != nil {\n		return nil, errors.Wrap(err, \"create cipher\")\n	}\n", ""},
				{"ige.DecryptBlocks(cipher, aesIV[:], decrypted, encrypted)", "adapter.DecryptIGE(aesKey[:], aesIV[:], decrypted, encrypted)"},
			},
			imports: []string{adapterPath},
		},
		{
			dirs:  []string{"session/tdesktop"},
			fn:    "encryptLocal",
			known: []string{"951629cc239542aa"},
			sig:   "(decrypted []byte, localKey crypto.Key) ([]byte, error)",
			edits: []edit{
				{"	cipher, err := aes.NewCipher(aesKey[:])\n	if err != nil {\n		return nil, errors.Wrap(err, \"create cipher\")\n	}\n", ""},
				{"ige.EncryptBlocks(cipher, aesIV[:], encrypted[16:], decrypted)", "adapter.EncryptIGE(aesKey[:], aesIV[:], encrypted[16:], decrypted)"},
			},
			imports: []string{adapterPath},
		},

		// Calls, since v0.151.
		{
			dirs:     []string{"telegram/calls"},
			fn:       "dhConfig.randomExp",
			known:    []string{"b30df1a0e61ca989"},
			sig:      "(rnd io.Reader, serverRandom []byte) (exp, pub *big.Int, err error)",
			edits:    []edit{{"new(big.Int).Exp(big.NewInt(int64(dh.g)), exp, dh.p)", "adapter.Exp(big.NewInt(int64(dh.g)), exp, dh.p)"}},
			imports:  []string{adapterPath},
			optional: true,
		},
		{
			dirs:     []string{"telegram/calls"},
			fn:       "dhConfig.computeKey",
			known:    []string{"17af3962262b6cab"},
			sig:      "(peerPub []byte, exp *big.Int) (key []byte, fingerprint int64, err error)",
			edits:    []edit{{"new(big.Int).Exp(pub, exp, dh.p)", "adapter.Exp(pub, exp, dh.p)"}},
			imports:  []string{adapterPath},
			optional: true,
		},
	},
}
