package page

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A scheme is the colors of a style sheet, by name.
type scheme map[string][3]float64

var (
	rootRule  = regexp.MustCompile(`(?s):root \{(.*?)\}`)
	variables = regexp.MustCompile(`--(\w+): (#[0-9a-f]+);`)
)

// schemes returns the page's light and dark schemes.
func schemes(t *testing.T) map[string]scheme {
	t.Helper()
	rules := rootRule.FindAllStringSubmatch(source, -1)
	if len(rules) != 2 {
		t.Fatalf("%d rules for colors, want a light and a dark one", len(rules))
	}
	all := map[string]scheme{}
	for i, name := range []string{"light", "dark"} {
		s := scheme{}
		for _, v := range variables.FindAllStringSubmatch(rules[i][1], -1) {
			s[v[1]] = rgb(t, v[2])
		}
		all[name] = s
	}
	return all
}

func rgb(t *testing.T, hex string) (c [3]float64) {
	t.Helper()
	hex = strings.TrimPrefix(hex, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 24)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c {
		x := float64(n>>(16-8*i)&0xff) / 255
		if x <= 0.04045 {
			c[i] = x / 12.92
		} else {
			c[i] = math.Pow((x+0.055)/1.055, 2.4)
		}
	}
	return c
}

// contrast is the contrast of WCAG 2, for linear colors.
func contrast(a, b [3]float64) float64 {
	luminance := func(c [3]float64) float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// visions are how linear colors look to people: Machado, Oliveira and Fernandes, A Physiologically-based Model for
// Simulation of Color Vision Deficiency, 2009, with severity 1.
var visions = map[string][3][3]float64{
	"usual":  {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protan": {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deutan": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritan": {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// lab returns the color as somebody with that vision sees it, in CIELAB.
func lab(c [3]float64, vision [3][3]float64) [3]float64 {
	var seen [3]float64
	for i := range seen {
		for j := range c {
			seen[i] += vision[i][j] * c[j]
		}
		seen[i] = min(1, max(0, seen[i]))
	}
	f := func(x float64) float64 {
		if x > 0.008856 {
			return math.Cbrt(x)
		}
		return 7.787*x + 16.0/116
	}
	x := f((0.4124564*seen[0] + 0.3575761*seen[1] + 0.1804375*seen[2]) / 0.95047)
	y := f(0.2126729*seen[0] + 0.7151522*seen[1] + 0.0721750*seen[2])
	z := f((0.0193339*seen[0] + 0.1191920*seen[1] + 0.9503041*seen[2]) / 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// faults returns which colors cannot be read or told apart, and by whom.
func (s scheme) faults() []string {
	const (
		text, graphics = 4.5, 3 // WCAG 2.1, 1.4.3 and 1.4.11
		apart          = 18     // in CIELAB: a just noticeable difference is 2.3
	)
	var all []string
	for _, paper := range []string{"paper", "card"} {
		for _, ink := range []string{"ink", "soft", "good", "bad", "link"} {
			if x := contrast(s[ink], s[paper]); x < text {
				all = append(all, fmt.Sprintf("text %s on %s has a contrast of %.2f", ink, paper, x))
			}
		}
	}
	lines := []string{"limit"}
	for i := range colors {
		lines = append(lines, fmt.Sprintf("c%d", i+1))
	}
	for i, a := range lines {
		if x := contrast(s[a], s["card"]); x < graphics {
			all = append(all, fmt.Sprintf("line %s has a contrast of %.2f", a, x))
		}
		for _, b := range lines[:i] {
			for _, who := range slices.Sorted(maps.Keys(visions)) {
				p, q := lab(s[a], visions[who]), lab(s[b], visions[who])
				if d := math.Hypot(math.Hypot(p[0]-q[0], p[1]-q[1]), p[2]-q[2]); d < apart {
					all = append(all, fmt.Sprintf("%s and %s are %.1f apart for %s", a, b, d, who))
				}
			}
		}
	}
	return all
}

func TestPalette(t *testing.T) {
	for name, s := range schemes(t) {
		for _, fault := range s.faults() {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// TestPaletteFindsFaults: red and green, as in many palettes, and gray on gray.
func TestPaletteFindsFaults(t *testing.T) {
	for _, tt := range []struct{ name, color, want string }{
		{"c2", "#b8860b", "c4 and c2 are"}, // beside a green of the same lightness
		{"c3", "#0b5fd0", "for usual"},
		{"soft", "#999999", "text soft on card"},
		{"limit", "#cccccc", "line limit has a contrast of"},
	} {
		s := schemes(t)["light"]
		if tt.name == "c2" {
			s["c4"] = rgb(t, "#7a9a01")
		}
		s[tt.name] = rgb(t, tt.color)
		if got := strings.Join(s.faults(), "; "); !strings.Contains(got, tt.want) {
			t.Errorf("%s as %s: faults %q, want one with %q", tt.name, tt.color, got, tt.want)
		}
	}
}

func TestMarkers(t *testing.T) {
	if len(markers) < colors {
		t.Errorf("%d markers for %d colors", len(markers), colors)
	}
}
