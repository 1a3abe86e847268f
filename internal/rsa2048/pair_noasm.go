//go:build !((amd64 || arm64) && gc && !purego)

package rsa2048

import "github.com/mtcore/mtcore/internal/impl"

var backends = impl.New("rsa2048")

func mul(p *primes, z, x, y *elem) { mulGeneric(p, z, x, y) }

func square(p *primes, z, x *elem, times int) { squareGeneric(p, z, x, times) }

func selectElem(z *elem, table []elem, i, j int) { selectGeneric(z, table, i, j) }

func enter(p *primes, z *elem, x *full) { enterGeneric(p, z, x) }

func leave(p *primes, x *[2]half, z *elem) { leaveGeneric(p, x, z) }
