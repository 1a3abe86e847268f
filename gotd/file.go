package gotd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/gotd/td/telegram/uploader"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/secretchat"
)

// ErrNoFile says that media is not of a kind that has a file with a key.
var ErrNoFile = errors.New("gotd: media has no encrypted file")

var errShortFile = errors.New("gotd: file is shorter than its size")

// SendFile encrypts and uploads a file of size bytes, which it reads from r, and sends it
// with a message whose Media is filled in but for Key, Iv and Size. The memory it takes
// does not depend on the size. An upload that was interrupted begins again.
//
// Nothing authenticates files: see secretchat's FileKey.
func (c *Chat) SendFile(ctx context.Context, m *e2e.DecryptedMessage, r io.Reader, size int64) (id int64, err error) {
	layer, err := c.layer()
	if err != nil {
		return 0, err
	}
	if size <= 0 {
		return 0, errors.New("gotd: an empty file cannot be uploaded")
	}
	key := secretchat.NewFileKey()
	defer key.Wipe()
	withFile := *m
	media, err := withKey(m.Media, key, size)
	if err != nil {
		return 0, err
	}
	if _, err := downMedia(layer, media); err != nil {
		return 0, err
	}
	withFile.SetMedia(media)

	encrypted := key.EncryptReader(&sizedReader{r, size}, secretchat.WithContext(ctx))
	// The server gets to know the name, so that there is none.
	upload := uploader.NewUpload("", encrypted, secretchat.EncryptedSize(size))
	file, err := c.m.opt.Uploader.Upload(ctx, upload)
	if err != nil {
		return 0, err
	}
	fingerprint := int(key.Fingerprint())
	switch file := file.(type) {
	case *tg.InputFile:
		return c.sendMessage(withFile, &tg.InputEncryptedFileUploaded{
			ID: file.ID, Parts: file.Parts, MD5Checksum: file.MD5Checksum, KeyFingerprint: fingerprint,
		})
	case *tg.InputFileBig:
		return c.sendMessage(withFile, &tg.InputEncryptedFileBigUploaded{
			ID: file.ID, Parts: file.Parts, KeyFingerprint: fingerprint,
		})
	default:
		return 0, fmt.Errorf("gotd: unexpected %T", file)
	}
}

// Download writes the file of a [Message] to w: media is its Message.Media, file its File. It
// returns secretchat's ErrFileKey or ErrFileSize if they are not of the same file, and
// [ErrNoFile] if there is none. What it has written by then is of no use.
//
// Nothing authenticates files: the server can garble them.
func (m *Manager) Download(ctx context.Context, media e2e.DecryptedMessageMediaClass, file *tg.EncryptedFile, w io.Writer) error {
	rawKey, iv, size, ok := fileOf(media)
	if !ok || file == nil {
		return ErrNoFile
	}
	if err := secretchat.CheckFileSize(size, file.Size); err != nil {
		return err
	}
	key, err := secretchat.ParseFileKey(rawKey, iv, int32(file.KeyFingerprint))
	if err != nil {
		return err
	}
	defer key.Wipe()
	plain := key.DecryptWriter(w, size, secretchat.WithContext(ctx))
	location := &tg.InputEncryptedFileLocation{ID: file.ID, AccessHash: file.AccessHash}
	if _, err := m.opt.Downloader.Download(m.api, location).Stream(ctx, plain); err != nil {
		plain.Close() // which would say that the file is too short
		return err
	}
	return plain.Close()
}

// fileOf returns key, iv and size of a file, from media of any layer.
func fileOf(media e2e.DecryptedMessageMediaClass) (key, iv []byte, size int64, ok bool) {
	switch m := media.(type) {
	case *e2e.DecryptedMessageMediaDocument:
		return m.Key, m.Iv, m.Size, true
	case interface {
		GetKey() []byte
		GetIv() []byte
		GetSize() int
	}:
		return m.GetKey(), m.GetIv(), int64(m.GetSize()), true
	default:
		return nil, nil, 0, false
	}
}

// withKey returns a copy of media that has key, iv and size.
func withKey(media e2e.DecryptedMessageMediaClass, k *secretchat.FileKey, size int64) (e2e.DecryptedMessageMediaClass, error) {
	key, iv := k.Bytes()
	if d, ok := media.(*e2e.DecryptedMessageMediaDocument); ok {
		d := *d
		d.Key, d.Iv, d.Size = key, iv, size
		return &d, nil
	}
	if size > math.MaxInt32 {
		return nil, fmt.Errorf("gotd: %T cannot have %d bytes", media, size)
	}
	switch m := media.(type) {
	case *e2e.DecryptedMessageMediaPhoto:
		p := *m
		p.Key, p.Iv, p.Size = key, iv, int(size)
		return &p, nil
	case *e2e.DecryptedMessageMediaVideo:
		v := *m
		v.Key, v.Iv, v.Size = key, iv, int(size)
		return &v, nil
	case *e2e.DecryptedMessageMediaAudio:
		a := *m
		a.Key, a.Iv, a.Size = key, iv, int(size)
		return &a, nil
	default:
		return nil, ErrNoFile
	}
}

// sizedReader insists on the number of bytes in r.
type sizedReader struct {
	r    io.Reader
	left int64
}

func (s *sizedReader) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	switch {
	case s.left == 0:
		return n, nil
	case err == io.EOF:
		return n, errShortFile
	case errors.Is(err, io.ErrUnexpectedEOF):
		// To gotd's uploader this is a good end.
		return n, fmt.Errorf("gotd: %v", err)
	default:
		return n, err
	}
}
