package peers

import (
	"math/big"
	"sync"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/results"
)

const mathBigName = "math/big"

var mathBig = &Peer{
	ID:     "math-big",
	Powers: []Power{{Label: suite.Label{Way: results.MathBigPowers, Who: mathBigName, How: "Int.Exp, not constant-time"}, Exp: mathBigExp}},
	Primes: []Prime{{
		suite.Label{Way: "math-big.prime", Who: mathBigName, How: "ProbablyPrime(64) of p and (p-1)/2"},
		func(p *big.Int) bool { return p.ProbablyPrime(64) && new(big.Int).Rsh(p, 1).ProbablyPrime(64) },
	}},
}

var mathBigPrime = sync.OnceValue(func() *big.Int {
	prime := suite.Telegram().Prime()
	return new(big.Int).SetBytes(prime[:])
})

func mathBigExp(dst, base, exp *[bigdh.Size]byte) {
	x, y := new(big.Int).SetBytes(base[:]), new(big.Int).SetBytes(exp[:])
	x.Exp(x, y, mathBigPrime()).FillBytes(dst[:])
}
