package numexec

import "math/rand/v2"

// rounds are how often each encoding is executed: on random words; with all bits; without; on bits; on all of
// that; on bits with 127 in RAX; and on 53 bits, with 52 ones in the last vector.
const rounds = 7

func word(rng *rand.Rand, round int) uint64 {
	switch round {
	case 1:
		return 1<<64 - 1
	case 2:
		return 0
	case 3, 5:
		return rng.Uint64N(2)
	case 4:
		return word(rng, rng.IntN(4))
	case 6:
		return rng.Uint64N(2<<digit - 1)
	}
	return rng.Uint64()
}
