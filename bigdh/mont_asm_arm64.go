//go:build gc && !purego

package bigdh

func mul(m *modulus, z, x, y *elem) {
	if useArm64 {
		mulArm64(m, z, x, y)
		return
	}
	mulGeneric(m, z, x, y)
}

func sqr(m *modulus, z, x *elem, times int) {
	if useArm64 {
		sqrArm64(m, z, x, times)
		return
	}
	sqrGeneric(m, z, x, times)
}

func selectElem(z *elem, table []elem, i uint64) {
	if useArm64 {
		selectArm64(z, table, i)
		return
	}
	selectGeneric(z, table, i)
}

func enter(m *modulus, z *elem, x *nat) {
	if useArm64 {
		enterArm64(m, z, x)
		return
	}
	enterGeneric(m, z, x)
}

func leave(m *modulus, x *nat, z *elem) {
	if useArm64 {
		leaveArm64(m, x, z)
		return
	}
	leaveGeneric(m, x, z)
}

// form tells which Montgomery form the operations use.
func form() int { return form64 }
