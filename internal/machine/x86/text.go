package x86

import (
	"fmt"
	"strings"
)

// String returns the text of objdump -M intel, without comments and names of symbols.
func (in Inst) String() string {
	op, operands := in.Op, in.Args
	if in.Op == "vpcmpuq" { // whose name includes the comparison
		last := len(operands) - 1
		if p := predicates[operands[last].Disp&7]; p != "" && operands[last].Disp < 8 {
			op, operands = "vpcmp"+p+"uq", operands[:last]
		}
	}
	var text []string
	for i, a := range operands {
		s := a.text(&in)
		if i == 0 && in.Mask != 0 {
			s += fmt.Sprintf("{k%d}", in.Mask)
		}
		if i == 0 && in.Zero {
			s += "{z}"
		}
		text = append(text, s)
	}
	return strings.TrimSpace(op + " " + strings.Join(text, ","))
}

var predicates = [8]string{0: "eq", 1: "lt", 2: "le", 4: "neq", 5: "nlt", 6: "nle"}

func (a *Operand) text(in *Inst) string {
	switch a.Kind {
	case Register:
		return register(a.Reg, a.Size)
	case Vector:
		return fmt.Sprintf("%cmm%d", map[int]byte{16: 'x', 32: 'y', 64: 'z'}[a.Size], a.Reg)
	case Mask:
		return fmt.Sprintf("k%d", a.Reg)
	case Target:
		return fmt.Sprintf("%x", a.Disp)
	case Immediate:
		switch a.Size {
		case 0:
			return fmt.Sprint(a.Disp)
		case 1:
			return fmt.Sprintf("0x%x", uint8(a.Disp))
		}
		return fmt.Sprintf("0x%x", uint64(a.Disp))
	}
	return sizeText(a) + a.address(in.Next())
}

func sizeText(a *Operand) string {
	names := map[int]string{1: "BYTE", 4: "DWORD", 8: "QWORD", 16: "XMMWORD", 32: "YMMWORD", 64: "ZMMWORD"}
	switch {
	case a.Broadcast != 0:
		return names[a.Broadcast] + " BCST "
	case a.Size != 0:
		return names[a.Size] + " PTR "
	}
	return ""
}

// address is what stands in brackets; next is where a displacement from RIP counts from.
func (a *Operand) address(next int) string {
	var parts []string
	disp := a.Disp
	switch {
	case a.Base == RIP:
		parts = append(parts, "rip")
		disp -= int64(next)
	case a.Base != NoRegister:
		parts = append(parts, register(a.Base, 8))
	}
	if a.Index != NoRegister {
		parts = append(parts, fmt.Sprintf("%s*%d", register(a.Index, 8), a.Scale))
	}
	if len(parts) == 0 {
		segment := "ds"
		if a.FS {
			segment = "fs"
		}
		return fmt.Sprintf("%s:0x%x", segment, uint64(disp))
	}
	s := strings.Join(parts, "+")
	switch {
	case disp < 0:
		s += fmt.Sprintf("-0x%x", -disp)
	case disp > 0 || a.Base == RIP || a.Base >= 0 && a.Base&7 == RBP: // which have a displacement even if it is zero
		s += fmt.Sprintf("+0x%x", disp)
	}
	if a.FS {
		return "fs:[" + s + "]"
	}
	return "[" + s + "]"
}

func register(r, size int) string {
	if r >= 8 {
		return fmt.Sprintf("r%d%s", r, map[int]string{8: "", 4: "d", 1: "b"}[size])
	}
	if size == 1 {
		return [8]string{"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"}[r]
	}
	return map[int]string{8: "r", 4: "e"}[size] + [8]string{"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"}[r]
}
