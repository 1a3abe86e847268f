package mtcore

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommands: the commands of SECURITY.md, by which each of its claims can be tried, run tests that
// are there. In a table, a command with a | could not be copied.
func TestCommands(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile("`([^`]*\\bgo (?:-C \\w+ )?test [^`]*)`").FindAllStringSubmatch(string(text), -1)
	if len(commands) < 15 {
		t.Errorf("%d commands", len(commands))
	}
	for _, m := range commands {
		if problem := wrongCommand(m[1]); problem != "" {
			t.Errorf("%s: %s", m[1], problem)
		}
	}
	for command, want := range map[string]string{ // planted
		"go test -run TestWipe ./bigdh ./internal/registers": "./internal/registers",
		"go test ./cdf":                      "./cdf",
		"go test -run 'TestA\\|TestB' ./ige": "cannot be copied",
		"go test -run Registers .":           "",
		"go -C mobile test -run Wipe .":      "",
	} {
		if got := wrongCommand(command); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", command, got, want)
		}
	}
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)

// wrongCommand says what is wrong with a call of go test.
func wrongCommand(command string) string {
	if strings.ContainsAny(command, `|\`) {
		return "cannot be copied"
	}
	dir, run, packages := ".", "", 0
	words := strings.Fields(command)
	for i, word := range words {
		switch {
		case i > 0 && words[i-1] == "-C":
			dir = word
		case i > 0 && words[i-1] == "-run":
			run = word
		case word == "." || strings.HasPrefix(word, "./"):
			packages++
			pattern, err := regexp.Compile(run)
			if err != nil {
				return err.Error()
			}
			if !hasTest(filepath.Join(dir, word), pattern) {
				return fmt.Sprintf("%s has no test %q", word, run)
			}
		}
	}
	if packages == 0 {
		return "no packages"
	}
	return ""
}

func hasTest(dir string, name *regexp.Regexp) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return false
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		for _, m := range testFunction.FindAllStringSubmatch(string(text), -1) {
			if name.MatchString(m[1]) {
				return true
			}
		}
	}
	return false
}
