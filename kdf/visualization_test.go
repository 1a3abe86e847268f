package kdf

import (
	"crypto/sha1"
	"crypto/sha256"
	"image"
	"image/color"
	"slices"
	"testing"
)

func TestVisualization(t *testing.T) {
	r := newRand(1)
	initial, layer46 := randomKey(r), randomKey(r)
	sum1, sum256 := sha1.Sum(initial[:]), sha256.Sum256(layer46[:])
	want := [36]byte(slices.Concat(sum1[:16], sum256[:20]))
	if got := Visualization(initial, layer46); got != want {
		t.Errorf("Visualization = %x, want %x", got, want)
	}
}

// TestVisualizationImage sets the two bits of one pixel after the other.
func TestVisualizationImage(t *testing.T) {
	colors := []color.RGBA{{255, 255, 255, 255}, {0xd5, 0xe6, 0xf3, 255}, {0x2d, 0x57, 0x75, 255}, {0x2f, 0x99, 0xc9, 255}}
	for y := range 12 {
		for x := range 12 {
			for value := range byte(4) {
				var v [36]byte
				bit := 2 * (12*y + x)
				v[bit/8] = value << (bit % 8)
				m := VisualizationImage(v)
				if got, want := m.Bounds(), image.Rect(0, 0, 12, 12); got != want {
					t.Fatalf("bounds %v, want %v", got, want)
				}
				for i := range 144 {
					want := colors[0]
					if i == 12*y+x {
						want = colors[value]
					}
					if got := color.RGBAModel.Convert(m.At(i%12, i/12)); got != want {
						t.Fatalf("bits %d and %d = %d: pixel (%d, %d) is %v, want %v",
							bit, bit+1, value, i%12, i/12, got, want)
					}
				}
			}
		}
	}
}

func TestVisualizationHex(t *testing.T) {
	var v [36]byte
	for i := range v {
		v[i] = byte(17 * i)
	}
	const want = "00 11 22 33  44 55 66 77\n" +
		"88 99 AA BB  CC DD EE FF\n" +
		"10 21 32 43  54 65 76 87\n" +
		"98 A9 BA CB  DC ED FE 0F"
	if got := VisualizationHex(v); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
