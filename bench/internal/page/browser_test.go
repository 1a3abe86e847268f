package page

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/impltest"
)

// chromium returns the path of the browser. Without one the test is skipped, unless CI
// requires "chromium".
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	impltest.SkipWithout(t, "chromium") // Debian: apt-get install chromium
	return ""
}

// probe runs in the page, waits until it is laid out, and reports what is wrong to the page around it:
// anything that is wider than the window or than its figure, cannot be read, has another size than it
// was drawn with, or does not show its values.
const probe = `<script>
addEventListener("load", () => {
	const wrong = [];
	const root = document.documentElement;
	if (root.scrollWidth > root.clientWidth) wrong.push("wider than the window by " + (root.scrollWidth - root.clientWidth));

	const rgb = color => color.match(/[0-9.]+/g).map(Number);
	const luminance = color => {
		const [r, g, b] = rgb(color).map(x => (x /= 255) <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = e => {
		for (; e; e = e.parentElement) {
			const color = getComputedStyle(e).backgroundColor;
			if (rgb(color).length == 3) return color;
		}
		return "rgb(255, 255, 255)";
	};
	const readable = (what, color, paper, least) => {
		const x = luminance(color), y = luminance(paper);
		const contrast = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
		if (contrast < least) wrong.push(what + " has a contrast of " + contrast.toFixed(2));
	};
	for (const e of document.querySelectorAll("body *")) {
		const text = [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim());
		const style = getComputedStyle(e);
		if (!text || e.closest("style, script")) continue;
		if (parseFloat(style.fontSize) < 13.9) wrong.push(e.textContent + " is small");
		if (e.closest(".tip")) readable(e.textContent, style.fill, getComputedStyle(e.closest(".tip").firstChild).fill, 4.5);
		else readable(e.textContent, e.closest("svg") ? style.fill : style.color, behind(e), 4.5);
	}

	for (const svg of document.querySelectorAll("svg")) {
		const name = svg.getAttribute("aria-label") || "a legend";
		const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
		if (Math.abs(scale - 1) > 0.001) wrong.push(name + " is drawn at " + scale.toFixed(2));
		if (svg.getBoundingClientRect().height < 10) wrong.push(name + " has no height");
		for (const path of svg.querySelectorAll("path")) {
			const style = getComputedStyle(path);
			if (style.stroke === "none" && style.fill === "rgb(0, 0, 0)") wrong.push("black in " + name);
			for (const color of [style.stroke, style.fill]) {
				if (color !== "none" && color !== getComputedStyle(root).getPropertyValue("--faint") && style.strokeWidth !== "0.25px")
					readable("a line of " + name, color, behind(svg), 3);
			}
		}
		for (const text of svg.querySelectorAll("text")) {
			const box = text.getBoundingClientRect(), around = svg.closest("figure").getBoundingClientRect();
			if (box.left < around.left || box.right > around.right) wrong.push(text.textContent + " sticks out of " + name);
		}
	}
	const hidden = value => getComputedStyle(value.querySelector(".tip")).visibility;
	for (const value of document.querySelectorAll(".value")) {
		if (hidden(value) !== "hidden") wrong.push("a value is shown to nobody");
	}
	const value = document.querySelector(".value");
	value.focus();
	if (hidden(value) !== "visible") wrong.push("a value is not shown on focus");
	const found = parent.document.createElement("pre");
	found.append("found " + location.pathname.split("/").pop() + " at " + root.clientWidth + ": " + ([...new Set(wrong)].join("; ") || "nothing"));
	parent.document.body.append(found);
});
</script>`

// A view is a page in a window of a given width, in one of the color schemes.
type view struct {
	page  string
	width int
	dark  bool
}

// problems returns what the probe reports for each view. The browser is started once.
func problems(t *testing.T, views []view) []string {
	t.Helper()
	browser := chromium(t)
	dir := t.TempDir()
	// A frame can be as narrow as a phone; a window of Chromium cannot.
	frames := `<!DOCTYPE html><link rel="icon" href="data:,"><title></title><body>`
	for i, v := range views {
		if v.dark {
			// Headless Chromium has no preferred color scheme.
			v.page = strings.Replace(v.page, "(prefers-color-scheme: dark)", "all", 1)
		}
		name := fmt.Sprintf("page%d.html", i)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(v.page+probe), 0o666); err != nil {
			t.Fatal(err)
		}
		frames += fmt.Sprintf(`<iframe src="%s" width="%d" height="900" style="border: 0"></iframe>`, name, v.width)
	}
	frame := filepath.Join(dir, "frame.html")
	if err := os.WriteFile(frame, []byte(frames), 0o666); err != nil {
		t.Fatal(err)
	}
	dom, log := render(t, browser, frame)
	for line := range strings.Lines(log) {
		if strings.Contains(line, "CONSOLE") {
			t.Error(line)
		}
	}
	var all []string
	for i, v := range views {
		_, found, ok := strings.Cut(dom, fmt.Sprintf("<pre>found page%d.html at %d: ", i, v.width))
		if !ok {
			t.Fatalf("the probe says nothing of page %d in:\n%s", i, dom)
		}
		found, _, _ = strings.Cut(found, "</pre>")
		all = append(all, found)
	}
	return all
}

// TestBrowser renders the page in Chromium, at the width of a phone and of a desktop, in light and
// dark.
func TestBrowser(t *testing.T) {
	r := sample("server", 1)
	r.Disturbed, r.Why, r.Build.Commit = true, []string{"a neighbour"}, "0123456789abcdef0123456789abcdef01234567"
	var views []view
	for _, page := range []string{write(t, r), write(t, r, sample("phone", 0.1))} {
		for _, width := range []int{390, 1280} {
			views = append(views, view{page, width, false}, view{page, width, true})
		}
	}
	for i, got := range problems(t, views) {
		if got != "nothing" {
			t.Errorf("page %d, width %d, dark %v: %s", i/4, views[i].width, views[i].dark, got)
		}
	}
}

// TestBrowserFindsFaults: the probe detects each kind of fault it looks for.
func TestBrowserFindsFaults(t *testing.T) {
	page := write(t, sample("server", 1))
	faults := []struct{ style, want string }{
		{".scroll { overflow: visible } table { min-width: 2000px }", "wider than the window by"},
		{"p { color: #aaa }", "has a contrast of 2."},
		{"h2 { background: #333 }", "AES-256-IGE has a contrast of"},
		{":root { --c2: #dddddd }", "a line of encrypt has a contrast of"},
		{"figure svg { width: 300px; height: auto }", "is drawn at 0.88"},
		{"figure text { font-size: 9px !important }", "is small"},
		{".value .tip { visibility: hidden !important }", "a value is not shown on focus"},
		{".tip { visibility: visible }", "a value is shown to nobody"},
		{"figure svg { position: relative; left: 60px }", "sticks out of"},
	}
	var views []view
	for _, f := range faults {
		views = append(views, view{strings.Replace(page, "</style>", f.style+"</style>", 1), 1280, false})
	}
	for i, got := range problems(t, views) {
		if !strings.Contains(got, faults[i].want) {
			t.Errorf("%s: the probe says %q, want %q", faults[i].style, got, faults[i].want)
		}
	}
}

// render returns the page after its scripts ran, and what the browser logged.
func render(t *testing.T, browser, page string) (dom, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(t.TempDir(), "profile"), "--window-size=1400,900",
		"--allow-file-access-from-files", "--enable-logging=stderr", "--dump-dom", "file://"+page)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, &stderr)
	}
	return stdout.String(), stderr.String()
}
