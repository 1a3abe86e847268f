package mobile

import (
	"bytes"
	"fmt"
	"image"
	"image/png"

	"github.com/mtcore/mtcore/kdf"
)

// maxPicture is the most pixels that a side of a picture may have.
const maxPicture = 4096

// KeyPicture returns the picture that the users of a secret chat compare, as a PNG of
// pixels times pixels. Its 12 times 12 squares are sharp if pixels is a multiple of 12; at
// least it is 12, at most 4096. Visualization has 36 bytes and comes from the chat.
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

// KeyText returns the 64 digits that Telegram's clients write below the picture, in four
// lines.
func KeyText(visualization []byte) (string, error) {
	if len(visualization) != VisualizationSize {
		return "", errSize("visualization", VisualizationSize, len(visualization))
	}
	return kdf.VisualizationHex([VisualizationSize]byte(visualization)), nil
}
