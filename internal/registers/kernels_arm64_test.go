//go:build gc && !purego

package registers

import (
	bigdh "github.com/mtcore/mtcore/bigdh/asm"
	envelope "github.com/mtcore/mtcore/envelope/asm"
	ige "github.com/mtcore/mtcore/ige/asm"
	kdf "github.com/mtcore/mtcore/kdf/asm"
)

// linked has all kernels, so that the linker keeps them.
var linked = []any{
	bigdh.Mul, bigdh.Mul1024, bigdh.Reduce, bigdh.Reduce1024, bigdh.Select, bigdh.SelectPair, bigdh.Square,
	bigdh.Square1024,
	envelope.DecryptHash, envelope.DecryptStart, envelope.DecryptTail, envelope.Hash, envelope.Keystream,
	ige.Decrypt, ige.DecryptBatch2, ige.DecryptBatch4, ige.DecryptBatch8, ige.DecryptKey, ige.DecryptNEON,
	ige.Encrypt, ige.EncryptBatch2, ige.EncryptBatch4, ige.EncryptBatch8, ige.EncryptKey, ige.EncryptNEON,
	ige.Expand, ige.ExpandDecrypt1, ige.ExpandEncrypt1, ige.ExpandNEON, ige.PrepareDecryptNEON,
	ige.PrepareEncryptNEON,
	kdf.Blocks, kdf.Blocks2, kdf.Derive,
}
