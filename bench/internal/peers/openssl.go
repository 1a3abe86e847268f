package peers

import (
	"math/big"
	"sync"

	"github.com/mtcore/mtcore/bench/internal/openssl"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bigdh"
)

const opensslName = "OpenSSL"

// OfOpenSSL is a column that targets refer to.
var OfOpenSSL = suite.Column{ID: "of-openssl", Title: "× OpenSSL", Multiple: true}

// openSSL is nil unless the program was built with -tags openssl.
var openSSL = func() *Peer {
	if !openssl.Available {
		return nil
	}
	modulus := sync.OnceValue(func() *openssl.Modulus {
		prime := suite.Telegram().Prime()
		return openssl.NewModulus(prime[:])
	})
	return &Peer{
		ID: "openssl",
		Powers: []Power{{
			Label:    suite.Label{Way: "openssl.exp", Who: opensslName, How: "BN_mod_exp_mont_consttime"},
			Constant: true,
			Column:   OfOpenSSL,
			Exp:      func(dst, base, exp *[bigdh.Size]byte) { modulus().Exp(dst[:], base[:], exp[:]) },
		}},
		Primes: []Prime{{
			suite.Label{Way: "openssl.prime", Who: opensslName, How: "BN_check_prime of p and (p-1)/2"},
			func(p *big.Int) bool {
				return openssl.IsPrime(p.Bytes()) && openssl.IsPrime(new(big.Int).Rsh(p, 1).Bytes())
			},
		}},
	}
}()
