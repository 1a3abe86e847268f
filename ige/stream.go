package ige

import (
	"crypto/cipher"
	"errors"
	"io"
)

// Reader decrypts (or encrypts) what it reads from another reader.
type Reader struct {
	r    io.Reader
	mode cipher.BlockMode
	// in holds the bytes of a block of which r has not given the rest yet; out
	// holds the end of a block for whose start the last buffer had room.
	in, out []byte
	block   []byte // backing array of out
	err     error  // what r returned and Read has not passed on yet
}

// maxEmptyReads is how often in a row a reader may return neither bytes nor an error, as
// in package bufio.
const maxEmptyReads = 100

// NewReader returns a Reader that passes the bytes of r through mode. A stream
// that ends within a block yields its whole blocks, then ErrPartialBlock. If r returns
// neither bytes nor an error many times in a row, the error is [io.ErrNoProgress].
//
// IGE has no integrity: what comes out is only as trustworthy as a check that
// the caller makes once it has all of it.
func NewReader(r io.Reader, mode cipher.BlockMode) *Reader {
	n := mode.BlockSize()
	return &Reader{r: r, mode: mode, in: make([]byte, 0, n), block: make([]byte, n)}
}

// Read reads into p, and decrypts it there. It does not read ahead of the block
// that it needs to fill p.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.out) > 0 {
		return r.takeOut(p), nil
	}
	n := len(r.block)
	if len(p) < n {
		if got, err := r.fill(r.block); got == 0 {
			return 0, err
		}
		r.out = r.block
		return r.takeOut(p), nil
	}
	return r.fill(p[:len(p)-len(p)%n])
}

func (r *Reader) takeOut(p []byte) int {
	n := copy(p, r.out)
	clear(r.out[:n])
	r.out = r.out[n:]
	return n
}

// fill reads at least one block into p, which is a whole number of them, and
// passes it through the mode. It returns 0 only with an error.
func (r *Reader) fill(p []byte) (int, error) {
	n := copy(p, r.in)
	blockSize := len(r.block)
	for empty := 0; n < blockSize && r.err == nil; {
		var got int
		got, r.err = r.r.Read(p[n:])
		if n += got; got > 0 {
			empty = 0
		} else if empty++; empty == maxEmptyReads && r.err == nil {
			r.err = io.ErrNoProgress
		}
	}
	whole := n - n%blockSize
	r.in = append(r.in[:0], p[whole:n]...)
	if whole == 0 {
		err := r.err
		r.err = nil // a reader that timed out may have more to say
		if err == io.EOF && n > 0 {
			err = ErrPartialBlock
		}
		return 0, err
	}
	r.mode.CryptBlocks(p[:whole], p[:whole])
	return whole, nil
}

// Writer encrypts (or decrypts) what is written to it and writes the result to
// another writer.
type Writer struct {
	w    io.Writer
	mode cipher.BlockMode
	in   []byte // the start of a block that Write has not been given the rest of
	buf  []byte // where results are made, since Write may not change its argument
	err  error  // sticky: after a lost write the stream cannot be continued
}

// writerBuffer is the most that a Writer gives its sink at a time, in bytes.
const writerBuffer = 16 << 10

var errWriterClosed = errors.New("ige: write to a closed Writer")

// NewWriter returns a Writer that passes bytes through mode and on to w. Only
// whole blocks are written: the caller pads, and calls Close at the end to learn
// whether anything is left.
func NewWriter(w io.Writer, mode cipher.BlockMode) *Writer {
	n := mode.BlockSize()
	return &Writer{w: w, mode: mode, in: make([]byte, 0, n), buf: make([]byte, max(n, writerBuffer-writerBuffer%n))}
}

// Write writes the whole blocks that p completes and keeps the rest. After an
// error of the underlying writer, every call returns that error.
func (w *Writer) Write(p []byte) (written int, err error) {
	if w.err != nil {
		return 0, w.err
	}
	blockSize := cap(w.in)
	for len(p) > 0 {
		if len(w.in) > 0 || len(p) < blockSize {
			n := min(len(p), blockSize-len(w.in))
			w.in = append(w.in, p[:n]...)
			if len(w.in) == blockSize {
				if err := w.flush(w.in); err != nil {
					return written, err
				}
				clear(w.in)
				w.in = w.in[:0]
			}
			written, p = written+n, p[n:]
			continue
		}
		n := min(len(p)-len(p)%blockSize, len(w.buf))
		if err := w.flush(p[:n]); err != nil {
			return written, err
		}
		written, p = written+n, p[n:]
	}
	return written, nil
}

// flush passes whole blocks, at most len(w.buf), through the mode to the sink.
func (w *Writer) flush(src []byte) error {
	dst := w.buf[:len(src)]
	w.mode.CryptBlocks(dst, src)
	n, err := w.w.Write(dst)
	if err == nil && n < len(dst) {
		err = io.ErrShortWrite
	}
	w.err = err
	return err
}

// Close erases the buffers. It returns the error of an earlier Write, if there was
// one, or ErrPartialBlock if the last block is incomplete, whose bytes are lost then.
// It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.err == errWriterClosed {
		return nil
	}
	err := w.err
	if err == nil && len(w.in) > 0 {
		err = ErrPartialBlock
	}
	clear(w.in)
	clear(w.buf)
	w.in, w.err = w.in[:0], errWriterClosed
	return err
}
