//go:build gc && !purego

package registers

import (
	ige "github.com/mtcore/mtcore/ige/asm"
)

// linked has all kernels, so that the linker keeps them.
var linked = []any{
	ige.Decrypt, ige.DecryptKey, ige.Encrypt, ige.EncryptKey, ige.Expand,
}
