package envelope

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

// places are where the result of Open may go: each returns dst for a packet, which it may
// copy to a place of its own.
var places = []struct {
	name string
	f    func(packet []byte) (dst, moved []byte)
}{
	{"apart", func(p []byte) (dst, moved []byte) { return make([]byte, 0, len(p)), p }},
	{"new slice", func(p []byte) (dst, moved []byte) { return nil, p }},
	{"after others", func(p []byte) (dst, moved []byte) { return []byte("before"), p }},
	{"at the packet", func(p []byte) (dst, moved []byte) {
		p = bytes.Clone(p)
		return p[:0], p
	}},
	{"at the ciphertext", func(p []byte) (dst, moved []byte) {
		p = bytes.Clone(p)
		return p[HeaderSize:HeaderSize], p
	}},
	{"after the header", func(p []byte) (dst, moved []byte) {
		p = bytes.Clone(p)
		return p[:HeaderSize], p
	}},
}

// checkOpened opens packet in all places.
func checkOpened(t *testing.T, k *Key, side kdf.Side, packet, want []byte) {
	t.Helper()
	for _, place := range places {
		dst, moved := place.f(packet)
		before := bytes.Clone(dst)
		got, err := k.Open(dst, side, moved)
		if err != nil {
			t.Errorf("%d bytes, side %d, %s: %v", len(want), side, place.name, err)
			continue
		}
		if !bytes.Equal(got[len(before):], want) {
			t.Errorf("%d bytes, side %d, %s: first wrong byte is %d", len(want), side, place.name,
				firstDifference(got[len(before):], want))
		}
		if place.name != "after the header" && !bytes.Equal(got[:len(before)], before) {
			t.Errorf("%d bytes, side %d, %s: what was in dst changed", len(want), side, place.name)
		}
	}
}

// checkRefused opens packet in all places, for nothing.
func checkRefused(t *testing.T, k *Key, side kdf.Side, packet []byte, why string) {
	t.Helper()
	for _, place := range places {
		dst, moved := place.f(packet)
		got, err := k.Open(dst, side, moved)
		if got != nil || err != ErrDecrypt {
			t.Errorf("%d bytes, side %d, %s, %s: %d bytes, %v", len(packet), side, why, place.name, len(got), err)
		}
	}
}

// TestEveryLength is several chunks long, in all places, against the reference.
func TestEveryLength(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(1)
		k := NewKey(auth)
		for n := blockSize; n <= 40*blockSize; n += blockSize {
			for _, side := range sides {
				padded := random(n)
				packet := referenceSeal(auth, side, padded)
				checkOpened(t, k, side, packet, padded)
				checkRefused(t, k, side.Opposite(), packet, "other side")

				got := k.seal([]byte("before"), side, padded[:n-12], padded[n-12:])
				if want := slices.Concat([]byte("before"), packet); !bytes.Equal(got, want) {
					t.Errorf("%d bytes, side %d: seal:\n%x, want\n%x", n, side, got, want)
				}
			}
		}
	})
}

// TestLongMessages has the lengths at which work is cut into calls of kernels, every
// 64 KiB after the first 32 bytes and the chunk that follows them, and their neighbors.
func TestLongMessages(t *testing.T) {
	const cut = 64 << 10
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(2)
		k := NewKey(auth)
		for _, around := range []int{0, cut, 2 * cut} {
			for _, n := range []int{around + 4096, around + 16, around + 32, around + 48, around + 96, around + 112} {
				padded := random(n)
				packet := k.seal(nil, kdf.Server, padded, nil)
				if n%64 == 32 && !bytes.Equal(packet, referenceSeal(auth, kdf.Server, padded)) {
					t.Errorf("%d bytes: seal differs from the reference", n)
				}
				got, err := k.Open(packet[:0], kdf.Server, packet)
				if err != nil || !bytes.Equal(got, padded) {
					t.Errorf("%d bytes: %v, first wrong byte is %d", n, err, firstDifference(got, padded))
				}
			}
		}
	})
}

// TestSealOpen has plaintexts of any length, with padding of all policies, wherever
// they are.
func TestSealOpen(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(3)
		k := NewKey(auth)
		for n := 0; n < 300; n++ {
			for pad := PadRandom; pad <= PadBucketsRandom; pad++ {
				plaintext, side := random(n), sides[n%2]
				check := func(name string, out []byte, err error, before int) {
					t.Helper()
					if err != nil {
						t.Fatalf("%d bytes, padding %d, %s: %v", n, pad, name, err)
					}
					packet := out[before:]
					padded, err := Open(nil, auth, side, packet)
					if err != nil || !bytes.Equal(padded[:n], plaintext) {
						t.Errorf("%d bytes, padding %d, %s: %v, first wrong byte is %d", n, pad, name, err,
							firstDifference(padded, plaintext))
					}
					if len(packet) > n+MaxOverhead {
						t.Errorf("%d bytes, padding %d, %s: packet of %d bytes", n, pad, name, len(packet))
					}
					if extra := len(padded) - n; extra < 12 || extra > 1024 {
						t.Errorf("%d bytes, padding %d, %s: %d bytes of padding", n, pad, name, extra)
					}
				}
				out, err := Seal(nil, auth, side, plaintext, pad)
				check("new slice", out, err, 0)
				out, err = k.Seal([]byte("before"), side, plaintext, pad)
				check("after others", out, err, len("before"))
				if string(out[:6]) != "before" {
					t.Errorf("what was in dst changed to %q", out[:6])
				}
				buf := make([]byte, n+MaxOverhead)
				copy(buf[HeaderSize:], plaintext)
				out, err = k.Seal(buf[:0], side, buf[HeaderSize:HeaderSize+n], pad)
				check("in place", out, err, 0)
				if &out[0] != &buf[0] {
					t.Errorf("%d bytes, padding %d: not in place", n, pad)
				}
			}
		}
	})
}

// TestPaddingIsFresh: never the same packet twice.
func TestPaddingIsFresh(t *testing.T) {
	auth := newAuthKey(4)
	seen := map[string]bool{}
	for range 500 {
		packet, err := Seal(nil, auth, kdf.Client, []byte("the same"), PadMinimal)
		if err != nil || seen[string(packet)] {
			t.Fatalf("%v, or a packet came twice", err)
		}
		seen[string(packet)] = true
	}
}

// TestChanged: any bit of a packet matters.
func TestChanged(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(5)
		k := NewKey(auth)
		for _, n := range []int{16, 32, 48, 64, 96, 112, 160, 224, 240} {
			packet := referenceSeal(auth, kdf.Client, random(n))
			for i := range packet {
				packet[i] ^= 1 << (i % 8)
				if got, err := k.Open(nil, kdf.Client, packet); got != nil || err != ErrDecrypt {
					t.Errorf("%d bytes, byte %d changed: %d bytes, %v", n, i, len(got), err)
				}
				packet[i] ^= 1 << (i % 8)
			}
			for _, i := range []int{0, 8, HeaderSize, len(packet) - 1} {
				packet[i] ^= 0x80
				checkRefused(t, k, kdf.Client, packet, fmt.Sprintf("byte %d changed", i))
				packet[i] ^= 0x80
			}
			other := newAuthKey(6)
			checkRefused(t, NewKey(other), kdf.Client, packet, "other key")
			// Even under the right key_id.
			checkRefused(t, &Key{auth: other, id: auth.ID()}, kdf.Client, packet, "other key with this id")
			checkRefused(t, &Key{auth: auth, id: other.ID()}, kdf.Client, packet, "this key with another id")
			checkOpened(t, k, kdf.Client, packet, random(n))
		}
	})
}

// TestRefusedIsWiped: nothing that was decrypted remains, and nothing else is written.
func TestRefusedIsWiped(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(7)
		k := NewKey(auth)
		for _, n := range []int{16, 32, 64, 96, 240, 5008} {
			packet := referenceSeal(auth, kdf.Client, random(n))
			packet[8] ^= 1 // of msg_key
			for _, version := range []Version{V1, V2} {
				open := func(dst, packet []byte) {
					t.Helper()
					var err error
					if version == V1 {
						_, err = k.OpenV1(dst, kdf.Client, packet, SecretChat)
					} else {
						_, err = k.Open(dst, kdf.Client, packet)
					}
					if err != ErrDecrypt {
						t.Fatalf("version %d, %d bytes: %v", version, n, err)
					}
				}
				const canary = 0xc5
				zeros := make([]byte, n)

				buf := bytes.Repeat([]byte{canary}, n+20)
				open(buf[:10], packet)
				want := bytes.Repeat([]byte{canary}, n+20)
				copy(want[10:], zeros)
				if !bytes.Equal(buf, want) {
					t.Errorf("version %d, %d bytes, apart: first wrong byte is %d", version, n, firstDifference(buf, want))
				}

				buf = append(bytes.Clone(packet), canary)
				open(buf[:0], buf[:len(packet)])
				want = append(bytes.Clone(packet), canary)
				clear(want[:n]) // the result
				clear(want[HeaderSize : HeaderSize+n])
				if !bytes.Equal(buf, want) {
					t.Errorf("version %d, %d bytes, at the packet: first wrong byte is %d", version, n, firstDifference(buf, want))
				}

				buf = append(bytes.Clone(packet), canary)
				open(buf[:HeaderSize], buf[:len(packet)])
				want = slices.Concat(packet[:HeaderSize], zeros, []byte{canary})
				if !bytes.Equal(buf, want) {
					t.Errorf("version %d, %d bytes, at the ciphertext: first wrong byte is %d", version, n, firstDifference(buf, want))
				}
			}
		}
	})
}

// TestSizes: what cannot be a packet, or is a part of one, is refused.
func TestSizes(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(8)
		k := NewKey(auth)
		whole := referenceSeal(auth, kdf.Client, random(256))
		for n := range whole {
			if got, err := k.Open(nil, kdf.Client, whole[:n]); got != nil || err != ErrDecrypt {
				t.Errorf("Open of %d bytes: %d bytes, %v", n, len(got), err)
			}
			if _, err := k.OpenV1(nil, kdf.Client, whole[:n], CloudChat); err != ErrDecrypt {
				t.Errorf("OpenV1 of %d bytes: %v", n, err)
			}
		}
		checkRefused(t, k, kdf.Client, append(bytes.Clone(whole), make([]byte, 16)...), "longer")
	})
}

func TestMaxPacket(t *testing.T) {
	auth := newAuthKey(9)
	for _, tt := range []struct{ limit, longest int }{
		{0, DefaultMaxPacket},
		{HeaderSize + 160, HeaderSize + 160},
		{HeaderSize + 175, HeaderSize + 160},
		{1, 0},
		{-1, 0},
		{DefaultMaxPacket * 2, DefaultMaxPacket * 2},
	} {
		k := NewKey(auth)
		k.MaxPacket = tt.limit

		fits := (tt.longest - HeaderSize) / blockSize * blockSize
		for _, n := range []int{fits, fits + blockSize} {
			if n <= 0 {
				continue
			}
			packet := k.seal(nil, kdf.Client, random(n), nil)
			var want error
			if n > fits || tt.longest == 0 {
				want = ErrDecrypt
			}
			if _, err := k.Open(nil, kdf.Client, packet); err != want {
				t.Errorf("limit %d, packet of %d bytes: Open: %v, want %v", tt.limit, len(packet), err, want)
			}
			if want != nil {
				want = ErrTooLong
			}
			out, err := k.Seal(make([]byte, 3), kdf.Client, random(n-12), PadMinimal)
			if err != want || (err != nil) != (out == nil) {
				t.Errorf("limit %d, packet of %d bytes: Seal: %d bytes, %v, want %v", tt.limit, len(packet), len(out), err, want)
			}
			out, err = k.SealV1(make([]byte, 3), kdf.Client, random(n-12))
			if err != want || (err != nil) != (out == nil) {
				t.Errorf("limit %d, packet of %d bytes: SealV1: %d bytes, %v, want %v", tt.limit, len(packet), len(out), err, want)
			}
		}
	}
	if _, err := Seal(nil, auth, kdf.Client, make([]byte, DefaultMaxPacket), PadMinimal); err != ErrTooLong {
		t.Errorf("Seal of %d bytes: %v, want %v", DefaultMaxPacket, err, ErrTooLong)
	}
	if _, err := SealV1(nil, auth, kdf.Client, make([]byte, DefaultMaxPacket)); err != ErrTooLong {
		t.Errorf("SealV1 of %d bytes: %v, want %v", DefaultMaxPacket, err, ErrTooLong)
	}
}

// TestTooLongAlways: whether a plaintext is refused does not depend on how much padding it
// happens to get.
func TestTooLongAlways(t *testing.T) {
	k := NewKey(newAuthKey(1))
	for pad := PadRandom; pad <= PadBucketsRandom; pad++ {
		const n = 500
		_, most := pad.bounds(n)
		for _, short := range []int{0, 1, blockSize, most} {
			k.MaxPacket = HeaderSize + n + most - short
			var want error
			if short > 0 {
				want = ErrTooLong
			}
			for range 100 {
				job := []Job{{Key: k, Padding: pad, Src: make([]byte, n)}}
				_, err := k.Seal(nil, kdf.Client, job[0].Src, pad)
				if batchErr := SealBatch(job); err != want || batchErr != want {
					t.Fatalf("padding %d, %d bytes of room missing: Seal: %v, SealBatch: %v, want %v", pad, short, err, batchErr, want)
				}
			}
		}
	}
}

// TestOverlaps: what is not one of the ways to work in place panics.
func TestOverlaps(t *testing.T) {
	const want = "envelope: invalid buffer overlap"
	auth := newAuthKey(10)
	k := NewKey(auth)
	packet := referenceSeal(auth, kdf.Client, random(160))
	n := len(packet)
	for at := range 2*n + 40 {
		buf := make([]byte, 4*n)
		p := buf[n : 2*n]
		copy(p, packet)
		if at+n-HeaderSize > len(buf) {
			break
		}
		dst := buf[:at]
		overlaps := at < 2*n && at+n-HeaderSize > n
		inPlace := at == n || at == n+HeaderSize
		for name, open := range map[string]func(){
			"Open":      func() { k.Open(dst, kdf.Client, p) },
			"OpenV1":    func() { k.OpenV1(dst, kdf.Client, p, SecretChat) },
			"OpenBatch": func() { OpenBatch([]Job{{}, {Key: k, Dst: dst, Src: p}}[1:]) },
		} {
			text := panicText(open)
			if got := text == want; got != (overlaps && !inPlace) || text != "" && !got {
				t.Errorf("%s to %d, packet at %d: panic %q", name, at, n, text)
			}
			copy(p, packet)
		}
	}

	const length = 100
	for at := range 3000 {
		buf := make([]byte, 4000)
		const start = 1200
		plaintext, dst := buf[start:start+length], buf[:at:len(buf)]
		overlaps := at < start+length && at+length+MaxOverhead > start
		inPlace := at+HeaderSize == start
		for name, seal := range map[string]func(){
			"Seal":      func() { k.Seal(dst, kdf.Client, plaintext, PadRandom) },
			"SealV1":    func() { k.SealV1(dst, kdf.Client, plaintext) },
			"SealBatch": func() { SealBatch([]Job{{Key: k, Dst: dst, Src: plaintext}}) },
		} {
			text := panicText(seal)
			if got := text == want; got != (overlaps && !inPlace) || text != "" && !got {
				t.Errorf("%s to %d, plaintext at %d: panic %q", name, at, start, text)
			}
		}
	}
}

func TestPanics(t *testing.T) {
	k := NewKey(newAuthKey(11))
	packet := make([]byte, HeaderSize+64)
	for _, tt := range []struct {
		want string
		f    func()
	}{
		{"kdf: invalid side", func() { k.Open(nil, 2, packet) }},
		{"kdf: invalid side", func() { k.OpenV1(nil, 2, packet, SecretChat) }},
		{"kdf: invalid side", func() { k.Seal(nil, 2, packet, PadMinimal) }},
		{"kdf: invalid side", func() { k.SealV1(nil, 2, packet) }},
		{"envelope: invalid side", func() { OpenBatch([]Job{{Key: k, Side: 2}}) }},
		{"envelope: invalid side", func() { SealBatch([]Job{{Key: k, Side: 2}}) }},
		{"envelope: invalid padding", func() { k.Seal(nil, 0, packet, PadBucketsRandom+1) }},
		{"envelope: invalid padding", func() { SealBatch([]Job{{Key: k, Padding: PadBucketsRandom + 1}}) }},
		{"envelope: invalid layout", func() { k.OpenV1(nil, 0, packet, CloudChat+1) }},
		{"envelope: invalid layout", func() { (CloudChat + 1).Body(V2, packet) }},
		{"envelope: invalid version", func() { CloudChat.Body(0, packet) }},
		{"envelope: job without a key", func() { OpenBatch([]Job{{Key: k}, {}}) }},
		{"envelope: job without a key", func() { SealBatch([]Job{{Key: k}, {}}) }},
	} {
		if got := panicText(tt.f); got != tt.want {
			t.Errorf("panic %q, want %q", got, tt.want)
		}
	}
}

// TestKeepsItsInput: what is not worked on in place does not change.
func TestKeepsItsInput(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(12)
		before, k := *auth, NewKey(auth)
		plaintext := random(500)
		packet, err := k.Seal(nil, kdf.Server, plaintext, PadRandom)
		if err != nil {
			t.Fatal(err)
		}
		packetBefore := bytes.Clone(packet)
		for _, side := range sides {
			k.Open(nil, side, packet)
			k.OpenV1(nil, side, packet, SecretChat)
		}
		if *auth != before || !bytes.Equal(plaintext, random(500)) || !bytes.Equal(packet, packetBefore) {
			t.Error("an input changed")
		}
		if got, want := k.ID(), auth.ID(); got != want {
			t.Errorf("ID = %x, want %x", got, want)
		}
	})
}

func TestBackend(t *testing.T) {
	if got, want := Backend(), backends.String(); got != want {
		t.Errorf("Backend() = %q, want %q", got, want)
	}
	for _, s := range backends.States() {
		leave := s.Enter()
		// Later backends are added to earlier ones: "best+good".
		if got := Backend(); got != s.Name && !strings.HasPrefix(got, s.Name+"+") {
			t.Errorf("Backend() = %q in state %q", got, s.Name)
		}
		leave()
	}
}

// TestConcurrent is for the race detector: one Key, used by many goroutines.
func TestConcurrent(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		k := NewKey(newAuthKey(13))
		plaintext := random(700)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				side := sides[i%2]
				for n := range 50 {
					jobs := make([]Job, 3)
					for j := range jobs {
						jobs[j] = Job{Key: k, Side: side, Src: plaintext[:10*n+j]}
					}
					if err := SealBatch(jobs); err != nil {
						t.Error(err)
						return
					}
					for j := range jobs {
						got, err := k.Open(nil, side, jobs[j].Dst)
						if err != nil || !bytes.Equal(got[:10*n+j], plaintext[:10*n+j]) {
							t.Errorf("%d bytes: %v", 10*n+j, err)
						}
						jobs[j].Dst, jobs[j].Src = nil, jobs[j].Dst
					}
					if err := OpenBatch(jobs); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	})
}

// TestEveryBitCounts: what was opened is released if the msg_key that it has is the packet's, in
// all of its bits, and else erased. Packets do not show that: if one bit of msg_key is another, so
// is the key, and all of the hash.
func TestEveryBitCounts(t *testing.T) {
	k := NewKey(newAuthKey(1))
	finish := func(change func(o *opening)) (released bool) {
		var o opening
		dst := make([]byte, 0, 64)
		o.start(k, kdf.Client, dst, benchPacket(k, 64))
		copy(o.dst, random(64))
		o.got = o.msgKey
		change(&o)
		released = o.finish() != nil
		if erased := bytes.Equal(dst[:64], make([]byte, 64)); erased == released {
			t.Errorf("released: %v, erased: %v", released, erased)
		}
		return released
	}
	if !finish(func(*opening) {}) {
		t.Error("the right msg_key is refused")
	}
	if finish(func(o *opening) { o.ok = 0 }) {
		t.Error("a wrong key_id is accepted")
	}
	for bit := range 8 * kdf.MsgKeySize {
		if finish(func(o *opening) { o.got[bit/8] ^= 1 << (bit % 8) }) {
			t.Errorf("bit %d of msg_key may be wrong", bit)
		}
	}
}
