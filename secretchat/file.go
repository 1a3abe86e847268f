package secretchat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"iter"
	"math"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
)

// Sizes in bytes, and how many parts may be uploaded.
const (
	DefaultPartSize = 512 << 10 // the largest that Telegram takes
	// SmallFileMax is the size of an encrypted file up to which its parts go to
	// upload.saveFilePart, and beyond which to upload.saveBigFilePart.
	SmallFileMax = 10 << 20
	// DefaultMaxParts is 2000 MiB of the largest parts. Premium accounts may upload twice
	// as many: see WithMaxParts.
	DefaultMaxParts = 4000
)

// What can be wrong with a file because of a peer, a server or the user's disk.
var (
	// ErrFileKey means that the key and iv in a message are not those of the file.
	ErrFileKey = errors.New("secretchat: key and iv of a file do not fit its fingerprint")
	// ErrFileSize means that the length of an encrypted file does not fit the size in the
	// message.
	ErrFileSize = errors.New("secretchat: encrypted file is not as long as its message says")
	// ErrTooManyParts means that a file is larger than what Telegram stores.
	ErrTooManyParts = errors.New("secretchat: file has more parts than can be uploaded")
)

var errStreamClosed = errors.New("secretchat: write to a closed stream")

// FileKey is the key and the iv of one file, and starts the streams that encrypt and
// decrypt it. It prints as REDACTED.
//
// Files in secret chats are encrypted under keys of their own, which have nothing to do
// with the chat's: https://core.telegram.org/api/end-to-end#sending-encrypted-files. The
// whole file, padded with random bytes to whole blocks, is one stream of AES-256-IGE. Key,
// iv and true size travel inside the message; the encrypted file and the fingerprint of its
// key are on the server.
//
// Nothing authenticates a file. The server can garble it from any block on, and nobody
// notices; what it cannot do is choose what comes out instead. Parsers of images and videos
// must expect anything. An app may let its users compare what [WithSHA256] computes.
//
// Another file needs another key: under the same one, files that begin alike look alike. For
// the same contents, methods may be called again, for example after a failure, and by
// several goroutines at once. They panic if the FileKey is zero or wiped.
type FileKey struct {
	key   [ige.KeySize]byte
	iv    [ige.IVSize]byte
	valid bool
}

// NewFileKey returns a random key for a file to be sent.
func NewFileKey() *FileKey {
	k := &FileKey{valid: true}
	rand.Read(k.key[:])
	rand.Read(k.iv[:])
	return k
}

// ParseFileKey returns the key of a file that has been received, from the key and iv in the
// message and the key_fingerprint that the server has for the file. It returns ErrFileKey
// if key or iv is not 32 bytes long, or if they do not match the fingerprint.
func ParseFileKey(key, iv []byte, fingerprint int32) (*FileKey, error) {
	if len(key) != ige.KeySize || len(iv) != ige.IVSize {
		return nil, ErrFileKey
	}
	k := &FileKey{[ige.KeySize]byte(key), [ige.IVSize]byte(iv), true}
	if k.Fingerprint() != fingerprint {
		k.Wipe()
		return nil, ErrFileKey
	}
	return k, nil
}

// Bytes returns copies of the key and the iv, for the message about the file.
func (k *FileKey) Bytes() (key, iv []byte) {
	k.check()
	return append(key, k.key[:]...), append(iv, k.iv[:]...)
}

// Fingerprint returns what the server is told about the key, the key_fingerprint of
// inputEncryptedFileUploaded.
func (k *FileKey) Fingerprint() int32 {
	k.check()
	return kdf.FileFingerprint(&k.key, &k.iv)
}

// Wipe erases the key. Streams that have been started go on.
func (k *FileKey) Wipe() { *k = FileKey{} }

func (k *FileKey) check() {
	if !k.valid {
		panic("secretchat: FileKey is zero or wiped")
	}
}

// EncryptedSize returns the size in bytes of the encrypted file: size rounded up to
// whole blocks of 16. It panics if size is negative or absurd.
func EncryptedSize(size int64) int64 {
	if !validSize(size) {
		panic("secretchat: impossible size of a file")
	}
	return (size + ige.BlockSize - 1) &^ (ige.BlockSize - 1)
}

func validSize(size int64) bool { return 0 <= size && size <= math.MaxInt64-ige.BlockSize }

// CheckFileSize returns ErrFileSize unless an encrypted file of encryptedSize bytes, which is
// what the server says, can be one of size bytes, which is what the message says. It tells
// before a download what [FileKey.Decrypter] would tell at the end of it.
func CheckFileSize(size, encryptedSize int64) error {
	if !validSize(size) || encryptedSize != EncryptedSize(size) {
		return ErrFileSize
	}
	return nil
}

// A FileOption changes what a stream does besides encrypting or decrypting.
type FileOption func(*fileOptions)

type fileOptions struct {
	ctx                           context.Context
	progress                      func(done int64)
	sum                           *[sha256.Size]byte
	partSize, firstPart, maxParts int
}

// WithContext makes the stream fail with the cause of ctx once that is done. It does not
// interrupt a Read or Write of the underlying stream that is under way.
func WithContext(ctx context.Context) FileOption { return func(o *fileOptions) { o.ctx = ctx } }

// WithProgress calls f with the number of bytes of the plain file that are done: after every
// Read, Write or part, on the goroutine that does it. At the end that is the size of the
// file.
func WithProgress(f func(done int64)) FileOption { return func(o *fileOptions) { o.progress = f } }

// WithSHA256 sets sum to the SHA-256 of the plain file if the stream comes to a good end, and
// leaves it alone otherwise. Apps can compare or show it; Telegram has no message that
// carries it.
func WithSHA256(sum *[sha256.Size]byte) FileOption { return func(o *fileOptions) { o.sum = sum } }

// WithPartSize sets the size in bytes of all parts but the last: a power of two from 1 KiB to
// 512 KiB. Like the other options about parts, it has an effect on [FileKey.Parts] alone.
func WithPartSize(n int) FileOption {
	if n < 1<<10 || n > DefaultPartSize || DefaultPartSize%n != 0 {
		panic("secretchat: size of parts is not a power of two from 1 KiB to 512 KiB")
	}
	return func(o *fileOptions) { o.partSize = n }
}

// WithFirstPart has [FileKey.Parts] resume an upload at part n: the parts before it are read
// and encrypted again, to arrive at the same state, but not yielded. The file must be the
// same as before. If it has no part n, everything has been uploaded: nothing is yielded, not
// even an error.
func WithFirstPart(n int) FileOption { return func(o *fileOptions) { o.firstPart = n } }

// WithMaxParts replaces DefaultMaxParts for [FileKey.Parts], for example by
// upload_max_fileparts_premium of the app's configuration, which is 8000.
func WithMaxParts(n int) FileOption { return func(o *fileOptions) { o.maxParts = n } }

// Encrypter returns a writer that encrypts the file written to it and writes the result to
// w. Close pads and writes the last block, and returns an error if not everything has been
// written. It does not close w.
func (k *FileKey) Encrypter(w io.Writer, opts ...FileOption) io.WriteCloser {
	s, mode := k.encrypter(opts)
	return &encryptWriter{s, ige.NewWriter(w, mode)}
}

// EncryptReader returns a reader of the encrypted file, where r reads the plain one, for
// uploaders that want to read. [EncryptedSize] tells how long it is.
func (k *FileKey) EncryptReader(r io.Reader, opts ...FileOption) io.Reader {
	s, mode := k.encrypter(opts)
	return &encryptReader{s, ige.NewReader(&paddingReader{fileStream: s, r: &steadyReader{s.ctx, r}}, mode)}
}

// Decrypter returns a reader of the plain file, where r reads the encrypted one and size is
// what the message says. It reads at most size bytes, and then returns io.EOF if r ends
// there, apart from the padding, or else ErrFileSize.
//
// The plain file is not authenticated: see [FileKey].
func (k *FileKey) Decrypter(r io.Reader, size int64, opts ...FileOption) io.Reader {
	s, mode, encryptedSize := k.decrypter(size, opts)
	src := &exactReader{&steadyReader{s.ctx, r}, encryptedSize}
	return &decryptReader{s, ige.NewReader(src, mode), src}
}

// DecryptWriter is for downloaders that want to write. It returns a writer that decrypts the
// file written to it and writes the plain one, at most size bytes of it, to w. Write returns
// ErrFileSize if there is too much, and Close if something is missing. Close does not close
// w.
func (k *FileKey) DecryptWriter(w io.Writer, size int64, opts ...FileOption) io.WriteCloser {
	s, mode, encryptedSize := k.decrypter(size, opts)
	return &decryptWriter{s, ige.NewWriter(&plainWriter{s, w}, mode), encryptedSize}
}

// FilePart is a part of an encrypted file to be uploaded.
type FilePart struct {
	Index, Total int // file_part and file_total_parts
	// Big tells whether all parts of the file go to upload.saveBigFilePart rather than
	// upload.saveFilePart.
	Big bool
	// Bytes is valid until the next step of the iteration.
	Bytes []byte
}

// Parts encrypts the first size bytes of r and cuts the result into parts to be uploaded, in
// order. If there is an error, it is the last thing yielded: ErrTooManyParts, the error of r
// or, if r is too short, io.ErrUnexpectedEOF. An empty file has no parts, and Telegram
// cannot store it.
//
// All parts share one buffer: copy them to upload several at once.
func (k *FileKey) Parts(r io.Reader, size int64, opts ...FileOption) iter.Seq2[FilePart, error] {
	k.check()
	encryptedSize := EncryptedSize(size)
	return func(yield func(FilePart, error) bool) {
		s, mode := k.encrypter(opts)
		defer s.finish(errStreamClosed)
		s.size = size
		partSize := min(int64(s.partSize), max(encryptedSize, 1))
		total := encryptedSize / partSize
		if encryptedSize%partSize > 0 {
			total++
		}
		if total > int64(s.maxParts) {
			yield(FilePart{}, ErrTooManyParts)
			return
		}
		buf := make([]byte, partSize)
		defer clear(buf)
		for i := range int(total) {
			n, err := s.readPart(buf, r)
			if err != nil {
				yield(FilePart{}, err)
				return
			}
			part := FilePart{Index: i, Total: int(total), Big: encryptedSize > SmallFileMax, Bytes: buf[:n]}
			mode.CryptBlocks(part.Bytes, part.Bytes)
			if i >= s.firstPart && !yield(part, nil) {
				return
			}
			s.report()
		}
		s.finish(io.EOF)
	}
}

// readPart fills buf with the next part, or with the last one and its padding.
func (s *fileStream) readPart(buf []byte, r io.Reader) (n int, err error) {
	if err := s.live(); err != nil {
		return 0, err
	}
	n = int(min(int64(len(buf)), s.size-s.done))
	if _, err := io.ReadFull(&steadyReader{s.ctx, r}, buf[:n]); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	s.count(buf[:n])
	return n + copy(buf[n:], padding(s.done)), nil
}

// steadyReader is a reader for those who read until they have enough: r may return neither
// bytes nor an error only so often in a row, and not after the end of ctx.
type steadyReader struct {
	ctx context.Context
	r   io.Reader
}

// maxEmptyReads is package bufio's.
const maxEmptyReads = 100

func (r *steadyReader) Read(p []byte) (int, error) {
	for range maxEmptyReads {
		if r.ctx.Err() != nil {
			return 0, context.Cause(r.ctx)
		}
		if n, err := r.r.Read(p); n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// fileStream is what all streams have in common.
type fileStream struct {
	fileOptions
	cipher *ige.Cipher
	mode   interface{ Wipe() }
	hash   hash.Hash // of the plain file, if somebody wants it
	size   int64     // of the plain file in bytes, where that is known
	done   int64     // how many of them have been counted
	err    error     // what has ended the stream: io.EOF is good
}

func newFileStream(key *FileKey, opts []FileOption) *fileStream {
	key.check()
	s := &fileStream{fileOptions: fileOptions{
		ctx: context.Background(), partSize: DefaultPartSize, maxParts: DefaultMaxParts,
	}}
	for _, opt := range opts {
		opt(&s.fileOptions)
	}
	if s.sum != nil {
		s.hash = sha256.New()
	}
	c, err := ige.NewCipher(key.key[:])
	if err != nil {
		panic("secretchat: internal error: " + err.Error())
	}
	s.cipher = c
	return s
}

func (k *FileKey) encrypter(opts []FileOption) (*fileStream, *ige.Encrypter) {
	s := newFileStream(k, opts)
	mode := ige.NewEncrypter(s.cipher, &k.iv)
	s.mode = mode
	return s, mode
}

func (k *FileKey) decrypter(size int64, opts []FileOption) (s *fileStream, mode *ige.Decrypter, encryptedSize int64) {
	s = newFileStream(k, opts)
	mode = ige.NewDecrypter(s.cipher, &k.iv)
	s.mode, s.size = mode, size
	if !validSize(size) { // a peer's mistake
		s.finish(ErrFileSize)
		return s, mode, 0
	}
	return s, mode, EncryptedSize(size)
}

// live returns the error, if there is one, for which the stream cannot go on.
func (s *fileStream) live() error {
	if s.err == nil && s.ctx.Err() != nil {
		s.finish(context.Cause(s.ctx))
	}
	return s.err
}

// count takes note of the next bytes of the plain file.
func (s *fileStream) count(p []byte) {
	if s.hash != nil {
		s.hash.Write(p)
	}
	s.done += int64(len(p))
}

func (s *fileStream) report() {
	if s.progress != nil {
		s.progress(s.done)
	}
}

// finish ends the stream, once, and erases its keys. It returns err.
func (s *fileStream) finish(err error) error {
	if s.err != nil {
		return s.err
	}
	if s.err = err; err == io.EOF && s.sum != nil {
		s.hash.Sum(s.sum[:0])
	}
	s.mode.Wipe()
	s.cipher.Wipe()
	return err
}

type encryptWriter struct {
	*fileStream
	w *ige.Writer
}

func (e *encryptWriter) Write(p []byte) (int, error) {
	if err := e.live(); err != nil {
		return 0, writeError(err)
	}
	n, err := e.w.Write(p)
	if err != nil {
		return n, e.finish(err)
	}
	e.count(p)
	e.report()
	return n, nil
}

func (e *encryptWriter) Close() error {
	defer e.w.Close()
	if err := e.live(); err != nil {
		return closeError(err)
	}
	if _, err := e.w.Write(padding(e.done)); err != nil {
		return e.finish(err)
	}
	e.finish(io.EOF)
	return nil
}

// writeError and closeError are what Write and Close of a stream return that err has
// ended.
func writeError(err error) error {
	if err == io.EOF {
		return errStreamClosed
	}
	return err
}

func closeError(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// padding returns what follows size bytes to make whole blocks.
func padding(size int64) []byte {
	pad := make([]byte, EncryptedSize(size)-size)
	rand.Read(pad)
	return pad
}

type encryptReader struct {
	*fileStream
	r *ige.Reader // of a paddingReader
}

func (e *encryptReader) Read(p []byte) (int, error) {
	if err := e.live(); err != nil {
		return 0, err
	}
	n, err := e.r.Read(p)
	if n > 0 {
		e.report()
	}
	if err != nil {
		e.finish(err)
	}
	return n, err
}

// paddingReader is r, whose bytes it counts, followed by the padding.
type paddingReader struct {
	*fileStream
	r     io.Reader
	ended bool   // r has
	pad   []byte // what is left of the padding then
}

func (r *paddingReader) Read(p []byte) (int, error) {
	if !r.ended {
		n, err := r.r.Read(p)
		r.count(p[:n])
		if err == io.EOF {
			r.ended, r.pad, err = true, padding(r.done), nil
		}
		if n > 0 || err != nil || !r.ended {
			return n, err
		}
	}
	if len(r.pad) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.pad)
	r.pad = r.pad[n:]
	return n, nil
}

type decryptReader struct {
	*fileStream
	r   *ige.Reader // of src
	src *exactReader
}

func (d *decryptReader) Read(p []byte) (int, error) {
	if err := d.live(); err != nil {
		return 0, err
	}
	left := d.size - d.done
	if left == 0 {
		return 0, d.finish(d.src.end())
	}
	n, err := d.r.Read(p[:min(int64(len(p)), left)])
	if n > 0 {
		d.count(p[:n])
		d.report()
	}
	if err != nil {
		d.finish(err)
	}
	return n, err
}

// exactReader reads left bytes from r, which must be all that r has.
type exactReader struct {
	r    io.Reader
	left int64
}

func (r *exactReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if err == io.EOF && r.left > 0 {
		err = ErrFileSize
	}
	return n, err
}

// end returns io.EOF if there is nothing more to read.
func (r *exactReader) end() error {
	var b [1]byte
	if n, err := io.ReadFull(r.r, b[:]); n == 0 {
		return err
	}
	return ErrFileSize
}

type decryptWriter struct {
	*fileStream
	w    *ige.Writer // to a plainWriter
	left int64       // of the encrypted file
}

func (d *decryptWriter) Write(p []byte) (int, error) {
	if err := d.live(); err != nil {
		return 0, writeError(err)
	}
	if int64(len(p)) > d.left {
		return 0, d.finish(ErrFileSize)
	}
	n, err := d.w.Write(p)
	if err != nil {
		return n, d.finish(err)
	}
	d.left -= int64(n)
	d.report()
	return n, nil
}

func (d *decryptWriter) Close() error {
	defer d.w.Close()
	if err := d.live(); err != nil {
		return closeError(err)
	}
	if d.left > 0 {
		return d.finish(ErrFileSize)
	}
	d.finish(io.EOF)
	return nil
}

// plainWriter writes to w what is left when the padding is taken off.
type plainWriter struct {
	*fileStream
	w io.Writer
}

func (w *plainWriter) Write(p []byte) (int, error) {
	plain := p[:min(int64(len(p)), w.size-w.done)]
	n, err := w.w.Write(plain)
	w.count(plain[:n])
	if err != nil || n < len(plain) {
		return n, err
	}
	return len(p), nil
}
