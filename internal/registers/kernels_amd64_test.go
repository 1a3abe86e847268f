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
	bigdh.Mul, bigdh.Mul1024, bigdh.MulIFMA, bigdh.MulPairIFMA, bigdh.Reduce, bigdh.Reduce1024, bigdh.Select,
	bigdh.SelectIFMA, bigdh.SelectPair, bigdh.SelectPairIFMA, bigdh.Square, bigdh.Square1024, bigdh.SquareIFMA,
	bigdh.SquarePairIFMA,
	envelope.Decrypt16VAES512, envelope.DecryptHash, envelope.DecryptHash16VAES512,
	envelope.DecryptHash2VAESSHANI, envelope.DecryptHash4VAES512SHANI, envelope.DecryptStart, envelope.DecryptStart2VAES, envelope.DecryptStart4VAES512, envelope.DecryptTail,
	envelope.DecryptTail2VAESSHANI, envelope.ExpandDecrypt16VAES512, envelope.Hash, envelope.Hash16AVX512,
	envelope.Hash2SHANI, envelope.Keystream, envelope.WipeAVX512,
	ige.Decrypt, ige.DecryptBatch12VAES512, ige.DecryptBatch16VAES512, ige.DecryptBatch2, ige.DecryptBatch4,
	ige.DecryptBatch4VAES256, ige.DecryptBatch8, ige.DecryptBatch8VAES256,
	ige.DecryptKey, ige.DecryptKeys2, ige.DecryptKeys2VAES256, ige.DecryptKeys4VAES512, ige.Encrypt, ige.EncryptBatch12VAES512, ige.EncryptBatch16VAES512,
	ige.EncryptBatch2, ige.EncryptBatch4, ige.EncryptBatch4VAES256, ige.EncryptBatch8,
	ige.EncryptBatch8VAES256, ige.EncryptKey, ige.EncryptKeys2, ige.EncryptKeys2VAES256, ige.EncryptKeys4VAES512, ige.Expand, ige.ExpandDecrypt1,
	ige.ExpandDecrypt2VAES256, ige.ExpandDecrypt4VAES512, ige.ExpandEncrypt1, ige.ExpandEncrypt2VAES256,
	ige.ExpandEncrypt4VAES512,
	kdf.Blocks, kdf.Blocks16AVX512, kdf.Blocks2, kdf.Derive, kdf.Derive8AVX512,
}
