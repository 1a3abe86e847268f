package peers

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"math/big"

	"github.com/gotd/td/bin"
	td "github.com/gotd/td/crypto"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
)

const tdName = "gotd/td"

var gotdTD = &Peer{
	ID:     "gotd-td",
	Module: "github.com/gotd/td",
	KDF: []KDF{{
		Derive:  suite.Label{Way: "gotd-td.keys", Who: tdName, How: "crypto.Keys"},
		MsgKey:  suite.Label{Way: "gotd-td.message-key", Who: tdName, How: "crypto.MessageKey"},
		Prepare: tdDeriver,
	}},
	Sealers: []Sealer{
		{suite.Label{Way: results.GotdSeal, Who: tdName, How: "Cipher.Encrypt"}, false, VsGotd, tdSealer(rand.Reader)},
		{suite.Label{Way: "gotd-td.encrypt-free", Who: tdName, How: "Cipher.Encrypt, random bytes for free"}, true, VsGotd, tdSealer(zeros{})},
	},
	Openers: []Opener{{suite.Label{Way: results.GotdOpen, Who: tdName, How: "Cipher.DecryptFromBuffer"}, VsGotd, tdOpener}},
	Primes: []Prime{{
		suite.Label{Way: "gotd-td.check-dh", Who: tdName, How: "crypto.CheckDH"},
		func(p *big.Int) bool { return td.CheckDH(2, p) == nil },
	}},
	Factorers: []Factorer{tdFactorer},
	RSASeals:  []RSA{tdSeal},
	RSAOpens:  []RSA{tdOpen},
	Exchanges: []Exchange{tdExchange},
	SRPs:      []SRP{tdSRP},
}

func tdDeriver(k *kdf.AuthKey) (DeriveFunc, MsgKeyFunc) {
	authKey := td.Key(*k)
	derive := func(key, iv *[32]byte, side kdf.Side, m *kdf.MsgKey) {
		aesKey, aesIV := td.Keys(authKey, bin.Int128(*m), td.Side(side))
		*key, *iv = aesKey, aesIV
	}
	msgKey := func(side kdf.Side, padded []byte) kdf.MsgKey {
		return kdf.MsgKey(td.MessageKey(authKey, padded, td.Side(side)))
	}
	return derive, msgKey
}

// zeros is a random source that costs next to nothing and makes gotd/td add the least
// padding.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func tdSealer(random io.Reader) func(k *kdf.AuthKey) SealFunc {
	return func(k *kdf.AuthKey) SealFunc {
		c, authKey := td.NewClientCipher(random), td.Key(*k).WithID()
		var b bin.Buffer
		return func(p []byte) []byte {
			data := td.EncryptedMessageData{
				Salt:                   int64(binary.LittleEndian.Uint64(p[0:])),
				SessionID:              int64(binary.LittleEndian.Uint64(p[8:])),
				MessageID:              int64(binary.LittleEndian.Uint64(p[16:])),
				SeqNo:                  int32(binary.LittleEndian.Uint32(p[24:])),
				MessageDataLen:         int32(binary.LittleEndian.Uint32(p[28:])),
				MessageDataWithPadding: p[CloudHeader:],
			}
			if err := c.Encrypt(authKey, data, &b); err != nil {
				panic(err)
			}
			return b.Buf
		}
	}
}

func tdOpener(k *kdf.AuthKey) OpenFunc {
	c, authKey := td.NewServerCipher(rand.Reader), td.Key(*k).WithID()
	return func(packet []byte) ([]byte, error) {
		data, err := c.DecryptFromBuffer(authKey, &bin.Buffer{Buf: packet})
		if err != nil {
			return nil, err
		}
		return data.Data(), nil
	}
}
