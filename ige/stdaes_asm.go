//go:build (amd64 || arm64) && gc && !purego

package ige

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"reflect"
	"sync"
	"unsafe"
)

// This file lends the expanded key of a crypto/aes block to our kernels.
// Programs written for gotd/ige hand over a cipher.Block; one interface call per
// block of data makes them a third slower than the AES instructions are, and the
// block has in it just what the kernels need, but does not export it.
//
// Why reading it is safe:
//
//   - Nothing is assumed about the layout. reflect tells where the fields rounds,
//     enc and dec are, which must have these names, the exact types int and
//     [60]uint32, and be in the block itself, through embedded structs only. So
//     each read stays within the object and has the type that is there.
//   - Nothing is assumed about the contents. Before first use, blocks made by
//     aes.NewCipher for keys of all sizes must hold, at these places, the number
//     of rounds and the same schedules as our own two expansions. If crypto/aes
//     changes, or keeps words in another byte order, this fails, and EncryptBlocks
//     calls the block as it would any other.
//   - Only blocks of that one dynamic type are read. It is unexported from an
//     internal package, so that no one else can make them; the zero value that
//     reflect could make has no rounds and is refused.
//   - crypto/aes never writes to a block it has returned, so reading needs no lock.
//   - Pointers stay pointers: the collector and a moving stack see them. Interior
//     pointers keep the block alive, and the caller adds runtime.KeepAlive.
//
// It is never done in FIPS 140-3 mode, where the validated module must do the work
// and note that it was a service that is not approved; nor without AES
// instructions, where crypto/aes keeps words.

// stdLayout says where the blocks of one type have their expanded key.
type stdLayout struct {
	block            reflect.Type // nil if there is no such type
	rounds, enc, dec uintptr      // offsets
}

// stdAES is found at the first call rather than in an init function: the proof takes
// some 13 µs, most programs never need it, and asking again costs next to nothing,
// since the compiler inlines Once.Do to a load and a branch.
var (
	stdAES     stdLayout
	stdAESOnce sync.Once
)

// stdSchedules returns the expanded key in a block of crypto/aes: the number of
// rounds and the schedules of the cipher and the equivalent inverse cipher. They
// belong to the block, which the caller keeps alive and does not change. For any
// block that cannot be read safely it returns nil.
func stdSchedules(b cipher.Block) (nr int, enc, dec *schedule) {
	backends.Ready()
	if !useAES() {
		return 0, nil, nil
	}
	stdAESOnce.Do(func() {
		if !fips140.Enabled() {
			stdAES = proveLayout(aes.NewCipher)
		}
	})
	return stdAES.schedules(b)
}

func (l *stdLayout) schedules(b cipher.Block) (nr int, enc, dec *schedule) {
	if l.block == nil || reflect.TypeOf(b) != l.block {
		return 0, nil, nil
	}
	p := reflect.ValueOf(b).UnsafePointer()
	if p == nil {
		return 0, nil, nil
	}
	nr = *(*int)(unsafe.Add(p, l.rounds))
	switch nr {
	case 10, 12, maxRounds:
	default:
		return 0, nil, nil
	}
	return nr, (*schedule)(unsafe.Add(p, l.enc)), (*schedule)(unsafe.Add(p, l.dec))
}

// proveLayout returns the layout of the blocks that newCipher makes, or a zero
// stdLayout if their fields are not the known ones or do not hold what they must.
func proveLayout(newCipher func(key []byte) (cipher.Block, error)) (proven stdLayout) {
	// A surprise in here must cost speed only.
	defer func() {
		if recover() != nil {
			proven = stdLayout{}
		}
	}()

	var key [KeySize]byte
	for i := range key {
		key[i] = byte(i)
	}
	b, err := newCipher(key[:])
	if err != nil {
		return stdLayout{}
	}
	l, ok := findLayout(reflect.TypeOf(b))
	if !ok {
		return stdLayout{}
	}
	for range 3 {
		for _, size := range []int{16, 24, 32} {
			if !l.holds(newCipher, key[:size]) {
				return stdLayout{}
			}
		}
		for i := range key {
			key[i] = 5*key[i] + 0x9d // another key
		}
	}
	return l
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
	return stdLayout{block, rounds, enc, dec}, ok1 && ok2 && ok3
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
	nr, enc, dec := l.schedules(b)
	if enc == nil {
		return false
	}
	for _, expand := range []func(enc, dec *schedule, key []byte) int{expandGeneric, expand} {
		var wantEnc, wantDec schedule
		wantRounds := expand(&wantEnc, &wantDec, key)
		used := BlockSize * (wantRounds + 1)
		if nr != wantRounds ||
			!bytes.Equal(enc[:used], wantEnc[:used]) ||
			!bytes.Equal(dec[:used], wantDec[:used]) {
			return false
		}
	}
	return true
}
