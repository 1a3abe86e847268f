//go:build !(amd64 || arm64) || !gc || purego

package bigdh

import "github.com/mtcore/mtcore/internal/impl"

var backends = impl.New("bigdh")

func mul(m *modulus, z, x, y *elem) { mulGeneric(m, z, x, y) }

func sqr(m *modulus, z, x *elem, times int) { sqrGeneric(m, z, x, times) }

func selectElem(z *elem, table []elem, i uint64) { selectGeneric(z, table, i) }

func enter(m *modulus, z *elem, x *nat) { enterGeneric(m, z, x) }

func leave(m *modulus, x *nat, z *elem) { leaveGeneric(m, x, z) }

// form tells which Montgomery form the operations use.
func form() int { return form64 }
