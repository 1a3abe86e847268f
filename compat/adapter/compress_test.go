package adapter

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// fixed returns n random bytes, the same in every run: what a guess makes of random bytes depends on
// the draw.
func fixed(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// deflated returns the length of data after compression at the usual level.
func deflated(t *testing.T, data []byte) int {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// noisyPhoto is a JPEG of something that is neither smooth nor random.
func noisyPhoto(t *testing.T) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 800, 600))
	noise := fixed(800 * 600)
	for i, n := range noise {
		x, y := i%800, i/800
		m.Set(x, y, color.RGBA{uint8(x/4 + int(n&31)), uint8(y/3 + int(n>>5)), uint8((x*y)>>11) ^ n&15, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCompressible(t *testing.T) {
	source, err := os.ReadFile("adapter_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var samples, numbers []byte
	for i := range 20_000 {
		samples = binary.LittleEndian.AppendUint16(samples, uint16(int16(3000*math.Sin(float64(i)/50))))
		numbers = binary.LittleEndian.AppendUint32(numbers, math.Float32bits(float32(i)/7))
	}
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.DefaultCompression)
	w.Write(bytes.Repeat(source, 3))
	w.Close()

	for _, c := range []struct {
		name string
		data []byte
		want bool
	}{
		{"zeros", make([]byte, 1<<19), true},
		{"source text", source, true},
		{"text of 1 KiB", []byte(strings.Repeat("It is not what it seems. ", 41)), true},
		{"base64", []byte(base64.StdEncoding.EncodeToString(fixed(1 << 16))), true},
		{"sound", samples, true},
		{"numbers", numbers, true},
		{"a list of identifiers", bytes.Repeat(append([]byte{0x15, 0xc4, 0xb5, 0x1c}, fixed(8)...), 100), true},
		{"half zeros, half random", append(make([]byte, 1<<16), fixed(1<<16)...), true},
		{"a photo", noisyPhoto(t), false},
		{"compressed text", packed.Bytes(), false},
		{"nothing", nil, false},
		{"7 bytes", make([]byte, 7), false},
	} {
		if got := Compressible(c.data); got != c.want {
			t.Errorf("%s, %d bytes, %d after compression: %v, want %v", c.name, len(c.data), deflated(t, c.data), got, c.want)
		}
	}
	for n := 512; n < 1<<20; n = n*3/2 + 1 {
		if Compressible(fixed(n)) {
			t.Errorf("%d random bytes: compressible", n)
		}
	}
}

// TestCompressibleLoses says how much shorter a message that is left as it is could have been: bytes that are
// each of fewer and fewer kinds.
func TestCompressibleLoses(t *testing.T) {
	for kinds := 256; kinds >= 100; kinds -= 4 {
		data := fixed(1 << 16)
		for i, b := range data {
			data[i] = byte(int(b) * kinds >> 8)
		}
		left := float64(deflated(t, data)) / float64(len(data))
		if !Compressible(data) && left < 0.82 {
			t.Errorf("bytes of %d kinds would have been %.2f of their length", kinds, left)
		}
	}
}

func BenchmarkCompressible(b *testing.B) {
	for _, n := range []int{1 << 10, 1 << 19} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			data := random(n)
			b.ReportAllocs()
			for b.Loop() {
				Compressible(data)
			}
		})
	}
}
