package main

import (
	bigdh "github.com/mtcore/mtcore/bigdh/asm"
	envelope "github.com/mtcore/mtcore/envelope/asm"
	ige "github.com/mtcore/mtcore/ige/asm"
	kdf "github.com/mtcore/mtcore/kdf/asm"
)

// The CPU max of qemu has data-independent timing, and qemu-user 7.2 does not tell programs so.
func init() { bigdh.DIT, envelope.DIT, ige.DIT, kdf.DIT = true, true, true, true }
