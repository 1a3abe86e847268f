package peers

import (
	"sync"

	"github.com/mtcore/mtcore/bench/internal/gmp"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bigdh"
)

// gnuMP is nil unless the program was built with -tags gmp.
var gnuMP = func() *Peer {
	if !gmp.Available {
		return nil
	}
	modulus := sync.OnceValue(func() *gmp.Modulus {
		prime := suite.Telegram().Prime()
		return gmp.NewModulus(prime[:])
	})
	return &Peer{ID: "gmp", Powers: []Power{{
		Label:    suite.Label{Way: "gmp.exp", Who: "GMP", How: "mpz_powm_sec"},
		Constant: true,
		Exp:      func(dst, base, exp *[bigdh.Size]byte) { modulus().Exp(dst[:], base[:], exp[:]) },
	}}}
}()
