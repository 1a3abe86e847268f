package peers

import (
	"sync"

	"filippo.io/bigmod"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bigdh"
)

var filippo = &Peer{
	ID:     "bigmod",
	Module: "filippo.io/bigmod",
	Powers: []Power{{
		Label:    suite.Label{Way: "bigmod.exp", Who: "filippo.io/bigmod", How: "Nat.Exp"},
		Constant: true,
		Column:   OfBigmod,
		Exp:      bigmodExp,
	}},
}

// OfBigmod is a column that targets refer to.
var OfBigmod = suite.Column{ID: "of-bigmod", Title: "× bigmod", Multiple: true}

var bigmodModulus = sync.OnceValue(func() *bigmod.Modulus {
	prime := suite.Telegram().Prime()
	return suite.Must(bigmod.NewModulus(prime[:]))
})

func bigmodExp(dst, base, exp *[bigdh.Size]byte) {
	m := bigmodModulus()
	x := suite.Must(bigmod.NewNat().SetBytes(base[:], m))
	copy(dst[:], bigmod.NewNat().Exp(x, exp[:], m).Bytes(m))
}
