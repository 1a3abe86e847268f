package ige

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// newBatch returns messages of the given lengths in bytes, each with a key and an
// iv of its own and a dst that is longer by a block.
func newBatch(lengths ...int) []Message {
	ms := make([]Message, len(lengths))
	for i, n := range lengths {
		ms[i] = newMessage(uint64(1000*i+n), n)
	}
	return ms
}

// inPlace returns a copy of ms in which each message has its src in dst.
func inPlace(ms []Message) []Message {
	copies := make([]Message, len(ms))
	for i, m := range ms {
		m.Dst = bytes.Clone(m.Dst)
		copy(m.Dst, m.Src)
		m.Src = m.Dst[:len(m.Src)]
		copies[i] = m
	}
	return copies
}

// batchShapes are lengths in blocks as they may come together: whatever a batch
// is cut into, some shape fills it, leaves it or straddles it.
func batchShapes() map[string][]int {
	shapes := map[string][]int{}
	repeat := func(n, blocks int) []int { return slices.Repeat([]int{blocks}, n) }
	ascending := make([]int, 40)
	for i := range ascending {
		ascending[i] = i
	}
	descending := slices.Clone(ascending)
	slices.Reverse(descending)
	shapes["ascending"], shapes["descending"] = ascending, descending
	shapes["one long among short ones"] = append(append(repeat(7, 1), 90), repeat(12, 1)...)
	shapes["empty ones between"] = []int{0, 3, 0, 0, 5, 0, 1, 2, 0, 0, 0, 9, 4, 0}
	shapes["all empty"] = repeat(20, 0)
	shapes["two sizes"] = append(repeat(17, 4), repeat(17, 6)...)
	shapes["MTProto"] = []int{64, 5, 4, 1024, 3, 2, 6, 66, 5, 4, 4, 9, 3, 2, 33, 12, 1}
	shapes["long"] = []int{1023, 1024, 1025, 2047, 2048, 2049, 3100, 1, 1024, 1024}
	for long := 4 * 128; long > 0; long -= 128 { // of each four, three go on for so long that twice that does not fit into a byte
		shapes["far apart"] = append(shapes["far apart"], long, long, long, long-125)
	}
	shapes["eight far apart"], shapes["twelve far apart"] = shapes["far apart"][8:], shapes["far apart"][4:]
	shapes["one very long"] = append(repeat(9, 3), 8193)

	r := newRand(7)
	many := make([]int, 700)
	for i := range many {
		many[i] = int(r.Uint64() % 24)
	}
	shapes["many"], shapes["mixed"] = many, many[:50]
	return shapes
}

func TestBatchShapes(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for name, blocks := range batchShapes() {
			t.Run(name, func(t *testing.T) { checkBatch(t, newBatch(inBytes(blocks)...)) })
		}
	})
}

// TestBatchEveryCount has batches of equal messages, more than any kernel has
// lanes: full, with one left over, with one missing.
func TestBatchEveryCount(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for count := range 50 {
			for _, blocks := range []int{1, 2, 5} {
				checkBatch(t, newBatch(inBytes(slices.Repeat([]int{blocks}, count))...))
			}
		}
	})
}

func inBytes(blocks []int) []int {
	lengths := make([]int, len(blocks))
	for i, n := range blocks {
		lengths[i] = BlockSize * n
	}
	return lengths
}

// checkBatch compares both directions with the reference, apart and in place.
func checkBatch(t *testing.T, ms []Message) {
	t.Helper()
	for _, d := range []struct {
		name string
		f    func([]Message)
		want func(m *Message) []byte
	}{
		{"EncryptBatch", EncryptBatch,
			func(m *Message) []byte { return referenceEncrypt(newAES(m.Key[:]), m.IV[:], m.Src) }},
		{"DecryptBatch", func(ms []Message) {
			if err := DecryptBatch(ms); err != nil {
				t.Errorf("DecryptBatch: %v", err)
			}
		}, func(m *Message) []byte { return referenceDecrypt(newAES(m.Key[:]), m.IV[:], m.Src) }},
	} {
		want := make([][]byte, len(ms))
		for i := range ms {
			// What is in dst beyond the result stays.
			want[i] = append(d.want(&ms[i]), ms[i].Dst[len(ms[i].Src):]...)
		}
		for name, batch := range map[string][]Message{"apart": clone(ms), "in place": inPlace(ms)} {
			before := clone(batch)
			d.f(batch)
			for i, m := range batch {
				if !bytes.Equal(m.Dst, want[i]) {
					t.Errorf("%s %s: message %d of %d, %d bytes: first wrong byte is %d", d.name, name,
						i, len(ms), len(m.Src), firstDifference(m.Dst, want[i]))
				}
				if m.Key != before[i].Key || m.IV != before[i].IV {
					t.Errorf("%s %s: message %d of %d: key or iv changed", d.name, name, i, len(ms))
				}
				if name == "apart" && !bytes.Equal(m.Src, before[i].Src) {
					t.Errorf("%s: message %d of %d: src changed", d.name, i, len(ms))
				}
				if m.Err != nil {
					t.Errorf("%s %s: message %d of %d: Err = %v", d.name, name, i, len(ms), m.Err)
				}
			}
		}
	}
}

func sizesOf(ms []Message) sizes {
	s := sizes{count: len(ms)}
	for i := range ms {
		s.add(len(ms[i].Src))
	}
	return s
}

// clone returns a copy of ms with buffers of its own.
func clone(ms []Message) []Message {
	copies := slices.Clone(ms)
	for i := range copies {
		copies[i].Dst, copies[i].Src = bytes.Clone(ms[i].Dst), bytes.Clone(ms[i].Src)
	}
	return copies
}

// TestBatchSharedSrc: to read the same bytes several times is no overlap.
func TestBatchSharedSrc(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		ms := newBatch(slices.Repeat([]int{6 * BlockSize}, 20)...)
		for i := range ms {
			ms[i].Src = ms[0].Src
		}
		EncryptBatch(ms)
		for i, m := range ms {
			want := referenceEncrypt(newAES(m.Key[:]), m.IV[:], m.Src)
			if got := m.Dst[:len(m.Src)]; !bytes.Equal(got, want) {
				t.Errorf("message %d:\n%x, want\n%x", i, got, want)
			}
		}
	})
}

// TestDecryptBatchPartialBlock: a malformed message has its error, keeps its dst
// and spoils no other.
func TestDecryptBatchPartialBlock(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		stale := errors.New("left over from an earlier call")
		for _, bad := range [][]int{{}, {0}, {8}, {3}, {16}, {1, 2}, {0, 7, 8, 9, 16}, {4, 5, 6, 7}} {
			lengths := slices.Repeat([]int{5 * BlockSize, 5 * BlockSize, 3 * BlockSize}, 6)[:17]
			for _, i := range bad {
				lengths[i] += 1 + i%(BlockSize-1)
			}
			ms := newBatch(lengths...)
			for i := range ms {
				ms[i].Err = stale
			}
			before := clone(ms)

			var want error
			if len(bad) > 0 {
				want = ErrPartialBlock
			}
			if got := DecryptBatch(ms); got != want {
				t.Errorf("bad %v: DecryptBatch = %v, want %v", bad, got, want)
			}
			for i, m := range ms {
				if slices.Contains(bad, i) {
					if m.Err != ErrPartialBlock {
						t.Errorf("bad %v: message %d: Err = %v, want %v", bad, i, m.Err, ErrPartialBlock)
					}
					if !bytes.Equal(m.Dst, before[i].Dst) {
						t.Errorf("bad %v: message %d: dst was written", bad, i)
					}
					continue
				}
				if m.Err != nil {
					t.Errorf("bad %v: message %d: Err = %v", bad, i, m.Err)
				}
				want := referenceDecrypt(newAES(m.Key[:]), m.IV[:], m.Src)
				if !bytes.Equal(m.Dst[:len(m.Src)], want) {
					t.Errorf("bad %v: message %d: wrong result", bad, i)
				}
			}
		}
	})
}

// TestEncryptBatchErr: only DecryptBatch has errors to tell.
func TestEncryptBatchErr(t *testing.T) {
	stale := errors.New("the caller's own")
	ms := newBatch(BlockSize, 0)
	ms[0].Err, ms[1].Err = stale, stale
	EncryptBatch(ms)
	if ms[0].Err != stale || ms[1].Err != stale {
		t.Errorf("EncryptBatch set Err to %v and %v", ms[0].Err, ms[1].Err)
	}
}

// TestBatchPanics: a mistake in one message, wherever it is, is noticed before
// anything is written anywhere.
func TestBatchPanics(t *testing.T) {
	for _, mistake := range []struct {
		name     string
		make     func(m *Message)
		decrypts bool // whether it is one when decrypting, too
		want     string
	}{
		{"partial block", func(m *Message) { m.Src = m.Src[1:] }, false, "ige: input is not a whole number of blocks"},
		{"short dst", func(m *Message) { m.Dst = m.Dst[:len(m.Src)-1] }, true, "ige: output smaller than input"},
		{"no dst", func(m *Message) { m.Dst = nil }, true, "ige: output smaller than input"},
		{"overlap", func(m *Message) { m.Src = m.Dst[1:][:len(m.Src)] }, true, "ige: invalid buffer overlap"},
		{"overlap of a partial block", func(m *Message) { m.Src = m.Dst[1:][:len(m.Src)-1] }, true, "ige: "},
	} {
		for _, count := range []int{1, 2, 8, 17} {
			for at := range count {
				ms := newBatch(slices.Repeat([]int{4 * BlockSize}, count)...)
				mistake.make(&ms[at])
				before := clone(ms)
				check := func(name string, f func()) {
					got := panicText(f)
					if len(got) < len(mistake.want) || got[:len(mistake.want)] != mistake.want {
						t.Errorf("%s: %s in message %d of %d: panic %q, want %q", name, mistake.name, at, count, got, mistake.want)
					}
					for i := range ms {
						if !bytes.Equal(ms[i].Dst, before[i].Dst) {
							t.Errorf("%s: %s in message %d of %d: message %d was written", name, mistake.name, at, count, i)
						}
					}
				}
				check("EncryptBatch", func() { EncryptBatch(ms) })
				if mistake.decrypts {
					check("DecryptBatch", func() { DecryptBatch(ms) })
				}
			}
		}
	}
}

func TestBatchOfNothing(t *testing.T) {
	for _, ms := range [][]Message{nil, {}, {{}}, {{}, {}, {}}} {
		EncryptBatch(ms)
		if err := DecryptBatch(ms); err != nil {
			t.Errorf("DecryptBatch of %d empty messages: %v", len(ms), err)
		}
	}
}

// TestBatchRandom has every number of messages up to more than twice the lanes, of
// random lengths, in one arena with canaries between all buffers: no lane may read
// or write what belongs to another message. Batches that are too short to be worth
// it go through the kernels here as well, and short ones through those that keep lanes full.
func TestBatchRandom(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(8)
		for count := range 41 {
			for range 3 {
				lengths := make([]int, count)
				for i := range lengths {
					lengths[i] = int(r.Uint64()%71) * BlockSize
				}
				for _, decrypting := range []bool{false, true} {
					for _, inPlace := range []bool{false, true} {
						checkArena(t, newBatch(lengths...), decrypting, inPlace, cryptBatch)
						checkArena(t, newBatch(lengths...), decrypting, inPlace, func(ms []Message, _ sizes, decrypting bool) {
							cryptRefilled(ms, decrypting)
						})
					}
				}
			}
		}
	})
}

// TestBatchEveryLength is TestBatchRandom for few messages of one length, which have kernels of
// their own.
func TestBatchEveryLength(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for count := range 10 {
			for blocks := 1; blocks <= 70; blocks += 1 + blocks/9 {
				for _, decrypting := range []bool{false, true} {
					for _, inPlace := range []bool{false, true} {
						ms := newBatch(inBytes(slices.Repeat([]int{blocks}, count))...)
						checkArena(t, ms, decrypting, inPlace, cryptPublic)
					}
				}
			}
		}
	})
}

// cryptPublic is what EncryptBatch and DecryptBatch do.
func cryptPublic(ms []Message, _ sizes, decrypting bool) {
	if decrypting {
		DecryptBatch(ms)
	} else {
		EncryptBatch(ms)
	}
}

func checkArena(t *testing.T, ms []Message, decrypting, inPlace bool, crypt func([]Message, sizes, bool)) {
	t.Helper()
	const canary = 0xc5
	const gap = 3 * BlockSize
	size := gap
	for i := range ms {
		size += 2 * (len(ms[i].Src) + gap)
	}
	arena := bytes.Repeat([]byte{canary}, size)
	want := bytes.Clone(arena)
	at := gap
	take := func(n int) (buf, expected []byte) {
		buf, expected = arena[at:at+n:at+n], want[at:at+n]
		at += n + gap
		return buf, expected
	}
	for i := range ms {
		m := &ms[i]
		src, wantSrc := take(len(m.Src))
		dst, wantDst := take(len(m.Src))
		if inPlace {
			dst, wantDst = src, wantSrc
		}
		copy(src, m.Src)
		copy(wantSrc, m.Src)
		if decrypting {
			copy(wantDst, referenceDecrypt(newAES(m.Key[:]), m.IV[:], m.Src))
		} else {
			copy(wantDst, referenceEncrypt(newAES(m.Key[:]), m.IV[:], m.Src))
		}
		m.Dst, m.Src = dst, src
	}
	crypt(ms, sizesOf(ms), decrypting)
	if !bytes.Equal(arena, want) {
		t.Errorf("%d messages, decrypting %v, in place %v: first wrong byte of the arena is %d of %d",
			len(ms), decrypting, inPlace, firstDifference(arena, want), len(arena))
	}
}

// TestBatchOfManyMessages: 100,000 of a block or two, as a server may have them.
func TestBatchOfManyMessages(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		ms := make([]Message, 100_000)
		buf := random(2 * BlockSize * len(ms))
		for i := range ms {
			n := BlockSize * (1 + i%2)
			ms[i].Src = buf[2*BlockSize*i:][:n]
			ms[i].Dst = ms[i].Src
			copy(ms[i].Key[:], buf[i:])
		}
		want := make([][]byte, len(ms))
		for i := 0; i < len(ms); i += 97 {
			want[i] = referenceEncrypt(newAES(ms[i].Key[:]), ms[i].IV[:], ms[i].Src)
		}
		EncryptBatch(ms)
		for i := 0; i < len(ms); i += 97 {
			if !bytes.Equal(ms[i].Dst, want[i]) {
				t.Fatalf("message %d: got %x, want %x", i, ms[i].Dst, want[i])
			}
		}
	})
}

// TestQueue: every message that has something to do comes once, and none is
// followed by a much longer one of its window.
func TestQueue(t *testing.T) {
	r := newRand(9)
	for _, count := range []int{0, 1, 16, 17, 255, 256, 257, 1000} {
		ms := make([]Message, count)
		todo := 0
		for i := range ms {
			n := int(r.Uint64() % 5000)
			if i%3 > 0 {
				n -= n % BlockSize
			}
			ms[i].Src = make([]byte, n)
			if n > 0 && n%BlockSize == 0 {
				todo++
			}
		}
		q := queue{ms: ms}
		seen := map[int]bool{}
		last := 0
		for i, ok := q.next(); ok; i, ok = q.next() {
			n := len(ms[i].Src)
			if seen[i] || n == 0 || n%BlockSize != 0 {
				t.Fatalf("%d messages: number %d, of %d bytes, is wrong here or comes twice", count, i, n)
			}
			sameWindow := len(seen) > 0 && len(seen) < queueWindow/2
			if sameWindow && count > batchLanes && n > 2*last {
				t.Errorf("%d messages: %d bytes after %d", count, n, last)
			}
			seen[i], last = true, n
		}
		if len(seen) != todo {
			t.Errorf("%d messages: %d came, want %d", count, len(seen), todo)
		}
	}
}

func TestLengthClass(t *testing.T) {
	last := 0
	for n := 0; n < 1<<30; n += max(1, n/64/BlockSize) * BlockSize {
		class := lengthClass(n)
		if class < last || class >= lengthClasses || (class == 0) != (n == 0) {
			t.Fatalf("lengthClass(%d) = %d after %d", n, class, last)
		}
		last = class
	}
	if got := lengthClass(17); got != 0 {
		t.Errorf("lengthClass(17) = %d, want 0", got)
	}
}
