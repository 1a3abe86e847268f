package secretchat_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/redact/redacttest"
	"github.com/mtcore/mtcore/internal/vectortest"
	"github.com/mtcore/mtcore/secretchat"
)

// fileSizes are those around blocks, the buffers of package ige, and parts.
var fileSizes = []int{0, 1, 15, 16, 17, 1000, 1023, 1024, 1025, 16<<10 - 1, 16 << 10, 16<<10 + 1, 40000, 512<<10 - 1, 512 << 10, 512<<10 + 5, 1 << 20}

func fileContents(size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(size)})
	r.Read(b)
	return b
}

// encryptFile encrypts by each way there is, keyed by its name.
func encryptFile(k *secretchat.FileKey, plain []byte) map[string][]byte {
	results := map[string][]byte{}

	var b bytes.Buffer
	w := k.Encrypter(&b)
	_, err := io.Copy(w, bytes.NewReader(plain))
	err = errors.Join(err, w.Close())
	results["Encrypter"] = bytes.Clone(must(b.Bytes(), err))

	b.Reset()
	w = k.Encrypter(&b)
	_, err = io.Copy(w, iotest.OneByteReader(bytes.NewReader(plain)))
	err = errors.Join(err, w.Close())
	results["Encrypter, byte by byte"] = bytes.Clone(must(b.Bytes(), err))

	results["EncryptReader"] = must(io.ReadAll(k.EncryptReader(bytes.NewReader(plain))))
	results["EncryptReader, byte by byte"] = must(io.ReadAll(
		iotest.OneByteReader(k.EncryptReader(iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(plain)))))))

	for _, size := range []int{1 << 10, 512 << 10} {
		b.Reset()
		for part, err := range k.Parts(bytes.NewReader(plain), int64(len(plain)), secretchat.WithPartSize(size)) {
			b.Write(must(part.Bytes, err))
		}
		results[fmt.Sprintf("Parts of %d", size)] = bytes.Clone(b.Bytes())
	}
	return results
}

// decryptFile decrypts by each way there is. A result is nil if the way returned
// ErrFileSize; what it put out before is in partial.
func decryptFile(t *testing.T, k *secretchat.FileKey, encrypted []byte, size int64) (results, partial map[string][]byte) {
	t.Helper()
	results, partial = map[string][]byte{}, map[string][]byte{}
	add := func(name string, b []byte, err error) {
		b = append([]byte{}, b...)
		partial[name] = b
		switch {
		case err == nil:
			results[name] = b
		case errors.Is(err, secretchat.ErrFileSize):
			results[name] = nil
		default:
			t.Fatalf("%s of %d bytes: %v", name, len(encrypted), err)
		}
	}

	b, err := io.ReadAll(k.Decrypter(bytes.NewReader(encrypted), size))
	add("Decrypter", b, err)
	b, err = io.ReadAll(iotest.OneByteReader(k.Decrypter(iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(encrypted))), size)))
	add("Decrypter, byte by byte", b, err)

	for name, chunk := range map[string]int{"DecryptWriter": max(1, len(encrypted)), "DecryptWriter, by 1000 bytes": 1000} {
		var out bytes.Buffer
		w := k.DecryptWriter(&out, size)
		for p := range slices.Chunk(encrypted, chunk) {
			if _, err = w.Write(p); err != nil {
				break
			}
		}
		if closeErr := w.Close(); err != nil && closeErr != err {
			t.Errorf("%s: Close after %v: %v", name, err, closeErr)
		} else {
			err = closeErr
		}
		add(name, out.Bytes(), err)
	}
	return results, partial
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestFileRoundTrip(t *testing.T) {
	for _, size := range fileSizes {
		k, plain := secretchat.NewFileKey(), fileContents(size)
		for encrypter, encrypted := range encryptFile(k, plain) {
			if got, want := int64(len(encrypted)), secretchat.EncryptedSize(int64(size)); got != want {
				t.Errorf("%s: %d bytes make %d, want %d", encrypter, size, got, want)
			}
			results, _ := decryptFile(t, k, encrypted, int64(size))
			for decrypter, got := range results {
				if got == nil || !bytes.Equal(got, plain) {
					t.Errorf("%s and %s of %d bytes: something else comes out", encrypter, decrypter, size)
				}
			}
		}
	}
}

// fileVector is a file that another program has encrypted.
type fileVector struct {
	Name, Key, IV    string
	Fingerprint      int32
	Size             int
	Plaintext        string
	PlaintextPRF     string `json:"plaintext_prf"`
	Padding          string
	PartSize         int    `json:"part_size"`
	CiphertextSHA256 string `json:"ciphertext_sha256"`
}

// plain returns the contents, which are written out or those of a small generator.
func (v *fileVector) plain() []byte {
	if v.PlaintextPRF == "" {
		return fromHex(v.Plaintext)
	}
	var b []byte
	for i := uint32(0); len(b) < v.Size; i++ {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint32([]byte(v.PlaintextPRF), i))
		b = append(b, sum[:]...)
	}
	return b[:v.Size]
}

func fromHex(s string) []byte { return must(hex.DecodeString(s)) }

func TestFileVectors(t *testing.T) {
	for _, v := range vectortest.Read[fileVector](t, "testdata", "files.json") {
		k, err := secretchat.ParseFileKey(fromHex(v.Key), fromHex(v.IV), v.Fingerprint)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		plain := v.plain()
		// What is padded already is a file of whole blocks, to which nothing is added.
		padded := append(bytes.Clone(plain), fromHex(v.Padding)...)
		for encrypter, encrypted := range encryptFile(k, padded) {
			if got := fmt.Sprintf("%x", sha256.Sum256(encrypted)); got != v.CiphertextSHA256 {
				t.Errorf("%s by %s: SHA-256 of the result %s, want %s", v.Name, encrypter, got, v.CiphertextSHA256)
			}
			results, _ := decryptFile(t, k, encrypted, int64(len(plain)))
			for decrypter, got := range results {
				if got == nil || !bytes.Equal(got, plain) {
					t.Errorf("%s by %s: something else comes out", v.Name, decrypter)
				}
			}
		}
	}
}

func TestParseFileKey(t *testing.T) {
	k := secretchat.NewFileKey()
	key, iv := k.Bytes()
	if same, err := secretchat.ParseFileKey(key, iv, k.Fingerprint()); err != nil || *same != *k {
		t.Errorf("ParseFileKey of Bytes: %v", err)
	}
	for name, parse := range map[string]func() (*secretchat.FileKey, error){
		"other fingerprint": func() (*secretchat.FileKey, error) { return secretchat.ParseFileKey(key, iv, k.Fingerprint()^1) },
		"swapped":           func() (*secretchat.FileKey, error) { return secretchat.ParseFileKey(iv, key, k.Fingerprint()) },
		"short key":         func() (*secretchat.FileKey, error) { return secretchat.ParseFileKey(key[:31], iv, k.Fingerprint()) },
		"long key": func() (*secretchat.FileKey, error) {
			return secretchat.ParseFileKey(append(key, 0), iv, k.Fingerprint())
		},
		"short iv": func() (*secretchat.FileKey, error) { return secretchat.ParseFileKey(key, iv[:16], k.Fingerprint()) },
		"no iv":    func() (*secretchat.FileKey, error) { return secretchat.ParseFileKey(key, nil, k.Fingerprint()) },
	} {
		if got, err := parse(); got != nil || err != secretchat.ErrFileKey {
			t.Errorf("%s: %v, %v, want nil, ErrFileKey", name, got, err)
		}
	}
}

func TestFileKeyIsOpaque(t *testing.T) {
	k := secretchat.NewFileKey()
	for _, v := range []any{k, *k} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			if got := fmt.Sprintf(format, v); got != "REDACTED" {
				t.Errorf("%s of %T: %s", format, v, got)
			}
		}
	}
	redacttest.Printed(t, *k)
	redacttest.NotEncoded(t, *k)
	other := secretchat.NewFileKey()
	if *k == *other {
		t.Error("two keys are equal")
	}

	r := k.EncryptReader(bytes.NewReader(make([]byte, 100)))
	k.Wipe()
	if *k != (secretchat.FileKey{}) {
		t.Error("Wipe leaves something")
	}
	if b, err := io.ReadAll(r); len(b) != 112 || err != nil {
		t.Errorf("a stream after Wipe: %d bytes, %v", len(b), err)
	}
	for name, f := range map[string]func(){
		"Bytes":         func() { k.Bytes() },
		"Fingerprint":   func() { k.Fingerprint() },
		"Encrypter":     func() { k.Encrypter(io.Discard) },
		"EncryptReader": func() { k.EncryptReader(bytes.NewReader(nil)) },
		"Decrypter":     func() { k.Decrypter(bytes.NewReader(nil), 0) },
		"DecryptWriter": func() { k.DecryptWriter(io.Discard, 0) },
		"Parts":         func() { k.Parts(bytes.NewReader(nil), 0) },
	} {
		if !panics(f) {
			t.Errorf("%s of a wiped key does not panic", name)
		}
	}
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

func TestCheckFileSize(t *testing.T) {
	for _, tt := range []struct {
		size, encrypted int64
		ok              bool
	}{
		{0, 0, true}, {1, 16, true}, {16, 16, true}, {17, 32, true}, {1<<40 + 1, 1<<40 + 16, true},
		{0, 16, false}, {1, 0, false}, {1, 17, false}, {1, 32, false}, {16, 32, false}, {17, 16, false},
		{-1, 0, false}, {-1, 16, false}, {16, -16, false}, {math.MinInt64, 0, false}, {math.MinInt64, math.MaxInt64, false},
		{math.MaxInt64, math.MaxInt64, false}, {math.MaxInt64, math.MinInt64, false}, {math.MaxInt64 - 15, math.MinInt64, false},
	} {
		if err := secretchat.CheckFileSize(tt.size, tt.encrypted); (err == nil) != tt.ok || err != nil && err != secretchat.ErrFileSize {
			t.Errorf("CheckFileSize(%d, %d) = %v, want ok = %t", tt.size, tt.encrypted, err, tt.ok)
		}
	}
}

// TestWrongFileSize: whatever size the peer claims and however much the server sends, no
// more than size bytes come out, and success is only what fits.
func TestWrongFileSize(t *testing.T) {
	k, plain := secretchat.NewFileKey(), fileContents(33000)
	encrypted := must(io.ReadAll(k.EncryptReader(bytes.NewReader(plain))))
	for _, size := range []int64{math.MinInt64, -1, 0, 1, 15, 16, 17, 32991, 32992, 33000, 33007, 33008, 33009, 40000, math.MaxInt64 - 16, math.MaxInt64} {
		for _, length := range []int{0, 1, 15, 16, 17, 32, 32976, 32992, 33000, 33007, 33008} {
			results, partial := decryptFile(t, k, encrypted[:length], size)
			for name, got := range results {
				if ok := secretchat.CheckFileSize(size, int64(length)) == nil; (got != nil) != ok {
					t.Errorf("%s, %d bytes of which the message says %d: success is %t, want %t", name, length, size, got != nil, ok)
				}
				padded := append(bytes.Clone(plain), make([]byte, 8)...)
				out := partial[name]
				if int64(len(out)) > max(size, 0) || !bytes.Equal(out[:min(len(out), len(plain))], padded[:min(len(out), len(plain))]) {
					t.Errorf("%s, %d bytes of which the message says %d: puts out %d others", name, length, size, len(out))
				}
			}
		}
	}
}

func TestFileParts(t *testing.T) {
	const big = 10<<20 + 1 // with its padding
	for _, tt := range []struct {
		size     int64
		partSize int
		total    int
		last     int
		isBig    bool
	}{
		{0, 1 << 10, 0, 0, false},
		{1, 1 << 10, 1, 16, false},
		{1024, 1 << 10, 1, 1024, false},
		{1025, 1 << 10, 2, 16, false},
		{2048, 2 << 10, 1, 2048, false},
		{512<<10 + 1, 512 << 10, 2, 16, false},
		{big - 1, 512 << 10, 20, 512 << 10, false},
		{big - 16, 512 << 10, 20, 512 << 10, false},
		{big, 512 << 10, 21, 16, true},
		{big, 64 << 10, 161, 16, true},
		{4000 << 10, 1 << 10, 4000, 1 << 10, false},
	} {
		k := secretchat.NewFileKey()
		n := 0
		for part, err := range k.Parts(&patternReader{size: tt.size}, tt.size, secretchat.WithPartSize(tt.partSize)) {
			wantLen := tt.partSize
			if n == tt.total-1 {
				wantLen = tt.last
			}
			if err != nil || part.Index != n || part.Total != tt.total || part.Big != tt.isBig || len(part.Bytes) != wantLen {
				t.Errorf("%d bytes by %d: part %d: {%d %d %t, %d bytes} %v, want {%d %d %t, %d bytes}", tt.size, tt.partSize,
					n, part.Index, part.Total, part.Big, len(part.Bytes), err, n, tt.total, tt.isBig, wantLen)
			}
			n++
		}
		if n != tt.total {
			t.Errorf("%d bytes by %d: %d parts, want %d", tt.size, tt.partSize, n, tt.total)
		}
	}
}

func TestTooManyParts(t *testing.T) {
	k := secretchat.NewFileKey()
	const max = 2000 << 20
	for _, tt := range []struct {
		size int64
		opts []secretchat.FileOption
		want error
	}{
		{max, nil, nil},
		{max + 1, nil, secretchat.ErrTooManyParts},
		{max + 1, []secretchat.FileOption{secretchat.WithMaxParts(8000)}, nil},
		{2 * max, []secretchat.FileOption{secretchat.WithMaxParts(8000)}, nil},
		{2*max + 1, []secretchat.FileOption{secretchat.WithMaxParts(8000)}, secretchat.ErrTooManyParts},
		{4000<<10 + 1, []secretchat.FileOption{secretchat.WithPartSize(1 << 10)}, secretchat.ErrTooManyParts},
		{math.MaxInt64 - 16, nil, secretchat.ErrTooManyParts},
	} {
		n := 0
		for _, err := range k.Parts(&patternReader{size: tt.size}, tt.size, tt.opts...) {
			if n++; err != tt.want {
				t.Errorf("%d bytes: %v, want %v", tt.size, err, tt.want)
			}
			break
		}
		if n != 1 {
			t.Errorf("%d bytes: nothing, want %v", tt.size, tt.want)
		}
	}
	for _, n := range []int{-1, 0, 1, 1000, 1023, 1536, 3 << 10, 511 << 10, 1 << 20} {
		if !panics(func() { secretchat.WithPartSize(n) }) {
			t.Errorf("WithPartSize(%d) does not panic", n)
		}
	}
}

// TestResumeParts: the parts after an interruption fit those before it.
func TestResumeParts(t *testing.T) {
	const size = 10<<10 + 5
	k, plain := secretchat.NewFileKey(), fileContents(size)
	for first := range 12 {
		var encrypted []byte
		for part, err := range k.Parts(bytes.NewReader(plain), size, secretchat.WithPartSize(1<<10)) {
			if must(part, err).Index == first {
				break // the upload fails
			}
			encrypted = append(encrypted, part.Bytes...)
		}
		var sum [sha256.Size]byte
		var done int64
		for part, err := range k.Parts(bytes.NewReader(plain), size, secretchat.WithPartSize(1<<10), secretchat.WithFirstPart(first),
			secretchat.WithSHA256(&sum), secretchat.WithProgress(func(n int64) { done = n })) {
			encrypted = append(encrypted, must(part, err).Bytes...)
		}
		if got := must(io.ReadAll(k.Decrypter(bytes.NewReader(encrypted), size))); !bytes.Equal(got, plain) {
			t.Errorf("resumed at part %d: something else comes out", first)
		}
		if sum != sha256.Sum256(plain) || done != size {
			t.Errorf("resumed at part %d: SHA-256 %x of %d bytes, want %x of %d", first, sum, done, sha256.Sum256(plain), size)
		}
	}
}

// fileStreams starts each kind of stream, to be run by the function returned.
var fileStreams = map[string]func(k *secretchat.FileKey, plain, encrypted []byte, opts ...secretchat.FileOption) error{
	"Encrypter": func(k *secretchat.FileKey, plain, encrypted []byte, opts ...secretchat.FileOption) error {
		w := k.Encrypter(io.Discard, opts...)
		return writeAll(w, plain)
	},
	"EncryptReader": func(k *secretchat.FileKey, plain, encrypted []byte, opts ...secretchat.FileOption) error {
		return readAll(k.EncryptReader(bytes.NewReader(plain), opts...))
	},
	"Decrypter": func(k *secretchat.FileKey, plain, encrypted []byte, opts ...secretchat.FileOption) error {
		return readAll(k.Decrypter(bytes.NewReader(encrypted), int64(len(plain)), opts...))
	},
	"DecryptWriter": func(k *secretchat.FileKey, plain, encrypted []byte, opts ...secretchat.FileOption) error {
		return writeAll(k.DecryptWriter(io.Discard, int64(len(plain)), opts...), encrypted)
	},
	"Parts": func(k *secretchat.FileKey, plain, encrypted []byte, opts ...secretchat.FileOption) error {
		for _, err := range k.Parts(bytes.NewReader(plain), int64(len(plain)), append(opts, secretchat.WithPartSize(1<<10))...) {
			if err != nil {
				return err
			}
		}
		return nil
	},
}

const testChunk = 1 << 10

func writeAll(w io.WriteCloser, b []byte) error {
	for p := range slices.Chunk(b, testChunk) {
		if _, err := w.Write(p); err != nil {
			w.Close()
			return err
		}
	}
	return w.Close()
}

func readAll(r io.Reader) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, make([]byte, testChunk))
	return err
}

func TestFileProgressAndSHA256(t *testing.T) {
	const size = 10<<10 + 5
	k, plain := secretchat.NewFileKey(), fileContents(size)
	encrypted := must(io.ReadAll(k.EncryptReader(bytes.NewReader(plain))))
	for name, run := range fileStreams {
		var calls, last int64
		var sum [sha256.Size]byte
		err := run(k, plain, encrypted, secretchat.WithSHA256(&sum), secretchat.WithProgress(func(done int64) {
			if done < last || done > last+2*testChunk {
				t.Errorf("%s: progress from %d to %d", name, last, done)
			}
			last = done
			calls++
		}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if last != size || calls < size/testChunk {
			t.Errorf("%s: %d reports, last of %d bytes; want about %d, %d", name, calls, last, size/testChunk, size)
		}
		if sum != sha256.Sum256(plain) {
			t.Errorf("%s: SHA-256 %x, want %x", name, sum, sha256.Sum256(plain))
		}
	}
}

func TestFileCancellation(t *testing.T) {
	const size = 10<<10 + 5
	k, plain := secretchat.NewFileKey(), fileContents(size)
	encrypted := must(io.ReadAll(k.EncryptReader(bytes.NewReader(plain))))
	reason := errors.New("the user pressed a button")
	for name, run := range fileStreams {
		ctx, cancel := context.WithCancelCause(t.Context())
		var last int64
		var sum [sha256.Size]byte
		err := run(k, plain, encrypted, secretchat.WithContext(ctx), secretchat.WithSHA256(&sum), secretchat.WithProgress(func(done int64) {
			if last = done; done > size/2 {
				cancel(reason)
			}
		}))
		if err != reason {
			t.Errorf("%s: %v, want the cause of the cancellation", name, err)
		}
		if last > size/2+2*testChunk {
			t.Errorf("%s goes on to %d bytes after it was cancelled", name, last)
		}
		if sum != [sha256.Size]byte{} {
			t.Errorf("%s sets the SHA-256 of an incomplete file", name)
		}
	}
}

// TestFileErrors: errors of the other side come through, and stay.
func TestFileErrors(t *testing.T) {
	k, plain := secretchat.NewFileKey(), fileContents(100_000)
	encrypted := must(io.ReadAll(k.EncryptReader(bytes.NewReader(plain))))
	broken := errors.New("broken")
	failing := func(b []byte) io.Reader {
		return io.MultiReader(bytes.NewReader(b[:len(b)/2]), iotest.ErrReader(broken))
	}

	for name, r := range map[string]io.Reader{
		"EncryptReader": k.EncryptReader(failing(plain)),
		"Decrypter":     k.Decrypter(failing(encrypted), int64(len(plain))),
	} {
		if _, err := io.ReadAll(r); err != broken {
			t.Errorf("%s: %v, want %v", name, err, broken)
		}
		if n, err := r.Read(make([]byte, 100)); n != 0 || err != broken {
			t.Errorf("%s: Read after an error: %d, %v", name, n, err)
		}
	}
	for name, w := range map[string]io.WriteCloser{
		"Encrypter":     k.Encrypter(failingWriter{broken}),
		"DecryptWriter": k.DecryptWriter(failingWriter{broken}, int64(len(plain))),
	} {
		for range 2 {
			if _, err := w.Write(encrypted); err != broken {
				t.Errorf("%s: Write: %v, want %v", name, err, broken)
			}
		}
		if err := w.Close(); err != broken {
			t.Errorf("%s: Close: %v, want %v", name, err, broken)
		}
	}
	for name, w := range map[string]io.WriteCloser{
		"Encrypter":     k.Encrypter(io.Discard),
		"DecryptWriter": k.DecryptWriter(io.Discard, 0),
	} {
		if err := errors.Join(w.Close(), w.Close()); err != nil {
			t.Errorf("%s: Close twice: %v", name, err)
		}
		if n, err := w.Write(make([]byte, 16)); n != 0 || err == nil || err == io.EOF {
			t.Errorf("%s: Write after Close: %d, %v", name, n, err)
		}
	}
	for _, want := range []error{broken, io.ErrUnexpectedEOF} {
		r := failing(plain)
		if want == io.ErrUnexpectedEOF {
			r = bytes.NewReader(plain[:len(plain)-1])
		}
		var last error
		for part, err := range k.Parts(r, int64(len(plain)), secretchat.WithPartSize(1<<10)) {
			if last != nil || (err == nil) == (part.Bytes == nil) {
				t.Errorf("Parts yields %d bytes, %v after %v", len(part.Bytes), err, last)
			}
			last = err
		}
		if last != want {
			t.Errorf("Parts: %v, want %v", last, want)
		}
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// TestLargeFile sends a file that is larger than memory should have to be.
func TestLargeFile(t *testing.T) {
	size := int64(4<<30 + 5)
	if testing.Short() || ige.Backend() == "generic" { // which takes minutes
		size = 64<<20 + 5
	}
	k := secretchat.NewFileKey()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)

	check := &patternWriter{}
	w := k.DecryptWriter(check, size)
	for part, err := range k.Parts(&patternReader{size: size}, size, secretchat.WithMaxParts(1<<20)) {
		if err == nil {
			_, err = w.Write(part.Bytes)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if check.wrong || check.n != size {
		t.Errorf("%d bytes came out, right is %t; want %d", check.n, !check.wrong, size)
	}

	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("a file of %d bytes took %d bytes of memory", size, got)
	}
}

// pattern, over and over, is what large files have in them. Its length has no factor in
// common with a part's.
var pattern = fileContents(65521)

// patternReader is a large file of size bytes.
type patternReader struct{ n, size int64 }

func (r *patternReader) Read(p []byte) (int, error) {
	if r.n == r.size {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), r.size-r.n)], pattern[r.n%int64(len(pattern)):])
	r.n += int64(n)
	return n, nil
}

// patternWriter checks that it is written the same.
type patternWriter struct {
	n     int64
	wrong bool
}

func (w *patternWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		want := pattern[w.n%int64(len(pattern)):]
		n := min(len(rest), len(want))
		w.wrong = w.wrong || !bytes.Equal(rest[:n], want[:n])
		rest, w.n = rest[n:], w.n+int64(n)
	}
	return len(p), nil
}

// silentReader returns neither bytes nor an error, ever.
type silentReader struct{ reads int }

func (r *silentReader) Read([]byte) (int, error) {
	r.reads++
	return 0, nil
}

// TestFileNoProgress: a source that says nothing does not keep a stream busy for ever, and
// the end of a context is seen while it does.
func TestFileNoProgress(t *testing.T) {
	k := secretchat.NewFileKey()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	type stream struct {
		name string
		run  func(r io.Reader, opts ...secretchat.FileOption) error
	}
	for _, s := range []stream{
		{"EncryptReader", func(r io.Reader, opts ...secretchat.FileOption) error {
			_, err := io.ReadAll(k.EncryptReader(r, opts...))
			return err
		}},
		{"Decrypter", func(r io.Reader, opts ...secretchat.FileOption) error {
			_, err := io.ReadAll(k.Decrypter(r, 33, opts...))
			return err
		}},
		{"Decrypter at the end", func(r io.Reader, opts ...secretchat.FileOption) error {
			var file bytes.Buffer
			w := k.Encrypter(&file)
			w.Write(make([]byte, 32))
			w.Close()
			_, err := io.ReadAll(k.Decrypter(io.MultiReader(&file, r), 32, opts...))
			return err
		}},
		{"Parts", func(r io.Reader, opts ...secretchat.FileOption) (err error) {
			for _, err = range k.Parts(r, 33, opts...) {
			}
			return err
		}},
	} {
		r := new(silentReader)
		if err := s.run(r); err != io.ErrNoProgress || r.reads > 1000 {
			t.Errorf("%s: %v after %d reads, want io.ErrNoProgress", s.name, err, r.reads)
		}
		if err := s.run(new(silentReader), secretchat.WithContext(ctx)); err != context.Canceled {
			t.Errorf("%s: %v, want context.Canceled", s.name, err)
		}
	}
}
