//go:build gc && !purego

package bigdh

func mul(m *modulus, z, x, y *elem) {
	switch {
	case useIFMA:
		mulIFMA(m, z, x, y)
	case useADX:
		mulADX(m, z, x, y)
	default:
		mulGeneric(m, z, x, y)
	}
}

func sqr(m *modulus, z, x *elem, times int) {
	switch {
	case useIFMA:
		sqrIFMA(m, z, x, times)
	case useADX:
		sqrADX(m, z, x, times)
	default:
		sqrGeneric(m, z, x, times)
	}
}

func selectElem(z *elem, table []elem, i uint64) {
	switch {
	case useIFMA:
		selectIFMA(z, table, i)
	case useADX:
		selectADX(z, table, i)
	default:
		selectGeneric(z, table, i)
	}
}

func enter(m *modulus, z *elem, x *nat) {
	switch {
	case useIFMA:
		enterIFMA(m, z, x)
	case useADX:
		enterADX(m, z, x)
	default:
		enterGeneric(m, z, x)
	}
}

func leave(m *modulus, x *nat, z *elem) {
	switch {
	case useIFMA:
		leaveIFMA(m, x, z)
	case useADX:
		leaveADX(m, x, z)
	default:
		leaveGeneric(m, x, z)
	}
}

// form tells which Montgomery form the operations use.
func form() int {
	if useIFMA {
		return form52
	}
	return form64
}
