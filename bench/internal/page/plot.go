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

// A drawing is as wide as a phone allows, and is never scaled: its text has the same size on all
// screens. A point is a pixel.
const (
	width    vg.Length = 340
	height   vg.Length = 260
	barStep  vg.Length = 30
	fontSize           = 14
)

// Colors are variables of the page's style sheet. The drawing library knows nothing of that: while it
// draws, each variable has a unique color.

const (
	ink   = -1 // text and axes
	faint = -2 // lines of the grid
	// Lines and bars have 1 and more. 0 is for limits.
)

// mark is the color that stands for a variable during drawing.
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

// A canvas records how wide each text is meant to be, since the reader's font may differ.
type canvas struct {
	*vgsvg.Canvas
	widths []vg.Length
}

func (c *canvas) FillString(f font.Face, at vg.Point, s string) {
	c.widths = append(c.widths, f.Width(s))
	c.Canvas.FillString(f, at, s)
}

// fitted gives the texts of the SVG the width they are meant to have.
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

// svgOf returns a drawing as an element of the page. paint draws it, and returns what goes on top.
func svgOf(title string, width, height vg.Length, paint func(c draw.Canvas) (more string)) (template.HTML, error) {
	c := &canvas{Canvas: vgsvg.New(width, height)}
	more := paint(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	role := `role="group" aria-label="` + template.HTMLEscapeString(title) + `"`
	if title == "" {
		role = `aria-hidden="true"`
	}
	svg := start.ReplaceAllString(c.fitted(b.String()), fmt.Sprintf(
		`<svg width="%[1]v" height="%[2]v" viewBox="0 0 %[1]v %[2]v" %[3]s xmlns="http://www.w3.org/2000/svg">`,
		width.Points(), height.Points(), strings.ReplaceAll(role, "$", "$$")))
	svg = marked.ReplaceAllStringFunc(svg, func(c string) string {
		n, err := strconv.ParseUint(c[3:5], 16, 8)
		if err != nil {
			panic("page: internal error: " + err.Error())
		}
		return variable(int(n) - 16)
	})
	svg = strings.ReplaceAll(svg, "font-family:Liberation Sans", "font-family:inherit")
	end := strings.LastIndex(svg, "</svg>")
	return template.HTML(svg[:end] + more + svg[end:]), nil
}

// svgOfPlot is svgOf for a plot and its values, which are shown to readers who point at them or reach
// them with the Tab key.
func svgOfPlot(p *plot.Plot, title string, height vg.Length, values []value) (template.HTML, error) {
	return svgOf(title, width, height, func(c draw.Canvas) string {
		p.Draw(c)
		data := p.DataCanvas(c)
		x, y := p.Transforms(&data)
		var tips strings.Builder
		for _, v := range values {
			tips.WriteString(v.tip(p, x(v.x), height-y(v.y), height))
		}
		return tips.String()
	})
}

// A value is a point that shows its numbers on request.
type value struct {
	x, y float64 // in the plot's coordinates
	text [2]string
}

const (
	tipHeight  vg.Length = 42
	tipPadding vg.Length = 8
)

// tip draws the value's text at x, y from the upper left corner.
func (v value) tip(p *plot.Plot, x, y, height vg.Length) string {
	style := textStyle(p)
	w := 2*tipPadding + max(style.Width(v.text[0]), style.Width(v.text[1]))
	left := min(max(0, x-w/2), width-w)
	top := y - tipHeight - 12
	if top < 0 {
		top = min(y+12, height-tipHeight)
	}
	line := func(text string, y vg.Length) string {
		return fmt.Sprintf(`<text x="%.4g" y="%.4g" textLength="%.4g" lengthAdjust="spacingAndGlyphs">%s</text>`,
			(left + tipPadding).Points(), y.Points(), style.Width(text).Points(), template.HTMLEscapeString(text))
	}
	return fmt.Sprintf(`<g class="value" tabindex="0" role="img" aria-label="%s"><circle cx="%.4g" cy="%.4g" r="11"/>`+
		`<g class="tip"><rect x="%.4g" y="%.4g" width="%.4g" height="%.4g" rx="4"/>%s%s</g></g>`,
		template.HTMLEscapeString(v.text[0]+": "+v.text[1]), x.Points(), y.Points(),
		left.Points(), top.Points(), w.Points(), tipHeight.Points(), line(v.text[0], top+17), line(v.text[1], top+35))
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
		axis.Label.TextStyle = style
		axis.Label.TextStyle.XAlign = text.XCenter
		axis.Label.TextStyle.YAlign = text.YBottom
		axis.Label.Padding = 4
	}
	p.Y.LineStyle.Width = 0
	p.Y.Tick.LineStyle.Width = 0
	return p
}

func textStyle(p *plot.Plot) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: fontSize}
	return text.Style{Color: mark(ink), Font: f, Handler: p.TextHandler}
}

// A series is a line and the values on it.
type series struct {
	key
	points []point
}

// A point is a rate at a size or a count, with the range of half of the rounds.
type point struct {
	at, rate, low, high float64
	name                string // of the place on the axis
}

func (s *series) add(x *results.Result, at int, name string) {
	rate := func(ns float64) float64 {
		if ns <= 0 {
			return 0
		}
		return float64(x.Bytes) / ns
	}
	s.points = append(s.points, point{float64(at), rate(x.Ns), rate(x.High), rate(x.Low), name})
}

// Len, XY and YError implement interfaces of the drawing library.
func (s *series) Len() int                { return len(s.points) }
func (s *series) XY(i int) (x, y float64) { return math.Log2(s.points[i].at), s.points[i].rate }
func (s *series) YError(i int) (l, h float64) {
	p := s.points[i]
	return p.rate - p.low, p.high - p.rate
}

// markers tell lines apart where colors do not.
var markers = []draw.GlyphDrawer{
	draw.CircleGlyph{},
	polygon{{X: -1, Y: -1}, {X: 1, Y: -1}, {X: 1, Y: 1}, {X: -1, Y: 1}},
	polygon{{X: -1.2, Y: -1}, {X: 1.2, Y: -1}, {X: 0, Y: 1.3}},
	polygon{{X: -1.3, Y: 0}, {X: 0, Y: -1.3}, {X: 1.3, Y: 0}, {X: 0, Y: 1.3}},
	polygon{{X: -1.2, Y: 1}, {X: 1.2, Y: 1}, {X: 0, Y: -1.3}},
	polygon{
		{X: -1.3, Y: -0.4}, {X: -0.4, Y: -0.4}, {X: -0.4, Y: -1.3}, {X: 0.4, Y: -1.3}, {X: 0.4, Y: -0.4}, {X: 1.3, Y: -0.4},
		{X: 1.3, Y: 0.4}, {X: 0.4, Y: 0.4}, {X: 0.4, Y: 1.3}, {X: -0.4, Y: 1.3}, {X: -0.4, Y: 0.4}, {X: -1.3, Y: 0.4},
	},
}

// A polygon is a marker, with its corners in units of its radius.
type polygon []vg.Point

func (g polygon) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	corners := make([]vg.Point, len(g))
	for i, p := range g {
		corners[i] = at.Add(p.Scale(style.Radius))
	}
	c.FillPolygon(style.Color, corners)
}

func (k key) line() draw.LineStyle {
	line := draw.LineStyle{Color: mark(k.Color), Width: 2}
	if k.Dashed {
		line.Dashes = []vg.Length{5, 4}
	}
	return line
}

// glyph is the marker of a line that is not dashed.
func (k key) glyph() draw.GlyphStyle {
	return draw.GlyphStyle{Color: mark(k.Color), Radius: 4, Shape: markers[max(0, k.Color-1)%len(markers)]}
}

// Sample draws the line as in the plot, for the legend.
func (k key) Sample() (template.HTML, error) {
	const w, h = 28, 12
	return svgOf("", w, h, func(c draw.Canvas) string {
		if !k.Bar {
			c.StrokeLine2(k.line(), 0, h/2, w, h/2)
		}
		switch {
		case k.Bar:
			c.FillPolygon(mark(k.Color), []vg.Point{{X: 8, Y: 0}, {X: 20, Y: 0}, {X: 20, Y: h}, {X: 8, Y: h}})
		case !k.Dashed:
			c.DrawGlyph(k.glyph(), vg.Point{X: w / 2, Y: h / 2})
		}
		return ""
	})
}

// drawCurves draws lines over a logarithmic axis of sizes or counts.
func drawCurves(title string, all []series, sizes bool) (template.HTML, error) {
	p := newPlot()
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = mark(faint)
	p.Add(grid)
	highest := 0.0
	var values []value
	for i := range all {
		s := &all[i]
		line, points, err := plotter.NewLinePoints(s)
		if err != nil {
			return "", err
		}
		line.LineStyle = s.line()
		points.GlyphStyle = s.glyph()
		p.Add(line)
		if !s.Dashed {
			bars, err := plotter.NewYErrorBars(s)
			if err != nil {
				return "", err
			}
			bars.LineStyle = draw.LineStyle{Color: mark(s.Color), Width: 1.5}
			bars.CapWidth = 7
			p.Add(bars, points)
		}
		for j, point := range s.points {
			highest = max(highest, point.rate, point.high)
			x, y := s.XY(j)
			values = append(values, value{x, y, [2]string{
				s.Name + ", " + point.name, fmt.Sprintf("%s GB/s (half: %s to %s)", digits(point.rate), digits(point.low), digits(point.high)),
			}})
		}
	}
	p.X.Label.Text = "messages at once"
	if sizes {
		p.X.Label.Text = "length of a message"
	}
	p.Y.Label.Text = "GB/s"
	p.Y.Min, p.Y.Max = 0, highest*1.05
	p.X.Tick.Marker = plot.TickerFunc(func(least, most float64) []plot.Tick { return powersOfTwo(least, most, sizes) })
	return svgOfPlot(p, title, height, values)
}

// digits formats x with three digits.
func digits(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

// powersOfTwo returns ticks between two exponents. Sizes have every second or fourth power, to leave
// room for their names.
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

// A bar is a time, with the range of half of the rounds.
type bar struct {
	name          string
	ns, low, high float64
	color         int
}

// drawBars draws horizontal bars, the first one on top.
func drawBars(title string, bars []bar) (template.HTML, error) {
	p := newPlot()
	names := make([]string, len(bars))
	var labels plotter.XYLabels
	var values []value
	longest := 0.0
	for i, b := range bars {
		at := float64(len(bars) - 1 - i)
		names[len(bars)-1-i] = b.name
		chart, err := plotter.NewBarChart(plotter.Values{b.ns}, barStep*6/10)
		if err != nil {
			return "", err
		}
		chart.Horizontal = true
		chart.XMin = at
		chart.Color = mark(b.color)
		chart.LineStyle.Width = 0
		p.Add(chart)
		spread, err := plotter.NewXErrorBars(errorBar{b, at})
		if err != nil {
			return "", err
		}
		spread.LineStyle = draw.LineStyle{Color: mark(ink), Width: 1.5}
		spread.CapWidth = 7
		p.Add(spread)
		labels.XYs = append(labels.XYs, plotter.XY{X: max(b.ns, b.high), Y: at})
		labels.Labels = append(labels.Labels, results.Duration(b.ns))
		values = append(values, value{b.ns, at, [2]string{
			b.name, fmt.Sprintf("%s (half: %s to %s)", results.Duration(b.ns), results.Duration(b.low), results.Duration(b.high)),
		}})
		longest = max(longest, b.ns, b.high)
	}
	written, err := plotter.NewLabels(labels)
	if err != nil {
		return "", err
	}
	for i := range written.TextStyle {
		written.TextStyle[i] = textStyle(p)
		written.TextStyle[i].YAlign = text.YCenter
	}
	written.Offset = vg.Point{X: 5, Y: 2}
	p.Add(written)
	p.NominalY(names...)
	p.HideX()
	p.X.Label.Text = "time, shorter is better"
	p.Y.LineStyle.Width = 0
	p.X.Min, p.X.Max = 0, longest*1.5 // room for the label
	return svgOfPlot(p, title, barStep*vg.Length(len(bars))+34, values)
}

// An errorBar draws the spread of a bar, for the drawing library.
type errorBar struct {
	bar
	at float64
}

func (b errorBar) Len() int                  { return 1 }
func (b errorBar) XY(int) (x, y float64)     { return b.ns, b.at }
func (b errorBar) XError(int) (l, h float64) { return b.ns - b.low, b.high - b.ns }
