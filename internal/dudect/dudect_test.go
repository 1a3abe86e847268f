package dudect

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestWelch uses made-up times: a normal distribution, with a fiftieth that was
// interrupted.
func TestWelch(t *testing.T) {
	for _, tt := range []struct {
		name       string
		difference float64
		leak       bool
	}{
		{"none", 0, false},
		{"a tenth of the standard deviation", 1, true},
		{"the same, the other way", -1, true},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		var times [2][]float64
		for i := range 20_000 {
			x := 1000 + 10*r.NormFloat64()
			if i%2 == 1 {
				x += tt.difference
			}
			if i%100 < 2 {
				x += 5000
			}
			times[i%2] = append(times[i%2], x)
		}
		got := welch(times)
		if leak := math.Abs(got) > Threshold; leak != tt.leak || leak && got*tt.difference > 0 {
			t.Errorf("difference %s: t = %.2f, leak %v, want %v", tt.name, got, leak, tt.leak)
		}
	}
}

// TestWelchNumbers has an example small enough for a calculator. The slowest tenth is what
// is above the number at nine tenths, which for ten numbers is nothing.
func TestWelchNumbers(t *testing.T) {
	got := welch([2][]float64{{1, 2, 3, 4, 5}, {2, 4, 6, 8, 10}})
	want := -3 / math.Sqrt(2.5/5+10.0/5)
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("t = %v, want %v", got, want)
	}
}

// TestMeasure checks which inputs f gets, and that each time is in the right list.
func TestMeasure(t *testing.T) {
	seen := map[byte]int{}
	times := measure(1, 1000, [][]byte{{1}}, [][]byte{{2}, {3}}, func(input []byte) { seen[input[0]]++ })
	if a, b := len(times[0]), len(times[1]); a+b != 1000 || a < 400 || b < 400 || seen[2]+seen[3] != b || seen[2] < 150 || seen[3] < 150 {
		t.Errorf("%d and %d times, inputs %v", a, b, seen)
	}
}
