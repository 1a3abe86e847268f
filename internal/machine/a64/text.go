package a64

import (
	"fmt"
	"strings"
)

var conditions = [16]string{"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"}

// CondName returns the name of a condition.
func CondName(c int) string { return conditions[c] }

// String returns the text of objdump, without comments and names of symbols.
func (in Inst) String() string {
	var text []string
	for i := range in.Args {
		text = append(text, in.Args[i].text())
	}
	return strings.TrimSpace(in.Op + " " + strings.Join(text, ", "))
}

func (a *Operand) text() string {
	switch a.Kind {
	case Register:
		return general(a.Reg, a.Size) + shift(a.Shift)
	case Vector:
		return a.vectorText()
	case Memory:
		return a.memoryText()
	case Immediate:
		if a.shownAsDecimal {
			return fmt.Sprintf("#%d", a.Disp)
		}
		return fmt.Sprintf("#0x%x", uint64(a.Disp)) + shift(a.Shift)
	case Condition:
		return conditions[a.Cond]
	case Timing:
		return "dit"
	}
	return fmt.Sprintf("%x", uint64(a.Disp))
}

func shift(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", lsl #%d", n)
}

func general(r, size int) string {
	name := map[int]string{8: "x", 4: "w"}[size]
	switch {
	case r == SP && size == 8:
		return "sp"
	case r == ZR:
		return name + "zr"
	}
	return name + fmt.Sprint(r)
}

func (a *Operand) vectorText() string {
	letter := map[int]string{1: "b", 4: "s", 8: "d", 16: "q"}[a.Size]
	switch {
	case a.Element != All:
		return fmt.Sprintf("v%d.%s[%d]", a.Reg, letter, a.Element)
	case a.Lanes == 1: // a scalar
		return letter + fmt.Sprint(a.Reg)
	}
	one := func(i int) string { return fmt.Sprintf("v%d.%d%s", (a.Reg+i)%32, a.Lanes, letter) }
	switch {
	case a.Count == 0:
		return one(0)
	case a.Count > 2 && a.Reg+a.Count <= 32:
		return "{" + one(0) + "-" + one(a.Count-1) + "}"
	}
	var all []string
	for i := range a.Count {
		all = append(all, one(i))
	}
	return "{" + strings.Join(all, ", ") + "}"
}

func (a *Operand) memoryText() string {
	base := general(a.Base, 8)
	switch {
	case a.Mode == Post:
		return fmt.Sprintf("[%s], #%d", base, a.Disp)
	case a.Index != NoRegister:
		return fmt.Sprintf("[%s, %s%s]", base, general(a.Index, 8), shift(a.Shift))
	case a.Mode == Pre:
		return fmt.Sprintf("[%s, #%d]!", base, a.Disp)
	case a.Disp != 0:
		return fmt.Sprintf("[%s, #%d]", base, a.Disp)
	}
	return "[" + base + "]"
}
