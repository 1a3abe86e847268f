package gotd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/gotd/td/telegram/uploader"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/secretchat"
)

// ErrNoFile says that media is not of a kind that has a file with a key.
var ErrNoFile = errors.New("gotd: media has no encrypted file")

var (
	errShortFile = errors.New("gotd: file is shorter than its size")
	errEmptyFile = errors.New("gotd: an empty file cannot be uploaded")
	errReadOnce  = errors.New("gotd: the reader of the file has been used")
)

// File is what is to be sent as the file of a message. It is read, encrypted and uploaded
// in parts, in memory that does not depend on its size.
//
// If that fails, sending the same File again goes on where it was: what the server has is
// not sent a second time. Without resuming, a key is used once.
//
// An upload that was not finished ends with the process. Its key is nowhere but in memory, and
// there is no message yet that could wait for it; the server does not say how long it keeps
// parts; and since nothing authenticates files, nobody would notice that one has changed in
// between, half of whose parts are there. Once [Chat.SendFile] or [Builder.Media] has returned,
// all of it is in the [Store].
//
// Nothing authenticates files: see secretchat's FileKey.
type File struct {
	name string
	size int64
	open func() (io.ReadCloser, error)

	mu    sync.Mutex // during an upload
	begun *upload    // and of which nothing was sent yet, or nil
	// Of a file that the server has already:
	key    *secretchat.FileKey
	stored *tg.EncryptedFile
}

// upload is one that was begun. It becomes the file of one message.
type upload struct {
	key *secretchat.FileKey
	id  int64

	mu    sync.Mutex   // held for moments, by the threads of the upload
	parts map[int]bool // that the server has
}

// FromPath returns the file at a path, which is opened when it is needed.
func FromPath(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &File{name: filepath.Base(path), size: info.Size(), open: func() (io.ReadCloser, error) {
		return os.Open(path)
	}}, nil
}

// FromBytes returns a file with this name and content.
func FromBytes(name string, content []byte) *File {
	return &File{name: name, size: int64(len(content)), open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

// FromReader returns a file of size bytes that are read from r, if possible from where it
// is now: an [io.Seeker] is needed to send it again.
func FromReader(name string, r io.Reader, size int64) *File {
	used := false
	seeker, _ := r.(io.Seeker)
	var start int64
	return &File{name: name, size: size, open: func() (io.ReadCloser, error) {
		if seeker == nil {
			if used {
				return nil, errReadOnce
			}
			used = true
			return io.NopCloser(r), nil
		}
		if !used {
			var err error
			if start, err = seeker.Seek(0, io.SeekCurrent); err != nil {
				return nil, err
			}
			used = true
		}
		_, err := seeker.Seek(start, io.SeekStart)
		return io.NopCloser(r), err
	}}
}

// Stored returns a file that is on the server: that of a [Message] which was received, or of
// one that was sent, with [Sent].File. It is not uploaded again, and keeps its key, so
// that the server sees that it is the same.
func Stored(media e2e.DecryptedMessageMediaClass, file *tg.EncryptedFile) (*File, error) {
	key, iv, size, ok := fileOf(media)
	if !ok || file == nil {
		return nil, ErrNoFile
	}
	k, err := secretchat.ParseFileKey(key, iv, int32(file.KeyFingerprint))
	if err != nil {
		return nil, err
	}
	return &File{name: NameOf(media), size: size, key: k, stored: file}, nil
}

// Name returns the name of the file, which may be empty.
func (f *File) Name() string { return f.name }

// Size returns how many bytes it has.
func (f *File) Size() int64 { return f.size }

// SendFile uploads a file, unless the server has it, and sends it with a message whose Media
// is filled in but for Key, Iv and Size. If the chat ends meanwhile it returns [ErrNotOpen].
func (c *Chat) SendFile(ctx context.Context, m *e2e.DecryptedMessage, f *File) (id int64, err error) {
	sent, err := c.sendFiles(ctx, nil, attachment{m, f})
	if err != nil {
		return 0, err
	}
	return sent[0].RandomID, nil
}

// attachment is a message with a file, or with none.
type attachment struct {
	message *e2e.DecryptedMessage
	file    *File
}

// sendFiles uploads files and sends the messages, as they are returned.
func (c *Chat) sendFiles(ctx context.Context, progress func(sent, total int64), list ...attachment) ([]*e2e.DecryptedMessage, error) {
	if c.State() != StateOpen {
		return nil, ErrNotOpen
	}
	until, cancel := c.untilEnd(ctx)
	defer cancel()
	var total, before int64
	for _, a := range list {
		if a.file != nil {
			total += a.file.size
		}
	}
	messages := make([]outgoing, len(list))
	uploads := make([]*upload, len(list))
	sending := false
	defer func() {
		for i, up := range uploads {
			if up != nil {
				list[i].file.end(up, sending)
			}
		}
	}()
	for i, a := range list {
		messages[i].message = *a.message
		if a.file == nil {
			continue
		}
		input, media, up, err := c.upload(until, a, func(sent int64) {
			if progress != nil {
				progress(before+min(sent, a.file.size), total)
			}
		})
		if err != nil {
			return nil, c.whyCanceled(ctx, err)
		}
		messages[i].message.Media, messages[i].file, uploads[i] = media, input, up
		before += a.file.size
	}
	ids, err := c.sendMessages(messages...)
	if err != nil {
		return nil, err
	}
	sending = true
	sent := make([]*e2e.DecryptedMessage, len(list))
	for i := range messages {
		m := messages[i].message
		m.RandomID = ids[i]
		sent[i] = &m
	}
	return sent, nil
}

// end is the end of an upload: a message with it is being sent, or it is still to be gone on
// with, unless another was begun meanwhile.
func (f *File) end(up *upload, sending bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !sending && f.begun == nil {
		f.begun = up
		return
	}
	up.key.Wipe()
}

// upload returns what the server is to be told of the file, and the media with its key. The
// upload, if there is one, is the caller's: who sends the same file at the same time begins
// another.
func (c *Chat) upload(ctx context.Context, a attachment, progress func(int64)) (tg.InputEncryptedFileClass, e2e.DecryptedMessageMediaClass, *upload, error) {
	f := a.file
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.size <= 0 {
		return nil, nil, nil, errEmptyFile
	}
	key := f.key
	if f.stored == nil {
		if f.begun == nil {
			f.begun = &upload{key: secretchat.NewFileKey(), id: randomID(), parts: map[int]bool{}}
		}
		key = f.begun.key
	}
	media, err := withKey(a.message.Media, key, f.size)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := c.fits(media); err != nil {
		return nil, nil, nil, err
	}
	if f.stored != nil {
		progress(f.size)
		return &tg.InputEncryptedFile{ID: f.stored.ID, AccessHash: f.stored.AccessHash}, media, nil, nil
	}
	input, err := c.uploadParts(ctx, f, progress)
	if err != nil {
		return nil, nil, nil, err
	}
	up := f.begun
	f.begun = nil
	return input, media, up, nil
}

// uploadParts sends the server what it does not have yet.
func (c *Chat) uploadParts(ctx context.Context, f *File, progress func(int64)) (tg.InputEncryptedFileClass, error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	up := f.begun
	size := secretchat.EncryptedSize(f.size)
	part := partSize(size)
	encrypted := up.key.EncryptReader(&sizedReader{r, f.size}, secretchat.WithContext(ctx))
	// The server gets to know the name, so that there is none.
	file, err := uploader.NewUploader(&partsClient{c, up, (size - 1) / int64(part), progress, 0}).
		WithPartSize(part).
		WithThreads(c.m.opt.UploadThreads).
		WithIDGenerator(func() (int64, error) { return up.id, nil }).
		Upload(ctx, uploader.NewUpload("", encrypted, size))
	if err != nil {
		return nil, err
	}
	fingerprint := int(up.key.Fingerprint())
	switch file := file.(type) {
	case *tg.InputFile:
		return &tg.InputEncryptedFileUploaded{
			ID: file.ID, Parts: file.Parts, MD5Checksum: file.MD5Checksum, KeyFingerprint: fingerprint,
		}, nil
	case *tg.InputFileBig:
		return &tg.InputEncryptedFileBigUploaded{
			ID: file.ID, Parts: file.Parts, KeyFingerprint: fingerprint,
		}, nil
	default:
		return nil, fmt.Errorf("gotd: unexpected %T", file)
	}
}

// partSize is how long the parts of a file are, but for the last: short ones, for progress
// and for what is to be sent again, unless the server would not take so many.
func partSize(total int64) int {
	const maxParts = 4000
	size := 128 << 10
	for size < uploader.MaximumPartSize && total > int64(size)*maxParts {
		size *= 2
	}
	return size
}

// fits is an error if the peer's client cannot take media.
func (c *Chat) fits(media e2e.DecryptedMessageMediaClass) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil {
		return ErrNotOpen
	}
	_, err := downMedia(c.chat.Layer(), media)
	return err
}

// partsClient is what gotd's uploader sends parts by. It does not send those that the
// server has: the stream from which they come is always the same but for the padding in
// the last, which is sent each time.
type partsClient struct {
	c        *Chat
	up       *upload
	last     int64 // its number
	progress func(int64)
	sent     int64
}

var _ uploader.Client = (*partsClient)(nil)

func (p *partsClient) UploadSaveFilePart(ctx context.Context, q *tg.UploadSaveFilePartRequest) (bool, error) {
	return p.part(ctx, q.FilePart, len(q.Bytes), func(ctx context.Context) (bool, error) {
		return p.c.m.api.UploadSaveFilePart(ctx, q)
	})
}

func (p *partsClient) UploadSaveBigFilePart(ctx context.Context, q *tg.UploadSaveBigFilePartRequest) (bool, error) {
	return p.part(ctx, q.FilePart, len(q.Bytes), func(ctx context.Context) (bool, error) {
		return p.c.m.api.UploadSaveBigFilePart(ctx, q)
	})
}

func (p *partsClient) part(ctx context.Context, number, size int, send func(ctx context.Context) (bool, error)) (bool, error) {
	p.up.mu.Lock()
	has := p.up.parts[number]
	p.up.mu.Unlock()
	if !has {
		var ok bool
		err := p.c.during(ctx, func(ctx context.Context) (err error) {
			ok, err = send(ctx)
			return err
		})
		if err != nil || !ok {
			return ok, err
		}
	}
	p.up.mu.Lock()
	defer p.up.mu.Unlock()
	if int64(number) < p.last {
		p.up.parts[number] = true
	}
	p.sent += int64(size)
	p.progress(p.sent)
	return true, nil
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

// Download writes the file of the message to w: see [Manager.Download].
func (m *Message) Download(ctx context.Context, w io.Writer) error {
	return m.Chat.m.Download(ctx, m.Message.Media, m.File, w)
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
