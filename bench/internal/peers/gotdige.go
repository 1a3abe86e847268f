package peers

import (
	"crypto/aes"
	"crypto/cipher"

	gotd "github.com/gotd/ige"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
)

const gotdIGEName = "gotd/ige"

// Its functions take a crypto/aes block, which gotd/td makes for each message.
var gotdIGE = &Peer{
	ID:     "gotd-ige",
	Module: "github.com/gotd/ige",
	Encrypt: []IGE{
		gotdWay(gotdNew, WithNewCipher(gotd.EncryptBlocks), results.OneShot, results.DropInNew),
		gotdWay(gotdReused, WithBlock(gotd.EncryptBlocks), "mtcore.cipher-reused", "mtcore.dropin-reused"),
	},
	Decrypt: []IGE{
		gotdWay(gotdNew, WithNewCipher(gotd.DecryptBlocks), results.OneShot, results.DropInNew),
		gotdWay(gotdKey, WithKey(gotd.DecryptAES256Blocks), "mtcore.dropin-key"),
		gotdWay(gotdReused, WithBlock(gotd.DecryptBlocks), "mtcore.cipher-reused", "mtcore.dropin-reused"),
	},
}

var (
	gotdNew    = suite.Label{Way: results.GotdIGE, Who: gotdIGEName, How: NewCipher}
	gotdKey    = suite.Label{Way: "gotd-ige.key", Who: gotdIGEName, How: DecryptAES256}
	gotdReused = suite.Label{Way: "gotd-ige.reused", Who: gotdIGEName, How: BlockReused}
)

// Labels for ways to call the API of gotd/ige, which mtcore has too.
const (
	NewCipher     = "gotd API, aes.NewCipher"
	BlockReused   = "gotd API, block reused"
	DecryptAES256 = "gotd API, DecryptAES256Blocks"
)

func gotdWay(l suite.Label, prepare PrepareIGE, against ...results.Way) IGE {
	return IGE{l, prepare, VsGotd, against}
}

// VsGotd is a column that targets refer to.
var VsGotd = suite.Column{ID: results.VsGotd, Title: "vs gotd"}

// WithNewCipher calls a function with the signature of EncryptBlocks as gotd/td does: with
// a block made for each message.
func WithNewCipher(blocks func(b cipher.Block, iv, dst, src []byte)) PrepareIGE {
	return func(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
		return func(dst, src []byte) { blocks(newBlock(key), iv[:], dst, src) }
	}
}

// WithBlock calls it with one block for all messages.
func WithBlock(blocks func(b cipher.Block, iv, dst, src []byte)) PrepareIGE {
	return func(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
		b := newBlock(key)
		return func(dst, src []byte) { blocks(b, iv[:], dst, src) }
	}
}

// WithKey calls a function with the signature of DecryptAES256Blocks.
func WithKey(crypt func(key, iv, dst, src []byte)) PrepareIGE {
	return func(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
		return func(dst, src []byte) { crypt(key[:], iv[:], dst, src) }
	}
}

func newBlock(key *[ige.KeySize]byte) cipher.Block { return suite.Must(aes.NewCipher(key[:])) }
