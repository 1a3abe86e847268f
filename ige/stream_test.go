package ige

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/mtcore/mtcore/internal/impltest"
)

// streamModes are what the tests of this file send through a stream: our modes,
// and one whose blocks have another size.
func streamModes(t testing.TB) map[string]struct{ enc, dec func() cipher.BlockMode } {
	c, iv := newCipher(random(KeySize)), [IVSize]byte(random(IVSize))
	d := newDES(t)
	return map[string]struct{ enc, dec func() cipher.BlockMode }{
		"AES": {
			func() cipher.BlockMode { return NewEncrypter(c, &iv) },
			func() cipher.BlockMode { return NewDecrypter(c, &iv) },
		},
		"DES": {
			func() cipher.BlockMode { return NewIGEEncrypter(d, iv[:16]) },
			func() cipher.BlockMode { return NewIGEDecrypter(d, iv[:16]) },
		},
	}
}

// newStreamMode returns the encrypting one for tests that need no other.
func newStreamMode() cipher.BlockMode {
	iv := [IVSize]byte(random(IVSize))
	return NewEncrypter(newCipher(random(KeySize)), &iv)
}

func cryptAll(mode cipher.BlockMode, src []byte) []byte {
	dst := make([]byte, len(src))
	mode.CryptBlocks(dst, src)
	return dst
}

// sources are the ways in which a reader may hand out its bytes.
var sources = map[string]func(io.Reader) io.Reader{
	"all at once":            func(r io.Reader) io.Reader { return r },
	"byte by byte":           iotest.OneByteReader,
	"halves":                 iotest.HalfReader,
	"EOF with the last":      iotest.DataErrReader,
	"EOF with the last byte": func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) },
	"sometimes nothing":      func(r io.Reader) io.Reader { return &hesitant{r: r} },
}

// hesitant returns 0, nil every other time, which readers may.
type hesitant struct {
	r     io.Reader
	ready bool
}

func (h *hesitant) Read(p []byte) (int, error) {
	h.ready = !h.ready
	if h.ready {
		return 0, nil
	}
	return h.r.Read(p[:min(len(p), 7)])
}

func TestReader(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for modeName, modes := range streamModes(t) {
			for sourceName, source := range sources {
				for _, blocks := range []int{0, 1, 2, 3, 10} {
					want := random(blocks * BlockSize)
					encrypted := cryptAll(modes.enc(), want)
					for size := 1; size <= 5*BlockSize; size++ {
						r := NewReader(source(bytes.NewReader(encrypted)), modes.dec())
						got, err := readAll(r, size)
						if err != io.EOF || !bytes.Equal(got, want) {
							t.Errorf("%s, %s, %d blocks, read by %d bytes: err = %v\n%x, want\n%x",
								modeName, sourceName, blocks, size, err, got, want)
						}
					}
				}
			}
		}
	})
}

// readAll reads r with a buffer of size bytes until an error, which it returns.
func readAll(r io.Reader, size int) (got []byte, err error) {
	buf := make([]byte, size)
	for err == nil {
		var n int
		n, err = r.Read(buf)
		got = append(got, buf[:n]...)
	}
	return got, err
}

func TestReaderContract(t *testing.T) {
	for modeName, modes := range streamModes(t) {
		for sourceName, source := range sources {
			for _, n := range []int{0, BlockSize, 10 * BlockSize, 20_000 * BlockSize} {
				if n > 1<<12 && modeName == "DES" {
					continue // slow, and with nothing new to show
				}
				want := random(n)
				encrypted := cryptAll(modes.enc(), want)
				r := NewReader(source(bytes.NewReader(encrypted)), modes.dec())
				if err := iotest.TestReader(r, want); err != nil {
					t.Errorf("%s, %s, %d bytes: %v", modeName, sourceName, n, err)
				}
			}
		}
	}
}

// TestReaderPartialBlock: the whole blocks come first, then the error, for good.
func TestReaderPartialBlock(t *testing.T) {
	for sourceName, source := range sources {
		for n := range 4 * BlockSize {
			src := random(n)
			want := cryptAll(newStreamMode(), src[:n-n%BlockSize])
			wantErr := io.EOF
			if n%BlockSize != 0 {
				wantErr = ErrPartialBlock
			}
			for _, size := range []int{1, 5, BlockSize, BlockSize + 1, 3 * BlockSize, 100} {
				r := NewReader(source(bytes.NewReader(src)), newStreamMode())
				got, err := readAll(r, size)
				if err != wantErr || !bytes.Equal(got, want) {
					t.Errorf("%s, %d bytes, read by %d: err = %v, want %v\n%x, want\n%x",
						sourceName, n, size, err, wantErr, got, want)
				}
				if n, err := r.Read(make([]byte, size)); n != 0 || err != wantErr {
					t.Errorf("%s: read after the end: %d, %v, want 0, %v", sourceName, n, err, wantErr)
				}
			}
		}
	}
}

// TestReaderError: what came before an error of the source is not lost, and a
// block that the error cut through is not called partial.
func TestReaderError(t *testing.T) {
	failure := errors.New("the disk is on fire")
	for n := range 4 * BlockSize {
		src := random(n)
		want := cryptAll(newStreamMode(), src[:n-n%BlockSize])
		for _, size := range []int{1, BlockSize, 3*BlockSize + 1} {
			source := io.MultiReader(bytes.NewReader(src), iotest.ErrReader(failure))
			for name, source := range map[string]io.Reader{
				"after the last byte": source,
				"with the last byte":  &failing{bytes.NewReader(src), failure},
			} {
				got, err := readAll(NewReader(source, newStreamMode()), size)
				if err != failure || !bytes.Equal(got, want) {
					t.Errorf("%s of %d, read by %d: err = %v, want %v\n%x, want\n%x", name, n, size, err, failure, got, want)
				}
			}
		}
	}
}

// failing returns err together with the last bytes.
type failing struct {
	r   *bytes.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, _ := f.r.Read(p)
	if f.r.Len() == 0 {
		return n, f.err
	}
	return n, nil
}

func TestReaderTimeout(t *testing.T) {
	src := random(10 * BlockSize)
	want := cryptAll(newStreamMode(), src)[:3*BlockSize]
	r := NewReader(iotest.TimeoutReader(bytes.NewReader(src)), newStreamMode())
	// The source's second read fails.
	got, err := readAll(r, 3*BlockSize)
	if err != iotest.ErrTimeout || !bytes.Equal(got, want) {
		t.Errorf("err = %v, want %v\n%x, want\n%x", err, iotest.ErrTimeout, got, want)
	}
}

// TestReaderNothing: a read of nothing is no reason to look at the source.
func TestReaderNothing(t *testing.T) {
	r := NewReader(iotest.ErrReader(errors.New("source was read")), newStreamMode())
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("Read(nil) = %d, %v, want 0, nil", n, err)
	}
}

// TestReaderDoesNotReadAhead: what follows the stream in its source is left to
// others.
func TestReaderDoesNotReadAhead(t *testing.T) {
	for size := 1; size <= 5*BlockSize; size++ {
		source := bytes.NewReader(random(10 * BlockSize))
		r := NewReader(source, newStreamMode())
		if _, err := io.ReadFull(r, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		got := int(source.Size()) - source.Len()
		if want := (size + BlockSize - 1) / BlockSize * BlockSize; got != want {
			t.Errorf("for %d bytes: read %d of the source, want %d", size, got, want)
		}
	}
}

// TestWriter has every cut of a message into two writes, and writes of every
// size.
func TestWriter(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for modeName, modes := range streamModes(t) {
			src := random(10 * BlockSize)
			want := cryptAll(modes.enc(), src)
			for cut := 0; cut <= len(src); cut++ {
				got, err := writeAll(modes.enc(), src[:cut], src[cut:])
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, cut at %d: %v\n%x, want\n%x", modeName, cut, err, got, want)
				}
			}
			for size := 1; size <= len(src); size++ {
				var parts [][]byte
				for rest := src; len(rest) > 0; {
					n := min(size, len(rest))
					parts = append(parts, rest[:n], nil)
					rest = rest[n:]
				}
				got, err := writeAll(modes.enc(), parts...)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, by %d bytes: %v\n%x, want\n%x", modeName, size, err, got, want)
				}
			}
		}
	})
}

// TestWriterLarge: single writes beyond the Writer's own buffer.
func TestWriterLarge(t *testing.T) {
	for modeName, modes := range streamModes(t) {
		for _, n := range []int{writerBuffer - 16, writerBuffer, writerBuffer + 16, 3*writerBuffer + 48} {
			src := random(n)
			want := cryptAll(modes.enc(), src)
			for _, cut := range []int{0, 1, 15, 16, 17} {
				got, err := writeAll(modes.enc(), src[:cut], src[cut:])
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, %d bytes, cut at %d: %v, first wrong byte is %d",
						modeName, n, cut, err, firstDifference(got, want))
				}
			}
		}
	}
}

// writeAll writes the parts to a Writer, closes it, and returns what came out. It
// checks what io.Writer says of the arguments.
func writeAll(mode cipher.BlockMode, parts ...[]byte) ([]byte, error) {
	var sink bytes.Buffer
	w := NewWriter(&sink, mode)
	for _, p := range parts {
		before := bytes.Clone(p)
		n, err := w.Write(p)
		if err != nil {
			return sink.Bytes(), err
		}
		if n != len(p) {
			return sink.Bytes(), fmt.Errorf("Write of %d bytes returned %d", len(p), n)
		}
		if !bytes.Equal(p, before) {
			return sink.Bytes(), errors.New("Write changed its argument")
		}
		if sink.Len()%mode.BlockSize() != 0 {
			return sink.Bytes(), errors.New("part of a block was written")
		}
	}
	return sink.Bytes(), w.Close()
}

// TestWriterPartialBlock: whole blocks get out, and Close tells of the rest.
func TestWriterPartialBlock(t *testing.T) {
	for n := range 4 * BlockSize {
		src := random(n)
		want := cryptAll(newStreamMode(), src[:n-n%BlockSize])
		var wantErr error
		if n%BlockSize != 0 {
			wantErr = ErrPartialBlock
		}
		var sink bytes.Buffer
		w := NewWriter(&sink, newStreamMode())
		if got, err := w.Write(src); got != n || err != nil {
			t.Errorf("Write of %d bytes: %d, %v", n, got, err)
		}
		if err := w.Close(); err != wantErr {
			t.Errorf("Close after %d bytes: %v, want %v", n, err, wantErr)
		}
		if !bytes.Equal(sink.Bytes(), want) {
			t.Errorf("%d bytes:\n%x, want\n%x", n, sink.Bytes(), want)
		}
		if err := w.Close(); err != nil {
			t.Errorf("second Close after %d bytes: %v", n, err)
		}
	}
}

func TestWriterAfterClose(t *testing.T) {
	var sink bytes.Buffer
	w := NewWriter(&sink, newStreamMode())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Write(random(BlockSize)); n != 0 || err == nil {
		t.Errorf("Write after Close = %d, %v", n, err)
	}
	if sink.Len() != 0 {
		t.Errorf("%d bytes were written after Close", sink.Len())
	}
}

// TestWriterLeavesSinkOpen: it is the caller's.
func TestWriterLeavesSinkOpen(t *testing.T) {
	r, pipe := io.Pipe()
	go func() {
		w := NewWriter(pipe, newStreamMode())
		w.Write(random(BlockSize))
		w.Close()
		pipe.Write([]byte("still open"))
		pipe.Close()
	}()
	got, err := io.ReadAll(r)
	if err != nil || len(got) != BlockSize+len("still open") {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

// fullSink has room for so many bytes; then it fails with err or, if that is nil,
// writes less than it is given without saying why.
type fullSink struct {
	room  int
	err   error
	calls int
}

func (s *fullSink) Write(p []byte) (int, error) {
	s.calls++
	n := min(len(p), s.room)
	s.room -= n
	if n < len(p) {
		return n, s.err
	}
	return n, nil
}

// TestWriterErrors: an error comes back from the write that met it and from all
// later ones, which do not try again.
func TestWriterErrors(t *testing.T) {
	full := errors.New("no space left")
	for _, tt := range []struct{ sink, want error }{{full, full}, {nil, io.ErrShortWrite}} {
		for room := range 3 * BlockSize {
			for _, size := range []int{1, BlockSize - 1, BlockSize, BlockSize + 1, 5 * BlockSize} {
				sink := &fullSink{room: room, err: tt.sink}
				w := NewWriter(sink, newStreamMode())
				p := random(size)
				var err error
				for range 5 * BlockSize {
					var n int
					if n, err = w.Write(p); err != nil {
						if n < 0 || n >= size {
							t.Errorf("room for %d, write of %d: returned %d and %v", room, size, n, err)
						}
						break
					}
				}
				if err != tt.want {
					t.Errorf("room for %d, writes of %d: err = %v, want %v", room, size, err, tt.want)
				}

				calls := sink.calls
				sink.room = 1 << 20
				if n, err := w.Write(p); n != 0 || err != tt.want {
					t.Errorf("room for %d: Write after the error = %d, %v, want 0, %v", room, n, err, tt.want)
				}
				if err := w.Close(); err != tt.want {
					t.Errorf("room for %d: Close after the error = %v, want %v", room, err, tt.want)
				}
				if sink.calls != calls {
					t.Errorf("room for %d: the sink was written to after its error", room)
				}
			}
		}
	}
}

// TestCopy sends a file through a Writer and back through a Reader with io.Copy.
func TestCopy(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		modes := streamModes(t)["AES"]
		want := random(200_000 * BlockSize / 16)
		want = want[:len(want)-len(want)%BlockSize]

		var encrypted, decrypted bytes.Buffer
		w := NewWriter(&encrypted, modes.enc())
		if n, err := io.Copy(w, onlyReader{bytes.NewReader(want)}); n != int64(len(want)) || err != nil {
			t.Errorf("Copy to the Writer: %d, %v", n, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(encrypted.Bytes(), cryptAll(modes.enc(), want)) {
			t.Error("Writer: wrong result")
		}

		r := NewReader(&encrypted, modes.dec())
		if n, err := io.Copy(&decrypted, onlyReader{r}); n != int64(len(want)) || err != nil {
			t.Errorf("Copy from the Reader: %d, %v", n, err)
		}
		if !bytes.Equal(decrypted.Bytes(), want) {
			t.Error("Reader: wrong result")
		}
	})
}

// onlyReader hides the WriteTo by which io.Copy would make a single call of it.
type onlyReader struct{ io.Reader }

// TestReaderOfWriter: the modes may be exchanged, so that a Reader encrypts and a
// Writer decrypts.
func TestReaderOfWriter(t *testing.T) {
	modes := streamModes(t)["AES"]
	want := random(100 * BlockSize)
	var sink bytes.Buffer
	w := NewWriter(&sink, modes.dec())
	if _, err := io.Copy(w, NewReader(bytes.NewReader(want), modes.enc())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := sink.Bytes(); !bytes.Equal(got, want) {
		t.Errorf("got\n%x, want\n%x", got, want)
	}
}

// idleReader returns bytes at every so many reads, and between neither bytes nor an error.
type idleReader struct {
	r     io.Reader
	every int
	reads int
}

func (r *idleReader) Read(p []byte) (int, error) {
	if r.reads++; r.reads%r.every != 0 {
		return 0, nil
	}
	return r.r.Read(p[:min(len(p), 1)])
}

func TestReaderNoProgress(t *testing.T) {
	src := make([]byte, 4*BlockSize)
	r := NewReader(&idleReader{r: bytes.NewReader(src), every: 90}, newStreamMode())
	if got, err := io.ReadAll(r); len(got) != len(src) || err != nil {
		t.Errorf("a slow reader: %d bytes, %v", len(got), err)
	}
	r = NewReader(&idleReader{r: bytes.NewReader(src), every: 1 << 30}, newStreamMode())
	if got, err := io.ReadAll(r); len(got) != 0 || err != io.ErrNoProgress {
		t.Errorf("a reader that never returns anything: %d bytes, %v", len(got), err)
	}
}
