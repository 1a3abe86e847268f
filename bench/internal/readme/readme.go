// Package readme writes the numbers of reports as Markdown tables, between marks that name
// the report.
package readme

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mtcore/mtcore/internal/results"
)

// The text between a begin mark, which names a file and perhaps some of its tables, and an end mark is
// replaced.
const (
	begin    = "<!-- bench: "
	beginEnd = " -->\n"
	end      = "<!-- end of bench -->"
)

// Update returns the text with its tables regenerated. read returns the report that a mark
// names.
func Update(text string, read func(name string) (*results.Report, error)) (string, error) {
	var b strings.Builder
	marks := 0
	for {
		before, rest, ok := strings.Cut(text, begin)
		b.WriteString(before)
		if !ok {
			break
		}
		mark, rest, ok := strings.Cut(rest, beginEnd)
		if !ok || strings.ContainsAny(mark, "\n") {
			return "", fmt.Errorf("no %q after %q", beginEnd, begin)
		}
		_, rest, ok = strings.Cut(rest, end)
		if !ok {
			return "", fmt.Errorf("no %q after %q", end, begin+mark)
		}
		name, which, _ := strings.Cut(mark, " ")
		r, err := read(name)
		if err != nil {
			return "", err
		}
		if r.Build.Commit == "" || r.Build.Modified {
			return "", fmt.Errorf("%s is not of a commit: measure with go run -buildvcs=true, from a clean clone", name)
		}
		if r.Disturbed {
			return "", fmt.Errorf("%s is of a disturbed machine and says nothing (%s): measure again when it is quiet, or keep the old results",
				name, strings.Join(r.Why, "; "))
		}
		tables, err := Tables(r, which)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		b.WriteString(begin + mark + beginEnd + "\n" + tables + "\n" + end)
		text = rest
		marks++
	}
	if marks == 0 {
		return "", errors.New("no mark " + begin)
	}
	return b.String(), nil
}
