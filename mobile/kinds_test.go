package mobile

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestEventKinds: each kind of event that package secretchat has is a constant here too.
func TestEventKinds(t *testing.T) {
	theirs := names(t, "../secretchat/event.go", `(?m)^\t(Event[A-Z]\w*)( |$)`)
	ours := names(t, "chat.go", `(?m)^\t(Event[A-Z]\w*) += int\(secretchat\.Event`)
	if len(theirs) < 10 {
		t.Errorf("found %d kinds of events only: %q", len(theirs), theirs)
	}
	for _, kind := range theirs {
		if !slices.Contains(ours, kind) {
			t.Errorf("chat.go has no constant for secretchat.%s", kind)
		}
	}
}

// names returns what the first group of a regular expression matches in a file.
func names(t *testing.T, file, expr string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(expr).FindAllStringSubmatch(string(text), -1) {
		all = append(all, match[1])
	}
	return all
}
