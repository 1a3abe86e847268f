package results

import (
	"fmt"
	"strconv"
)

// Size formats a number of bytes.
func Size(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d B", n)
	}
}

// Duration formats a number of nanoseconds with three digits.
func Duration(ns float64) string {
	unit := "ns"
	switch {
	case ns >= 1e6:
		ns, unit = ns/1e6, "ms"
	case ns >= 1e3:
		ns, unit = ns/1e3, "µs"
	}
	if ns >= 100 {
		return fmt.Sprintf("%.0f %s", ns, unit)
	}
	return strconv.FormatFloat(ns, 'g', 3, 64) + " " + unit
}
