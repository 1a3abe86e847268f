package page

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"strings"

	imagefont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/mtcore/mtcore/bench/internal/summary"
	"github.com/mtcore/mtcore/internal/results"
)

// The size of pictures with which social networks and chats show a link.
const (
	cardWidth  vg.Length = 1200
	cardHeight vg.Length = 630
	cardMargin vg.Length = 60
	cardGains            = 6    // at most
	cardCut              = 20.0 // what is faster has a bar that is interrupted
)

// A card is always light, since it cannot know the reader's color scheme.
var (
	cardPaper = color.RGBA{0xff, 0xff, 0xff, 0xff}
	cardInk   = color.RGBA{0x24, 0x29, 0x2f, 0xff}
	cardSoft  = color.RGBA{0x57, 0x60, 0x6a, 0xff}
	cardBar   = color.RGBA{0x0b, 0x5f, 0xc4, 0xff}
	cardOther = color.RGBA{0x8c, 0x79, 0x2a, 0xff}
	cardBad   = color.RGBA{0xa4, 0x0e, 0x26, 0xff}
)

// WriteCardSVG writes a picture of the results.
func WriteCardSVG(w io.Writer, r *results.Report) error {
	c := &canvas{Canvas: vgsvg.New(cardWidth, cardHeight)}
	if err := paintCard(draw.New(c), r); err != nil {
		return err
	}
	var b strings.Builder
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	svg := strings.Replace(c.fitted(b.String()), `width="1200pt" height="630pt"`, `width="1200" height="630"`, 1)
	svg = strings.ReplaceAll(svg, "font-family:Liberation Sans", "font-family:Liberation Sans,Arial,Helvetica,sans-serif")
	_, err := io.WriteString(w, svg)
	return err
}

// WriteCardPNG writes the same picture as pixels.
func WriteCardPNG(w io.Writer, r *results.Report) error {
	c := vgimg.NewWith(vgimg.UseWH(cardWidth, cardHeight), vgimg.UseDPI(72)) // a point is a pixel
	if err := paintCard(draw.New(c), r); err != nil {
		return err
	}
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

// A pen writes text.
type pen struct {
	draw.Canvas
	handler text.Handler
}

// write writes text starting at x, with its baseline y below the top, within room, and returns its
// width.
func (p pen) write(x, y, room vg.Length, size font.Length, bold bool, c color.Color, s string) vg.Length {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = imagefont.WeightBold
	}
	style := text.Style{Color: c, Font: f, Handler: p.handler}
	for runes := []rune(s); style.Width(s) > room && len(runes) > 1; {
		runes = runes[:len(runes)-1]
		s = strings.TrimRight(string(runes), " ,") + "…"
	}
	p.FillText(style, vg.Point{X: x, Y: cardHeight - y}, s)
	return style.Width(s)
}

func (p pen) bar(x, y, width, height vg.Length, c color.Color) {
	top, bottom := cardHeight-y, cardHeight-y-height
	p.FillPolygon(c, []vg.Point{{X: x, Y: bottom}, {X: x + width, Y: bottom}, {X: x + width, Y: top}, {X: x, Y: top}})
}

// spread draws an error bar, with a halo where it is on a bar. A short one could not be seen.
func (p pen) spread(low, high, y vg.Length) {
	if high-low < 6 {
		return
	}
	y = cardHeight - y
	p.StrokeLine2(draw.LineStyle{Color: cardPaper, Width: 6}, low, y, high, y)
	ink := draw.LineStyle{Color: cardInk, Width: 2}
	p.StrokeLine2(ink, low, y, high, y)
	for _, x := range []vg.Length{low, high} {
		p.StrokeLine2(ink, x, y-6, x, y+6)
	}
}

func paintCard(c draw.Canvas, r *results.Report) error {
	gains := summary.Gains(r)
	if len(gains) == 0 {
		return errors.New("no results that a card could show")
	}
	gains = gains[:min(len(gains), cardGains)]
	p := pen{c, plot.DefaultTextHandler}
	p.bar(0, 0, cardWidth, cardHeight, cardPaper)
	p.bar(0, 0, 16, cardHeight, cardBar)

	const all = cardWidth - 2*cardMargin
	title := p.write(cardMargin, 92, all, 56, true, cardInk, "mtcore")
	p.write(cardMargin+title+24, 92, all-title-24, 28, false, cardSoft, "Telegram's cryptography in Go: how many times as fast as others")
	if r.Disturbed {
		p.write(cardMargin, 132, all, 24, true, cardBad, "Measured on a disturbed machine: do not trust these numbers.")
	} else {
		p.write(cardMargin, 132, all, 20, false, cardSoft, "Thin bars are the others. Half of the rounds were within ±.")
	}

	const (
		first, last = 165, 540 // the range of the bars
		labels      = 390
		numbers     = 330
	)
	step := vg.Length(last-first) / vg.Length(cardGains)
	longest := 1.0
	for _, g := range gains {
		longest = max(longest, min(max(g.Value, g.High), cardCut))
	}
	scale := (all - labels - numbers) / vg.Length(longest)
	for i, g := range gains {
		y := first + vg.Length(i)*step
		p.write(cardMargin, y+34, labels-16, 26, false, cardInk, g.What)
		x := cardMargin + labels
		p.bar(x, y+44, scale, 5, cardOther)
		end := x + scale*vg.Length(min(max(g.Value, g.High), cardCut))
		if g.Value > cardCut {
			p.bar(x, y+10, end-x, 32, cardBar)
			p.bar(end-24, y+10, 8, 32, cardPaper)
		} else {
			p.bar(x, y+10, scale*vg.Length(g.Value), 32, cardBar)
			p.spread(x+scale*vg.Length(g.Low), end, y+26)
		}
		end += 12
		number := p.write(end, y+35, 200, 30, true, cardInk, g.String())
		p.write(end+number+10, y+35, cardWidth-cardMargin-end-number-10, 20, false, cardSoft, g.Than)
	}

	m := r.Machine
	about := fmt.Sprintf("%s, %s/%s, one core, %s, %s", m.Name, m.OS, m.Arch, r.Build.Go, r.Time.Format("2 January 2006"))
	if r.Build.Commit != "" {
		about += fmt.Sprintf(", commit %.7s", r.Build.Commit)
	}
	p.write(cardMargin, 578, all, 20, false, cardSoft, about)
	p.write(cardMargin, 606, all, 20, true, cardBar, strings.TrimPrefix(Repository, "https://"))
	return nil
}
