package page

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"regexp"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/mtcore/mtcore/internal/results"
)

// The drawings are about as wide as a phone, so that their text can be read there. A point
// is a pixel.
const (
	width    vg.Length = 420
	height   vg.Length = 270
	barStep  vg.Length = 30
	fontSize           = 14
)

// Colors are variables of the page's style sheet. The drawing library does not know of such
// things: while it draws, each has a color that nothing else has.

const (
	ink   = -1 // text and axes
	faint = -2 // lines of the grid
	// Those of lines and bars are 1 and more. 0 is for limits.
)

// mark is the color of a variable during drawing.
func mark(i int) color.Color { return color.RGBA{R: 1, G: uint8(i + 16), B: 1, A: 255} }

func variable(i int) string {
	switch i {
	case ink:
		return "var(--ink)"
	case faint:
		return "var(--faint)"
	case 0:
		return "var(--limit)"
	default:
		return fmt.Sprintf("var(--c%d)", (i-1)%colors+1)
	}
}

const colors = 6 // in the style sheet

// A canvas notes how wide each text is meant to be: the reader's font may be another one.
type canvas struct {
	*vgsvg.Canvas
	widths []vg.Length
}

func (c *canvas) FillString(f font.Face, at vg.Point, s string) {
	c.widths = append(c.widths, f.Width(s))
	c.Canvas.FillString(f, at, s)
}

// fitted makes the texts of the SVG as wide as they are meant to be.
func (c *canvas) fitted(svg string) string {
	var b strings.Builder
	for _, w := range c.widths {
		before, after, _ := strings.Cut(svg, "<text ")
		fmt.Fprintf(&b, `%s<text textLength="%.4g" lengthAdjust="spacingAndGlyphs" `, before, w.Points())
		svg = after
	}
	return b.String() + svg
}

var (
	marked = regexp.MustCompile("#01([0-9A-Fa-f]{2})01")
	start  = regexp.MustCompile(`(?s)^.*?<svg[^>]*>`)
)

// svgOf returns the drawing as an element of the page.
func svgOf(p *plot.Plot, title string, height vg.Length) (template.HTML, error) {
	c := &canvas{Canvas: vgsvg.New(width, height)}
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	svg := start.ReplaceAllString(c.fitted(b.String()), fmt.Sprintf(
		`<svg viewBox="0 0 %v %v" role="img" aria-label="%s" xmlns="http://www.w3.org/2000/svg">`,
		width.Points(), height.Points(), template.HTMLEscapeString(title)))
	svg = marked.ReplaceAllStringFunc(svg, func(c string) string {
		n, err := strconv.ParseUint(c[3:5], 16, 8)
		if err != nil {
			panic("page: internal error: " + err.Error())
		}
		return variable(int(n) - 16)
	})
	svg = strings.ReplaceAll(svg, "font-family:Liberation Sans", "font-family:inherit")
	return template.HTML(svg), nil
}

func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	style := textStyle(p)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.LineStyle.Color = mark(ink)
		axis.Tick.LineStyle.Color = mark(ink)
		axis.Tick.Label.Color = mark(ink)
		axis.Tick.Label.Font = style.Font
		axis.Padding = 3
	}
	p.Y.LineStyle.Width = 0
	p.Y.Tick.LineStyle.Width = 0
	return p
}

func textStyle(p *plot.Plot) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: fontSize}
	return text.Style{Color: mark(ink), Font: f, Handler: p.TextHandler}
}

// A series is a line.
type series struct {
	key
	points plotter.XYs
}

func (s *series) add(x, y float64) {
	s.points = append(s.points, plotter.XY{X: math.Log2(x), Y: y})
}

// drawCurves draws lines over a logarithmic axis of sizes or counts.
func drawCurves(title string, all []series, sizes bool) (template.HTML, error) {
	p := newPlot()
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = mark(faint)
	p.Add(grid)
	highest := 0.0
	for _, s := range all {
		line, points, err := plotter.NewLinePoints(s.points)
		if err != nil {
			return "", err
		}
		line.Color = mark(s.Color)
		line.Width = 2
		points.Color = line.Color
		points.Shape = draw.CircleGlyph{}
		points.Radius = 3
		p.Add(line)
		if s.Dashed {
			line.Dashes = []vg.Length{5, 4}
		} else {
			p.Add(points)
		}
		for _, point := range s.points {
			highest = max(highest, point.Y)
		}
	}
	p.Y.Min, p.Y.Max = 0, highest*1.05
	p.X.Tick.Marker = plot.TickerFunc(func(least, most float64) []plot.Tick { return powersOfTwo(least, most, sizes) })
	return svgOf(p, title, height)
}

// powersOfTwo are ticks between two exponents. Sizes have every second or fourth power, to
// leave room for their names.
func powersOfTwo(least, most float64, sizes bool) []plot.Tick {
	step := 1
	if sizes {
		step = 2
		if most-least > 8 {
			step = 4
		}
	}
	var ticks []plot.Tick
	for e := int(math.Ceil(least)); e <= int(most); e++ {
		tick := plot.Tick{Value: float64(e)}
		if (e-int(math.Ceil(least)))%step == 0 {
			tick.Label = strconv.Itoa(1 << e)
			if sizes {
				tick.Label = results.Size(1 << e)
			}
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// A bar is a time.
type bar struct {
	name  string
	ns    float64
	color int
}

// drawBars draws horizontal bars, the first one on top.
func drawBars(title string, bars []bar) (template.HTML, error) {
	p := newPlot()
	names := make([]string, len(bars))
	var labels plotter.XYLabels
	longest := 0.0
	for i, b := range bars {
		at := len(bars) - 1 - i
		names[at] = b.name
		chart, err := plotter.NewBarChart(plotter.Values{b.ns}, barStep*6/10)
		if err != nil {
			return "", err
		}
		chart.Horizontal = true
		chart.XMin = float64(at)
		chart.Color = mark(b.color)
		chart.LineStyle.Width = 0
		p.Add(chart)
		labels.XYs = append(labels.XYs, plotter.XY{X: b.ns, Y: float64(at)})
		labels.Labels = append(labels.Labels, results.Duration(b.ns))
		longest = max(longest, b.ns)
	}
	values, err := plotter.NewLabels(labels)
	if err != nil {
		return "", err
	}
	for i := range values.TextStyle {
		values.TextStyle[i] = textStyle(p)
		values.TextStyle[i].YAlign = text.YCenter
	}
	values.Offset = vg.Point{X: 5, Y: 2}
	p.Add(values)
	p.NominalY(names...)
	p.HideX()
	p.Y.LineStyle.Width = 0
	p.X.Min, p.X.Max = 0, longest*1.35 // room for the label
	return svgOf(p, title, barStep*vg.Length(len(bars))+12)
}
