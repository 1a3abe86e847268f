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

// probe runs in the page, waits until it is laid out, and writes into the title around it what is wrong
// with it: what is wider than the window, or has no height or no color.
const probe = `<script>
addEventListener("load", () => {
	const wrong = [];
	const root = document.documentElement;
	if (root.scrollWidth > root.clientWidth) wrong.push("wider than the window by " + (root.scrollWidth - root.clientWidth));
	for (const svg of document.querySelectorAll("svg")) {
		const name = svg.getAttribute("aria-label");
		if (svg.getBoundingClientRect().height < 20) wrong.push(name + " has no height");
		for (const path of svg.querySelectorAll("path")) {
			const style = getComputedStyle(path);
			if (style.stroke === "none" && style.fill === "rgb(0, 0, 0)") wrong.push("black in " + name);
		}
		for (const text of svg.querySelectorAll("text")) {
			const box = text.getBoundingClientRect(), around = svg.closest("figure").getBoundingClientRect();
			if (box.left < around.left || box.right > around.right) wrong.push(text.textContent + " sticks out of " + name);
		}
	}
	parent.document.title = "wrong: " + (wrong.join("; ") || "nothing") + " at " + root.clientWidth;
});
</script>`

// TestBrowser renders the page in Chromium, as wide as on a desk and as on a phone.
func TestBrowser(t *testing.T) {
	browser := chromium(t)
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	text := write(t, sample("server", 1), sample("phone", 0.1)) + probe
	if err := os.WriteFile(page, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{360, 1280} {
		// A frame may be as narrow as a phone, a window of Chromium may not.
		frame := filepath.Join(dir, "frame.html")
		text := fmt.Sprintf(`<link rel="icon" href="data:,"><title></title><iframe src="page.html" width="%d" height="9000" style="border: 0"></iframe>`, width)
		if err := os.WriteFile(frame, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		dom, log := render(t, browser, frame)
		if want := fmt.Sprintf("<title>wrong: nothing at %d</title>", width); !strings.Contains(dom, want) {
			title, _, _ := strings.Cut(dom[max(0, strings.Index(dom, "<title>")):], "\n")
			t.Errorf("width %d: %s, want %s", width, title, want)
		}
		for line := range strings.Lines(log) {
			if strings.Contains(line, "CONSOLE") {
				t.Errorf("width %d: %s", width, line)
			}
		}
	}
}

// render returns the page as it is after scripts ran, and what the browser logged.
func render(t *testing.T, browser, page string) (dom, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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
