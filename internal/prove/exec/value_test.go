package exec

import "math/rand/v2"

// value is random, or one of the extremes.
func value(rng *rand.Rand, round int) byte {
	switch round {
	case 0:
		return 0xff * byte(rng.IntN(2))
	case 1:
		return 0xff
	case 2:
		return 0
	}
	return byte(rng.Uint32())
}
