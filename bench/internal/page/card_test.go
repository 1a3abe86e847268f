package page

import (
	"bytes"
	"encoding/xml"
	"image/color"
	"image/png"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/summary"
	"github.com/mtcore/mtcore/internal/results"
)

var cardText = regexp.MustCompile(`(?s)<text textLength="([0-9.e+]+)" [^>]*x="([0-9.e+]+)"[^>]*>([^<]*)<`)

func TestCardSVG(t *testing.T) {
	r := sample("a server with a name that is so long that there is no room for all of it beside its system and its version of Go", 1)
	r.Disturbed = true
	r.Build.Commit = "0123456789abcdef"
	for i := range r.Results {
		if x := &r.Results[i]; x.Op == "exchange" && x.Way == results.GotdClient {
			x.Ns *= 1000 // a bar that is cut
		}
	}
	var b bytes.Buffer
	if err := WriteCardSVG(&b, r); err != nil {
		t.Fatal(err)
	}
	svg := b.String()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
	wants := []string{`width="1200" height="630"`, ">mtcore<", ">github.com/mtcore/mtcore<", "do not trust these numbers", ">a server with a name", "…<"}
	for i, g := range summary.Gains(r) {
		if i < cardGains {
			wants = append(wants, ">"+g.What+"<", ">"+g.String()+"<", ">"+g.Than+"<")
		}
	}
	for _, want := range wants {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in the card", want)
		}
	}
	texts := cardText.FindAllStringSubmatch(svg, -1)
	if len(texts) < 3*cardGains {
		t.Errorf("only %d texts in the card", len(texts))
	}
	for _, m := range texts {
		width, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		x, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		if x < cardMargin.Points() || x+width > (cardWidth-cardMargin).Points()+0.5 {
			t.Errorf("%q reaches from %.1f to %.1f", m[3], x, x+width)
		}
	}
}

func TestCardPNG(t *testing.T) {
	var b bytes.Buffer
	if err := WriteCardPNG(&b, sample("server", 1)); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X != 1200 || size.Y != 630 {
		t.Errorf("%d × %d pixels", size.X, size.Y)
	}
	count := map[color.RGBA]int{}
	for y := range 630 {
		for x := range 1200 {
			r, g, b, a := img.At(x, y).RGBA()
			count[color.RGBA{byte(r >> 8), byte(g >> 8), byte(b >> 8), byte(a >> 8)}]++
		}
	}
	// The stripe on the left has the color of bars, and 16 × 630 pixels.
	if count[cardBar] < 12000 || count[cardOther] < 500 || count[cardInk] < 1000 || count[cardPaper] < 500000 {
		t.Errorf("pixels of bars: %d, of others' %d, of text %d, of paper %d", count[cardBar], count[cardOther], count[cardInk], count[cardPaper])
	}
}

func TestCardOfNothing(t *testing.T) {
	for _, write := range []func(io.Writer, *results.Report) error{WriteCardSVG, WriteCardPNG} {
		if err := write(io.Discard, &results.Report{}); err == nil {
			t.Error("a card of no results")
		}
	}
}

func TestCardColors(t *testing.T) {
	linear := func(c color.RGBA) [3]float64 {
		return rgb(t, "#"+strconv.FormatUint(1<<24|uint64(c.R)<<16|uint64(c.G)<<8|uint64(c.B), 16)[1:])
	}
	for _, tt := range []struct {
		c     color.RGBA
		least float64
	}{{cardInk, 4.5}, {cardSoft, 4.5}, {cardBar, 4.5}, {cardBad, 4.5}, {cardOther, 3}} {
		if got := contrast(linear(tt.c), linear(cardPaper)); got < tt.least {
			t.Errorf("%v has a contrast of %.2f, want %v", tt.c, got, tt.least)
		}
	}
}
