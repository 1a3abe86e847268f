package mobile

import (
	"bytes"
	"fmt"
	"image"
	"image/png"

	"github.com/mtcore/mtcore/kdf"
)

// maxPicture is the greatest width of a picture, in pixels.
const maxPicture = 4096

// KeyPicture returns the picture that the users of a secret chat compare, as a square PNG
// whose side is so many pixels, from 12 to 4096. Its 12 × 12 squares are sharp if that is a
// multiple of 12. Visualization is the 36 bytes that the chat has.
func KeyPicture(visualization []byte, pixels int) ([]byte, error) {
	if len(visualization) != VisualizationSize {
		return nil, errSize("visualization", VisualizationSize, len(visualization))
	}
	small := kdf.VisualizationImage([VisualizationSize]byte(visualization))
	size := small.Bounds().Dx()
	if pixels < size || pixels > maxPicture {
		return nil, fmt.Errorf("mobile: a picture has %d to %d pixels, not %d", size, maxPicture, pixels)
	}
	large := image.NewPaletted(image.Rect(0, 0, pixels, pixels), small.Palette)
	for y := range pixels {
		for x := range pixels {
			large.SetColorIndex(x, y, small.ColorIndexAt(x*size/pixels, y*size/pixels))
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, large); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// KeyText returns the 64 digits that Telegram's clients show below the picture, in four
// lines.
func KeyText(visualization []byte) (string, error) {
	if len(visualization) != VisualizationSize {
		return "", errSize("visualization", VisualizationSize, len(visualization))
	}
	return kdf.VisualizationHex([VisualizationSize]byte(visualization)), nil
}
