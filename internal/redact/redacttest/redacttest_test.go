package redacttest

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/mtcore/mtcore/internal/redact"
)

type open struct{ Key [4]byte }

type half struct{ Key [4]byte }

func (*half) Format(s fmt.State, _ rune) { redact.Format(s) }
func (*half) LogValue() slog.Value       { return redact.Value() }

type whole struct{ Key [4]byte }

func (whole) Format(s fmt.State, _ rune) { redact.Format(s) }
func (whole) LogValue() slog.Value       { return redact.Value() }

// TestPrinted plants what Printed has to catch: types without methods, and types with
// methods only on the pointer.
func TestPrinted(t *testing.T) {
	if len(printed(open{})) == 0 {
		t.Error("a type without methods passes")
	}
	if len(printed(half{})) == 0 {
		t.Error("a type whose address alone has the methods passes")
	}
	if leaks := printed(whole{}); len(leaks) > 0 {
		t.Error(leaks)
	}
}
