//go:build !((amd64 || arm64) && gc && !purego)

package bigdh

import "github.com/mtcore/mtcore/internal/impl"

var backends = impl.New("bigdh")

func mul(m *modulus, z, x, y *elem) { mulGeneric(m, z, x, y) }

func square(m *modulus, z, x *elem, times int) { squareGeneric(m, z, x, times) }

func selectElem(z *elem, table []elem, index int) { selectGeneric(z, table, index) }

func enter(m *modulus, z *elem, x *nat) { enterGeneric(m, z, x) }

func leave(m *modulus, x *nat, z *elem) { leaveGeneric(m, x, z) }

func (p *prime) combs() *combs { return &p.combs64 }
