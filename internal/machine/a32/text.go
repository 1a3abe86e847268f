package a32

import (
	"fmt"
	"strings"
)

var conditions = [16]string{"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "", ""}

// CondName returns the name of a condition.
func CondName(c int) string { return conditions[c] }

// String returns the text of objdump, without comments and names of symbols.
func (in Inst) String() string {
	var text []string
	for i := range in.Args {
		text = append(text, in.Args[i].text())
	}
	return in.Op + conditions[in.Cond] + " " + strings.Join(text, ", ")
}

func (a *Operand) text() string {
	switch a.Kind {
	case Register:
		return general(a.Reg)
	case Quad:
		return fmt.Sprint("q", a.Reg)
	case Element:
		return fmt.Sprintf("d%d[%d]", a.Reg, a.Disp)
	case List:
		return fmt.Sprintf("{d%d-d%d}", a.Reg, a.Reg+a.Count-1)
	case Memory:
		return a.memoryText()
	case Immediate:
		return fmt.Sprintf("#%d", int32(a.Disp))
	}
	return fmt.Sprintf("%x", uint64(a.Disp))
}

func (a *Operand) memoryText() string {
	base := general(a.Base)
	switch {
	case a.bare:
		return "[" + base + "]!"
	case a.Mode == Post:
		return fmt.Sprintf("[%s], #%d", base, a.Disp)
	case a.Mode == Pre:
		return fmt.Sprintf("[%s, #%d]!", base, a.Disp)
	case a.Disp != 0:
		return fmt.Sprintf("[%s, #%d]", base, a.Disp)
	}
	return "[" + base + "]"
}

func general(r int) string {
	if r < 10 {
		return fmt.Sprint("r", r)
	}
	return [...]string{"sl", "fp", "ip", "sp", "lr", "pc"}[r-10]
}
