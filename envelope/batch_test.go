package envelope

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

// newOpenBatch returns packets of the given numbers of bytes after the header, under a few
// keys, and what is in them.
func newOpenBatch(lengths ...int) (jobs []Job, want [][]byte) {
	var keys []*Key
	for i := range 3 {
		keys = append(keys, NewKey(newAuthKey(uint64(i))))
	}
	r := newRand(uint64(len(lengths)))
	for i, n := range lengths {
		k, side := keys[i%3], sides[i%2]
		padded := randomFrom(r, n)
		jobs = append(jobs, Job{Key: k, Side: side, Src: referenceSeal(k.auth, side, padded)})
		want = append(want, padded)
	}
	return jobs, want
}

// batchLengths has batches for the kernels of one, two and many messages.
func batchLengths() map[string][]int {
	lengths := map[string][]int{"none": nil}
	equal, mixed, oneLong, short := []int{}, []int{}, []int{70_000}, []int{}
	for i := range 70 {
		equal = append(equal, 320)
		mixed = append(mixed, 16*(1+i*i*7%97))
		oneLong = append(oneLong, 48)
		short = append(short, 16+16*(i%3))
	}
	for _, n := range []int{1, 2, 3, 5, 8, 12, 16, 31, 32, 33, 70} {
		for name, list := range map[string][]int{"equal": equal, "mixed": mixed, "one long": oneLong, "short": short} {
			lengths[name+" "+string(rune('0'+n/10))+string(rune('0'+n%10))] = list[:n]
		}
	}
	// As many as are worth the widest kernels, but for the last, which is too short for them.
	lengths["one block among many of two"] = append(slices.Repeat([]int{32}, 15), 16)
	return lengths
}

// TestOpenBatch: the same as one by one, in all places.
func TestOpenBatch(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for name, lengths := range batchLengths() {
			for _, place := range places {
				jobs, want := newOpenBatch(lengths...)
				before := make([]int, len(jobs))
				for i := range jobs {
					jobs[i].Dst, jobs[i].Src = place.f(jobs[i].Src)
					before[i] = len(jobs[i].Dst)
					jobs[i].Err = errors.New("left over from an earlier call")
				}
				if err := OpenBatch(jobs); err != nil {
					t.Fatalf("%s, %s: %v", name, place.name, err)
				}
				for i, j := range jobs {
					if j.Err != nil || !bytes.Equal(j.Dst[before[i]:], want[i]) {
						t.Errorf("%s, %s: message %d of %d bytes: %v, first wrong byte is %d", name, place.name,
							i, len(want[i]), j.Err, firstDifference(j.Dst[before[i]:], want[i]))
					}
				}
			}
		}
	})
}

// TestBatchEvery: any number of messages of any number of blocks, all of which have as many, or up
// to fifteen more, as by the padding that is default. What is sealed can be opened.
func TestBatchEvery(t *testing.T) {
	const most = 70 // blocks
	step := 1
	if testing.Short() {
		step = 9
	}
	k := NewKey(newAuthKey(1))
	padded := random((most + maxExtraBlocks) * blockSize)
	packets := make([][]byte, most+maxExtraBlocks+1)
	for n := 1; n < len(packets); n++ {
		packets[n] = referenceSeal(k.auth, kdf.Client, padded[:n*blockSize])
	}
	impltest.All(t, backends, func(t *testing.T) {
		for count := range 41 {
			for blocks := 1; blocks <= most; blocks += step {
				for _, spread := range []int{1, maxExtraBlocks + 1} {
					jobs := make([]Job, count)
					dst := make([]byte, 2*HeaderSize+len(padded)+MaxOverhead)
					for i := range jobs {
						jobs[i] = Job{Key: k, Src: packets[blocks+7*i%spread], Dst: make([]byte, 0, len(dst))}
					}
					if err := OpenBatch(jobs); err != nil {
						t.Fatalf("%d of %d blocks and more: %v", count, blocks, err)
					}
					for i := range jobs {
						j := &jobs[i]
						if n := blocks + 7*i%spread; !bytes.Equal(j.Dst, padded[:n*blockSize]) {
							t.Fatalf("%d of %d blocks and more: message %d of %d is wrong", count, blocks, i, n)
						}
						j.Src, j.Dst = padded[:blocks*blockSize-minPadding], j.Dst[:0]
						if spread == 1 {
							j.Padding = PadMinimal
						}
					}
					if err := SealBatch(jobs); err != nil {
						t.Fatal(err)
					}
					for i, j := range jobs {
						if got, err := k.Open(dst[:0], kdf.Client, j.Dst); err != nil || !bytes.Equal(got[:len(j.Src)], j.Src) {
							t.Fatalf("%d of %d blocks and more: message %d: %v", count, blocks, i, err)
						}
					}
				}
			}
		}
	})
}

// TestOpenBatchRefused: a packet that is refused has its error, leaves Dst and spoils no
// other.
func TestOpenBatchRefused(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for name, lengths := range batchLengths() {
			for step := 1; step <= len(lengths); step = 3*step + 1 {
				jobs, want := newOpenBatch(lengths...)
				var wantErr error
				for i := range jobs {
					j := &jobs[i]
					j.Dst = []byte("before")
					if i%step != step-1 {
						continue
					}
					wantErr = ErrDecrypt
					want[i] = nil
					switch i / step % 4 {
					case 0:
						j.Src[len(j.Src)-1] ^= 1
					case 1:
						j.Src[0] ^= 1
					case 2:
						j.Src = j.Src[:len(j.Src)-1]
					case 3:
						j.Side = j.Side.Opposite()
					}
				}
				if err := OpenBatch(jobs); err != wantErr {
					t.Fatalf("%s, each of %d: %v, want %v", name, step, err, wantErr)
				}
				for i, j := range jobs {
					if (j.Err != nil) != (want[i] == nil) || j.Err != nil && j.Err != ErrDecrypt {
						t.Errorf("%s, each of %d: message %d: %v", name, step, i, j.Err)
					}
					if string(j.Dst) != "before"+string(want[i]) {
						t.Errorf("%s, each of %d: message %d: wrong result", name, step, i)
					}
				}
			}
		}
	})
}

// TestSealBatch: what it seals can be opened, one by one.
func TestSealBatch(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for name, lengths := range batchLengths() {
			for _, inPlace := range []bool{false, true} {
				jobs := make([]Job, len(lengths))
				plaintexts := make([][]byte, len(lengths))
				for i, n := range lengths {
					n -= i % 16
					plaintexts[i] = random(n)
					jobs[i] = Job{
						Key: NewKey(newAuthKey(uint64(i % 3))), Side: sides[i%2], Padding: Padding(i % 4),
						Dst: []byte("before"), Src: random(n), Err: ErrTooLong,
					}
					if inPlace {
						buf := make([]byte, 6+n+MaxOverhead)
						copy(buf, "before")
						copy(buf[6+HeaderSize:], plaintexts[i])
						jobs[i].Dst, jobs[i].Src = buf[:6], buf[6+HeaderSize:][:n]
					}
				}
				if err := SealBatch(jobs); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for i, j := range jobs {
					if j.Err != nil || string(j.Dst[:6]) != "before" {
						t.Fatalf("%s: message %d: %v", name, i, j.Err)
					}
					n := len(plaintexts[i])
					got, err := j.Key.Open(nil, j.Side, j.Dst[6:])
					if err != nil || !bytes.Equal(got[:n], plaintexts[i]) {
						t.Errorf("%s, in place %v: message %d of %d bytes: %v", name, inPlace, i, n, err)
					}
					least, most := j.Padding.bounds(n)
					if padding := len(got) - n; padding < least || padding > most {
						t.Errorf("%s: message %d of %d bytes: %d bytes of padding", name, i, n, padding)
					}
				}
			}
		}
	})
}

// TestSealBatchTooLong: a plaintext that is too long spoils no other.
func TestSealBatchTooLong(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		k := NewKey(newAuthKey(1))
		k.MaxPacket = 1000
		for _, bad := range [][]int{{}, {0}, {39}, {3, 4, 33}} {
			jobs := make([]Job, 40)
			for i := range jobs {
				jobs[i] = Job{Key: k, Side: kdf.Server, Padding: PadMinimal, Src: random(100 + i)}
			}
			var wantErr error
			for _, i := range bad {
				jobs[i].Src, wantErr = random(1000), ErrTooLong
			}
			if err := SealBatch(jobs); err != wantErr {
				t.Errorf("bad %v: %v, want %v", bad, err, wantErr)
			}
			for i, j := range jobs {
				if tooLong := len(j.Src) == 1000; tooLong {
					if j.Err != ErrTooLong || j.Dst != nil {
						t.Errorf("bad %v: message %d: %d bytes, %v", bad, i, len(j.Dst), j.Err)
					}
					continue
				}
				got, err := k.Open(nil, j.Side, j.Dst)
				if j.Err != nil || err != nil || !bytes.Equal(got[:100+i], j.Src) {
					t.Errorf("bad %v: message %d: %v, %v", bad, i, j.Err, err)
				}
			}
		}
	})
}

// TestBatchPanics: a mistake in one job is noticed before anything is written anywhere.
func TestBatchPanics(t *testing.T) {
	both := map[string]func([]Job) error{"OpenBatch": OpenBatch, "SealBatch": SealBatch}
	for _, tt := range []struct {
		want  string
		spoil func(j *Job)
		calls map[string]func([]Job) error
	}{
		{"envelope: invalid buffer overlap", func(j *Job) { j.Dst = j.Src[3:3] }, both},
		{"envelope: job without a key", func(j *Job) { j.Key = nil }, both},
		{"envelope: invalid side", func(j *Job) { j.Side = kdf.Server + 1 }, both},
		{"envelope: invalid padding", func(j *Job) { j.Padding = PadBucketsRandom + 1 }, map[string]func([]Job) error{"SealBatch": SealBatch}},
	} {
		for _, count := range []int{1, 2, 40} {
			jobs, _ := newOpenBatch(make([]int, count)...)
			for i := range jobs {
				padded := random(64)
				jobs[i].Src = referenceSeal(jobs[i].Key.auth, jobs[i].Side, padded)
				jobs[i].Dst = bytes.Repeat([]byte{0xc5}, 2000)[:0]
			}
			tt.spoil(&jobs[count-1])
			for name, f := range tt.calls {
				if got := panicText(func() { f(jobs) }); got != tt.want {
					t.Errorf("%s of %d: panic %q, want %q", name, count, got, tt.want)
				}
				for i, j := range jobs[:count-1] {
					if dst := j.Dst[:2000]; !bytes.Equal(dst, bytes.Repeat([]byte{0xc5}, 2000)) {
						t.Errorf("%s of %d, %s: message %d was written", name, count, tt.want, i)
					}
				}
			}
		}
	}
}

// TestSortLongestFirst: as package slices does it.
func TestSortLongestFirst(t *testing.T) {
	r := newRand(1)
	for n := range batchSize + 1 {
		numbers := make([]uint64, n)
		for i := range numbers {
			numbers[i] = r.Uint64()%largestPacket<<8 | uint64(i)
		}
		got, want := make([]uint64, n), slices.Clone(numbers)
		sortLongestFirst(got, numbers)
		slices.Sort(want)
		slices.Reverse(want)
		if !slices.Equal(got, want) {
			t.Errorf("%d numbers: got %x, want %x", n, got, want)
		}
	}
}
