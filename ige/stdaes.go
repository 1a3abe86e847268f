package ige

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"encoding/binary"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// This file takes the expanded key out of a crypto/aes block, for our kernels or for our
// software AES. Programs written for gotd/ige hand over a cipher.Block; one interface call
// per block of data makes them a third slower than the AES instructions are, and without
// such instructions crypto/aes looks up tables by secrets. The block has in it just what is
// needed, but does not export it.
//
// Why reading it is safe:
//
//   - Nothing is assumed about the layout. reflect tells where the fields rounds,
//     enc and dec are, which must have these names, the exact types int and
//     [60]uint32, and be in the block itself, through embedded structs only. So
//     each read stays within the object and has the type that is there.
//   - Nothing is assumed about the contents. Before first use, blocks made by
//     aes.NewCipher for keys of all sizes must hold, at these places, the number
//     of rounds and the same schedules as our own expansion, all of them in one of the
//     two ways to keep them. If crypto/aes changes, this fails, and
//     EncryptBlocks calls the block as it would any other.
//   - Only blocks of that one dynamic type are read. It is unexported from an
//     internal package, so that no one else can make them; the zero value that
//     reflect could make has no rounds and is refused.
//   - crypto/aes never writes to a block it has returned, so reading needs no lock.
//   - Pointers stay pointers: the collector and a moving stack see them. Interior
//     pointers keep the block alive, and the caller adds runtime.KeepAlive.
//   - The words of an interface, a table of its type and a pointer, are read directly, since
//     reflect takes as long as two blocks do. That they are these is part of what must be
//     seen before first use; another type has another table.
//
// It is never done in FIPS 140-3 mode, where the validated module must do the work
// and note that it was a service that is not approved; nor where crypto/aes has AES
// instructions and we have not, so that it is the faster one and constant-time.

// stdLayout says where the blocks of one type have their expanded key, and how.
type stdLayout struct {
	block            reflect.Type   // nil if there is no such type
	table            unsafe.Pointer // in the interfaceWords of such a block
	rounds, enc, dec uintptr        // offsets
	// words says that schedules consist of numbers, the first byte of FIPS 197 being
	// the highest: crypto/aes has no AES instructions then. Otherwise they are bytes,
	// as for our kernels.
	words bool
}

// stdWords is a schedule as crypto/aes has it.
type stdWords [60]uint32

// stdAES is found at the first call rather than in an init function: the proof takes
// some 13 µs, most programs never need it, and asking again costs next to nothing,
// since the compiler inlines Once.Do to a load and a branch.
var (
	stdAES     stdLayout
	stdAESOnce sync.Once
	// stdAESTable is stdAES.table once that is known, if kernels can use the schedules.
	stdAESTable atomic.Pointer[byte]
)

// isStdAES reports, in a few instructions, that stdAES is the layout of b and has bytes. It may be
// false for no reason, at the first call above all.
func isStdAES(b cipher.Block) bool {
	w := wordsOf(b)
	return w.data != nil && w.table == unsafe.Pointer(stdAESTable.Load())
}

// stdLayoutOf returns the layout of b if it is a block of crypto/aes that is to be read,
// and nil for any other.
func stdLayoutOf(b cipher.Block) *stdLayout {
	backends.Ready()
	if useStdAES {
		return nil
	}
	stdAESOnce.Do(findStdAES)
	l := &stdAES
	if w := wordsOf(b); w.table != l.table || w.data == nil || !l.words && !useAES() {
		return nil
	}
	return l
}

// findStdAES sets stdAES.
func findStdAES() {
	if !fips140.Enabled() {
		stdAES = proveLayout(aes.NewCipher)
	}
	if !stdAES.words {
		stdAESTable.Store((*byte)(stdAES.table))
	}
}

// interfaceWords is what a cipher.Block consists of.
type interfaceWords struct{ table, data unsafe.Pointer }

func wordsOf(b cipher.Block) interfaceWords { return *(*interfaceWords)(unsafe.Pointer(&b)) }

// schedules returns the expanded key in a block of the layout's type: the number of
// rounds and the schedules of the cipher and the equivalent inverse cipher. They belong to
// the block, which the caller keeps alive and does not change. A block that was not made
// by crypto/aes has 0 rounds.
func (l *stdLayout) schedules(b cipher.Block) (nr int, enc, dec *stdWords) {
	p := wordsOf(b).data
	if p == nil {
		return 0, nil, nil
	}
	nr = *(*int)(unsafe.Add(p, l.rounds))
	switch nr {
	case 10, 12, maxRounds:
	default:
		return 0, nil, nil
	}
	return nr, (*stdWords)(unsafe.Add(p, l.enc)), (*stdWords)(unsafe.Add(p, l.dec))
}

// encrypt encrypts the whole blocks of src with the key of b, and moves iv on. It does nothing
// and returns false if b has no key.
func (l *stdLayout) encrypt(b cipher.Block, iv *[IVSize]byte, dst, src []byte) bool {
	nr, enc, _ := l.schedules(b)
	switch {
	case nr == 0:
		return false
	case l.words:
		var xk schedule
		xk.setWords(nr, enc)
		encrypt(nr, &xk, iv, dst, src)
		clear(xk[:])
	default:
		encrypt(nr, (*schedule)(unsafe.Pointer(enc)), iv, dst, src)
	}
	runtime.KeepAlive(b)
	return true
}

// decrypt decrypts the whole blocks of src with the key of b, and moves iv on. It does nothing
// and returns false if b has no key.
func (l *stdLayout) decrypt(b cipher.Block, iv *[IVSize]byte, dst, src []byte) bool {
	nr, _, dec := l.schedules(b)
	switch {
	case nr == 0:
		return false
	case l.words:
		var xk schedule
		xk.setWords(nr, dec)
		decrypt(nr, &xk, iv, dst, src)
		clear(xk[:])
	default:
		decrypt(nr, (*schedule)(unsafe.Pointer(dec)), iv, dst, src)
	}
	runtime.KeepAlive(b)
	return true
}

// setWords sets the nr+1 round keys.
func (xk *schedule) setWords(nr int, words *stdWords) {
	for i, w := range words[:4*(nr+1)] {
		binary.BigEndian.PutUint32(xk[4*i:], w)
	}
}

// proveLayout returns the layout of the blocks that newCipher makes, or a zero
// stdLayout if their fields are not the known ones or do not hold what they must.
func proveLayout(newCipher func(key []byte) (cipher.Block, error)) (proven stdLayout) {
	// A surprise in here must cost speed, or constant time, only.
	defer func() {
		if recover() != nil {
			proven = stdLayout{}
		}
	}()

	b, err := newCipher(make([]byte, KeySize))
	if err != nil {
		return stdLayout{}
	}
	l, ok := findLayout(reflect.TypeOf(b))
	if !ok || unsafe.Sizeof(b) != unsafe.Sizeof(interfaceWords{}) {
		return stdLayout{}
	}
	l.table = wordsOf(b).table
	for _, l.words = range []bool{true, false} {
		if l.proven(newCipher) {
			return l
		}
	}
	return stdLayout{}
}

// proven reports whether blocks for keys of all sizes hold what they must.
func (l *stdLayout) proven(newCipher func(key []byte) (cipher.Block, error)) bool {
	var key [KeySize]byte
	for i := range key {
		key[i] = byte(i)
	}
	for range 3 {
		for _, size := range []int{16, 24, 32} {
			if !l.holds(newCipher, key[:size]) {
				return false
			}
		}
		for i := range key {
			key[i] = 5*key[i] + 0x9d // another key
		}
	}
	return true
}

// findLayout looks for the three fields in the struct that block points to.
func findLayout(block reflect.Type) (stdLayout, bool) {
	if block.Kind() != reflect.Pointer || block.Elem().Kind() != reflect.Struct {
		return stdLayout{}, false
	}
	t := block.Elem()
	rounds, ok1 := fieldOffset(t, "rounds", reflect.TypeFor[int]())
	enc, ok2 := fieldOffset(t, "enc", reflect.TypeFor[[60]uint32]())
	dec, ok3 := fieldOffset(t, "dec", reflect.TypeFor[[60]uint32]())
	return stdLayout{block: block, rounds: rounds, enc: enc, dec: dec}, ok1 && ok2 && ok3
}

// fieldOffset returns the offset in struct t of the field called name, which may
// be promoted from embedded structs but not from embedded pointers.
func fieldOffset(t reflect.Type, name string, want reflect.Type) (offset uintptr, ok bool) {
	field, ok := t.FieldByName(name)
	if !ok || field.Type != want {
		return 0, false
	}
	for _, i := range field.Index {
		if t.Kind() != reflect.Struct {
			return 0, false
		}
		f := t.Field(i)
		offset += f.Offset
		t = f.Type
	}
	return offset, true
}

// holds reports whether a new block for key has at l what our own expansions,
// in Go and in assembly, compute.
func (l *stdLayout) holds(newCipher func(key []byte) (cipher.Block, error), key []byte) bool {
	b, err := newCipher(key)
	if err != nil {
		return false
	}
	if w := wordsOf(b); reflect.TypeOf(b) != l.block || w.table != l.table || w.data != reflect.ValueOf(b).UnsafePointer() {
		return false
	}
	nr, enc, dec := l.schedules(b)
	if nr == 0 {
		return false
	}
	gotEnc, gotDec := (*schedule)(unsafe.Pointer(enc)), (*schedule)(unsafe.Pointer(dec))
	if l.words {
		gotEnc, gotDec = new(schedule), new(schedule)
		gotEnc.setWords(nr, enc)
		gotDec.setWords(nr, dec)
	}
	var wantEnc, wantDec schedule
	wantRounds := expandGeneric(&wantEnc, &wantDec, key)
	used := BlockSize * (wantRounds + 1)
	return nr == wantRounds &&
		bytes.Equal(gotEnc[:used], wantEnc[:used]) &&
		bytes.Equal(gotDec[:used], wantDec[:used])
}
