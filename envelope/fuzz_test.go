package envelope

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/kdf"
)

// maxFuzz keeps the slowest backend from ruling the rate.
const maxFuzz = 2 << 10

// eachBackend runs f with the backends of each state, generic first.
func eachBackend(f func(backend string)) {
	for _, s := range backends.States() {
		func() {
			defer s.Enter()()
			f(s.Name)
		}()
	}
}

// FuzzOpen has arbitrary packets, which all backends must refuse, but also a hash of what
// is in them: with that for msg_key, all must give the same.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add(random(HeaderSize), false)
	f.Add(random(HeaderSize+16), true)
	f.Add(random(HeaderSize+32), true)
	f.Add(random(HeaderSize+33), true)
	f.Add(random(HeaderSize+96), false)
	f.Add(random(HeaderSize+112), true)
	f.Add(random(1000), true)
	auth := newAuthKey(1)
	k := NewKey(auth)
	f.Fuzz(func(t *testing.T, packet []byte, server bool) {
		packet = packet[:min(len(packet), maxFuzz)]
		side := kdf.Client
		if server {
			side = kdf.Server
		}
		var want kdf.MsgKey
		var wantDst []byte
		eachBackend(func(backend string) {
			if got, err := k.Open(nil, side, packet); got != nil || err != ErrDecrypt {
				t.Errorf("%s: Open of noise: %d bytes, %v", backend, len(got), err)
			}
			for _, layout := range []Layout{SecretChat, CloudChat} {
				if got, err := k.OpenV1(nil, side, packet, layout); got != nil || err != ErrDecrypt {
					t.Errorf("%s: OpenV1 of noise: %d bytes, %v", backend, len(got), err)
				}
			}
			jobs := []Job{{Key: k, Side: side, Src: packet}, {Key: k, Side: side, Src: packet}}
			if err := OpenBatch(jobs); err != ErrDecrypt || jobs[1].Err != ErrDecrypt {
				t.Errorf("%s: OpenBatch of noise: %v, %v", backend, err, jobs[1].Err)
			}
			if !k.wellSized(packet) {
				return
			}
			var o opening
			o.start(k, side, nil, packet)
			decryptAndHash(&o)
			if wantDst == nil {
				want, wantDst = o.got, o.dst
			}
			if o.got != want || !bytes.Equal(o.dst, wantDst) {
				t.Errorf("%s: msg_key %x, want %x, first wrong byte is %d", backend, o.got, want,
					firstDifference(o.dst, wantDst))
			}
			if o.got != auth.MsgKey(side, o.dst) {
				t.Errorf("%s: msg_key %x, which is another one's", backend, o.got)
			}
		})
	})
}

// FuzzOpenBatch has up to 40 packets of the lengths that how tells, in blocks, of which those
// at multiples of bad, if it is not zero, are changed: all backends must give what Open gives.
func FuzzOpenBatch(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add(bytes.Repeat([]byte{20}, 16), uint8(0))
	f.Add(bytes.Repeat([]byte{6, 7}, 20), uint8(3))
	f.Add(random(40), uint8(5))
	f.Add(append(bytes.Repeat([]byte{2}, 15), 200), uint8(16))
	f.Fuzz(func(t *testing.T, how []byte, bad uint8) {
		how = how[:min(len(how), 40)]
		k := NewKey(newAuthKey(1))
		packets, want := make([][]byte, len(how)), make([][]byte, len(how))
		for i, blocks := range how {
			packets[i] = k.seal(nil, sides[i%2], random(blockSize*int(blocks)), nil)
			if bad != 0 && i%int(bad) == 0 {
				packets[i][(i*37+int(blocks))%len(packets[i])] ^= 1
			}
			want[i], _ = k.Open(nil, sides[i%2], packets[i])
		}
		eachBackend(func(backend string) {
			jobs := make([]Job, len(how))
			for i := range jobs {
				jobs[i] = Job{Key: k, Side: sides[i%2], Src: packets[i]}
			}
			OpenBatch(jobs)
			for i, j := range jobs {
				if !bytes.Equal(j.Dst, want[i]) || (j.Err == nil) != (want[i] != nil) {
					t.Errorf("%s: message %d of %d blocks: %v, first wrong byte is %d", backend, i, how[i],
						j.Err, firstDifference(j.Dst, want[i]))
				}
			}
		})
	})
}

// FuzzSealOpen has any plaintext under any key go there and back, and then one bit of the
// packet change.
func FuzzSealOpen(f *testing.F) {
	f.Add([]byte{}, []byte{}, uint8(0), uint16(0))
	f.Add([]byte("key"), []byte("plaintext"), uint8(1), uint16(70))
	f.Add(random(256), random(100), uint8(2), uint16(1000))
	f.Add(random(256), random(64-12), uint8(3), uint16(8*8))
	f.Add(random(256), random(96-12), uint8(5), uint16(8*24))
	f.Fuzz(func(t *testing.T, key, plaintext []byte, how uint8, bit uint16) {
		plaintext = plaintext[:min(len(plaintext), maxFuzz)]
		var auth kdf.AuthKey
		copy(auth[:], key)
		k, side, pad := NewKey(&auth), sides[how/4%2], Padding(how%4)
		eachBackend(func(backend string) {
			packet, err := k.Seal(nil, side, plaintext, pad)
			if err != nil {
				t.Fatalf("%s: %v", backend, err)
			}
			padded, err := k.Open(nil, side, packet)
			if err != nil || !bytes.Equal(padded[:len(plaintext)], plaintext) {
				t.Fatalf("%s: %v, %d bytes of %d", backend, err, len(padded), len(plaintext))
			}
			if want := referenceSeal(&auth, side, padded); !bytes.Equal(packet, want) {
				t.Errorf("%s:\n%x, want\n%x", backend, packet, want)
			}
			at := int(bit) % (8 * len(packet))
			packet[at/8] ^= 1 << (at % 8)
			if got, err := k.Open(packet[:0], side, packet); got != nil || err != ErrDecrypt {
				t.Errorf("%s: bit %d changed: %d bytes, %v", backend, at, len(got), err)
			}
		})
	})
}

// FuzzBody has arbitrary plaintexts: no panic, and no body that is not a part.
func FuzzBody(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add([]byte{4, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, uint8(0))
	f.Add([]byte{4, 0, 0, 0, 1, 2, 3, 4}, uint8(1))
	f.Add([]byte{0xfc, 0xff, 0xff, 0xff, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0}, uint8(1))
	f.Add(random(100), uint8(2))
	f.Fuzz(func(t *testing.T, padded []byte, how uint8) {
		v, l := V1+Version(how%2), layouts[how/2%2]
		body, err := l.layout.Body(v, padded)
		if err != nil {
			return
		}
		if padding := len(padded) - l.header - len(body); padding < 0 || padding > maxPadding ||
			len(body) == 0 || len(body)%4 != 0 || &body[0] != &padded[l.header] {
			t.Errorf("version %d, %s: %d bytes out of %d", v, l.name, len(body), len(padded))
		}
	})
}

// FuzzBatch makes a packet for each byte of lengths, some of them spoilt, and opens
// them at once and one by one.
func FuzzBatch(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2})
	f.Add([]byte{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 200})
	f.Add([]byte{20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20})
	f.Fuzz(func(t *testing.T, lengths []byte) {
		var blocks []int
		for _, n := range lengths[:min(len(lengths), 40)] {
			blocks = append(blocks, 16*(1+int(n%40)))
		}
		jobs, want := newOpenBatch(blocks...)
		for i := range jobs {
			if lengths[i] >= 192 {
				jobs[i].Src[int(lengths[i])%len(jobs[i].Src)] ^= 1
				want[i] = nil
			}
		}
		eachBackend(func(backend string) {
			OpenBatch(jobs)
			for i := range jobs {
				j := &jobs[i]
				if (j.Err != nil) != (want[i] == nil) || !bytes.Equal(j.Dst, want[i]) {
					t.Errorf("%s, lengths %v: message %d: %d bytes, %v", backend, blocks, i, len(j.Dst), j.Err)
				}
				j.Dst = nil
			}
		})
	})
}
