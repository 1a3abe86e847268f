package kdf

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"strings"
)

// Visualization returns the 288 bits that the two sides of a secret chat compare by
// eye, to be sure that nobody is between them:
//
//	SHA1(initial)[0:16] || SHA256(layer46)[0:20]
//
// initial is the key of the chat's first exchange; layer46 is the one that was in use
// when the chat reached layer 46, which in any chat of today is the same. Keep the
// result with the chat: it does not change when the key is replaced.
func Visualization(initial, layer46 *AuthKey) [36]byte {
	var v [36]byte
	sum1, sum256 := sha1.Sum(initial[:]), sha256.Sum256(layer46[:])
	concat(v[:], sum1[:16], sum256[:20])
	clear(sum1[:])
	clear(sum256[:])
	return v
}

// VisualizationHex returns the first 32 bytes of a visualization as Telegram's clients
// write them below the picture: in four lines of two groups of four bytes each. Neither this
// nor the picture is secret any more: they are hashes of the key, made to be shown, and
// the time that it takes to write them may tell what they are.
func VisualizationHex(v [36]byte) string {
	var lines []string
	for i := 0; i < 32; i += 8 {
		lines = append(lines, fmt.Sprintf("% X  % X", v[i:i+4], v[i+4:i+8]))
	}
	return strings.Join(lines, "\n")
}

// pictureSize is the width and the height of a visualization, in pixels.
const pictureSize = 12

// VisualizationImage returns a visualization as a picture of 12×12 pixels, to be shown
// much larger, without smoothing. Every two bits, from the lowest of each byte on, are
// a pixel: the index of a color. Lines go from left to right and from top to
// bottom. The colors, which may be replaced in the palette, are
//
//	0   white       #ffffff
//	1   light blue  #d5e6f3
//	2   dark blue   #2d5775
//	3   blue        #2f99c9
func VisualizationImage(v [36]byte) *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, pictureSize, pictureSize), color.Palette{
		color.RGBA{0xff, 0xff, 0xff, 0xff},
		color.RGBA{0xd5, 0xe6, 0xf3, 0xff},
		color.RGBA{0x2d, 0x57, 0x75, 0xff},
		color.RGBA{0x2f, 0x99, 0xc9, 0xff},
	})
	for i := range m.Pix {
		m.Pix[i] = v[i/4] >> (i % 4 * 2) & 3
	}
	return m
}
