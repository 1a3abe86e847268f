package secretchat

import (
	"encoding/binary"

	"github.com/mtcore/mtcore/bigdh"
)

type coderMode uint8

const (
	measuring coderMode = iota
	writing
	reading
)

// coder measures, writes or reads what its methods are given the addresses of.
type coder struct {
	mode coderMode
	size int    // when measuring
	b    []byte // what was written, or is left to read
	keep bool   // b, when reading, is for what is read to keep parts of
	bad  bool   // when reading
}

// array codes the bytes of an array.
func (w *coder) array(p []byte) {
	switch w.mode {
	case measuring:
		w.size += len(p)
	case writing:
		w.b = append(w.b, p...)
	case reading:
		if w.bad || len(p) > len(w.b) {
			w.bad = true
			clear(p)
			return
		}
		copy(p, w.b)
		w.b = w.b[len(p):]
	}
}

// int64, like int, is called for most fields. What is measured is measured without a call, since
// each commit measures before it writes.
func (w *coder) int64(p *int64) {
	if w.mode == measuring {
		w.size += 8
		return
	}
	w.codeInt64(p)
}

func (w *coder) codeInt64(p *int64) {
	switch w.mode {
	case writing:
		w.b = binary.LittleEndian.AppendUint64(w.b, uint64(*p))
	case reading:
		var b [8]byte
		w.array(b[:])
		*p = int64(binary.LittleEndian.Uint64(b[:]))
	}
}

// int codes a number from -1 to 2^31 - 1.
func (w *coder) int(p *int) {
	if w.mode == measuring {
		w.size += 4
		return
	}
	w.codeInt(p)
}

func (w *coder) codeInt(p *int) {
	switch w.mode {
	case writing:
		w.b = binary.LittleEndian.AppendUint32(w.b, uint32(*p))
	case reading:
		var b [4]byte
		w.array(b[:])
		n := int32(binary.LittleEndian.Uint32(b[:]))
		w.bad = w.bad || n < -1
		*p = int(n)
	}
}

func (w *coder) byte(p *byte) {
	switch w.mode {
	case measuring:
		w.size++
	case writing:
		w.b = append(w.b, *p)
	case reading:
		var b [1]byte
		w.array(b[:])
		*p = b[0]
	}
}

func (w *coder) bool(p *bool) {
	var b byte
	if *p {
		b = 1
	}
	w.byte(&b)
	if w.mode == reading {
		w.bad = w.bad || b > 1
		*p = b == 1
	}
}

// bytes codes a slice, of which it reads a copy, or a part of what is read.
func (w *coder) bytes(p *[]byte) {
	n := len(*p)
	w.count(&n, 1)
	if w.mode == reading && w.keep {
		*p, w.b = w.b[:n:n], w.b[n:]
		return
	}
	if w.mode == reading {
		*p = make([]byte, n)
	}
	w.array(*p)
}

// count codes the length of what follows, of which each takes size bytes at least.
func (w *coder) count(n *int, size int) {
	w.int(n)
	if w.mode == reading && (w.bad || *n < 0 || *n > len(w.b)/size) {
		w.bad = true
		*n = 0
	}
}

// list codes a list by coding its items, each of which takes minSize bytes at least.
func list[T any](w *coder, p *[]T, minSize int, code func(*T)) {
	n := len(*p)
	w.count(&n, minSize)
	if w.mode == reading {
		*p = nil
		if n > 0 {
			*p = make([]T, n)
		}
	}
	for i := range *p {
		code(&(*p)[i])
	}
}

// group codes p and g. A state may hold any group that was checked once; it is checked
// again.
func (w *coder) group(p **bigdh.Group) {
	var prime [bigdh.Size]byte
	var g int
	if w.mode != reading {
		prime, g = (*p).Prime(), (*p).Generator()
	}
	w.array(prime[:])
	w.int(&g)
	if w.mode == reading && !w.bad {
		var err error
		*p, err = bigdh.NewGroup(prime[:], g)
		w.bad = err != nil
	}
}

// acceptance codes g_b, or nil.
func (w *coder) acceptance(p **[bigdh.Size]byte) {
	there := *p != nil
	w.bool(&there)
	if !there {
		return
	}
	if w.mode == reading {
		*p = new([bigdh.Size]byte)
	}
	w.array((*p)[:])
}

// exponent codes a private key of the group.
func (w *coder) exponent(p **bigdh.PrivateKey, group *bigdh.Group) {
	var x [bigdh.Size]byte
	if w.mode == writing {
		(*p).FillBytes(&x)
	}
	w.array(x[:])
	if w.mode == reading && !w.bad {
		var err error
		*p, err = group.NewPrivateKey(x[:])
		w.bad = err != nil
	}
	clear(x[:])
}

// key codes a key, or nil.
func (w *coder) key(p **key, maxPacket int) {
	there := *p != nil
	w.bool(&there)
	if !there {
		return
	}
	if w.mode == reading {
		*p = new(key)
	}
	w.array((*p).auth[:])
	if w.mode == reading {
		(*p).prepare(maxPacket)
	}
}
