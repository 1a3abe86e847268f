package relay

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

const (
	maxPart  = 512 << 10
	maxParts = 4000
	maxSmall = 10 << 20 // beyond it, files are uploaded as big ones
	maxLimit = 1 << 20
)

// upload is a file that arrives in parts.
type upload struct {
	big   bool
	parts map[int][]byte
}

// file is one that has been attached to a message.
type file struct {
	view *tg.EncryptedFile
	data []byte
}

// Tamper flips a bit in the middle of every file, as a server can.
func (s *Server) Tamper() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		f.data[len(f.data)/2] ^= 1
	}
}

func (u *User) saveFilePart(q *tg.UploadSaveFilePartRequest) (bin.Encoder, error) {
	return u.save(q.FileID, q.FilePart, q.Bytes, false)
}

func (u *User) saveBigFilePart(q *tg.UploadSaveBigFilePartRequest) (bin.Encoder, error) {
	if q.FileTotalParts < 1 || q.FileTotalParts > maxParts || q.FilePart >= q.FileTotalParts {
		return nil, tgerr.New(400, tg.ErrFilePartsInvalid)
	}
	return u.save(q.FileID, q.FilePart, q.Bytes, true)
}

func (u *User) save(id int64, part int, data []byte, big bool) (bin.Encoder, error) {
	switch {
	case len(data) == 0:
		return nil, tgerr.New(400, tg.ErrFilePartEmpty)
	case len(data) > maxPart:
		return nil, tgerr.New(400, tg.ErrFilePartTooBig)
	case part < 0 || part >= maxParts:
		return nil, tgerr.New(400, tg.ErrFilePartInvalid)
	}
	up, ok := u.uploads[id]
	if !ok {
		up = &upload{big: big, parts: map[int][]byte{}}
		u.uploads[id] = up
	}
	if up.big != big {
		u.relay.violation("file %d is both big and small", id)
	}
	up.parts[part] = data
	u.transferred += int64(len(data))
	return &tg.BoolTrue{}, nil
}

// attach makes a file of an upload, as sending a message does.
func (u *User) attach(input tg.InputEncryptedFileClass) (tg.EncryptedFileClass, error) {
	switch input := input.(type) {
	case *tg.InputEncryptedFileUploaded:
		return u.assemble(input.ID, input.Parts, input.KeyFingerprint, false, input.MD5Checksum)
	case *tg.InputEncryptedFileBigUploaded:
		return u.assemble(input.ID, input.Parts, input.KeyFingerprint, true, "")
	case *tg.InputEncryptedFile:
		f := u.relay.files[input.ID]
		if f == nil || f.view.AccessHash != input.AccessHash {
			return nil, tgerr.New(400, "FILE_ID_INVALID")
		}
		return f.view, nil
	default:
		return nil, tgerr.New(400, "FILE_EMPTY")
	}
}

func (u *User) assemble(id int64, parts, fingerprint int, big bool, sum string) (tg.EncryptedFileClass, error) {
	up, ok := u.uploads[id]
	if !ok || up.big != big || len(up.parts) != parts {
		return nil, tgerr.New(400, tg.ErrFilePartsInvalid)
	}
	var data []byte
	size := len(up.parts[0])
	for i := range parts {
		part := up.parts[i]
		if i < parts-1 && (len(part) != size || maxPart%size != 0 || size%1024 != 0) || len(part) > size {
			return nil, tgerr.New(400, tg.ErrFilePartSizeInvalid)
		}
		data = append(data, part...)
	}
	if big != (len(data) > maxSmall) || len(data)%16 != 0 {
		u.relay.violation("file of %d bytes, big: %t", len(data), big)
	}
	if got := fmt.Sprintf("%x", md5.Sum(data)); sum != "" && sum != got {
		return nil, tgerr.New(400, "MD5_CHECKSUM_INVALID")
	}
	delete(u.uploads, id)
	var random [16]byte
	rand.Read(random[:])
	f := &file{data: data, view: &tg.EncryptedFile{
		ID:         int64(binary.LittleEndian.Uint64(random[:8])),
		AccessHash: int64(binary.LittleEndian.Uint64(random[8:])),
		Size:       int64(len(data)), DCID: dc, KeyFingerprint: fingerprint,
	}}
	u.relay.files[f.view.ID] = f
	return f.view, nil
}

func (u *User) getFile(q *tg.UploadGetFileRequest) (bin.Encoder, error) {
	location, ok := q.Location.(*tg.InputEncryptedFileLocation)
	if !ok {
		return nil, tgerr.New(400, "LOCATION_INVALID")
	}
	f := u.relay.files[location.ID]
	switch {
	case f == nil || f.view.AccessHash != location.AccessHash:
		return nil, tgerr.New(400, tg.ErrFileIDInvalid)
	case q.Offset < 0 || q.Offset%1024 != 0:
		return nil, tgerr.New(400, "OFFSET_INVALID")
	case q.Limit < 1 || q.Limit > maxLimit || q.Limit%1024 != 0:
		return nil, tgerr.New(400, tg.ErrLimitInvalid)
	}
	from := min(q.Offset, int64(len(f.data)))
	to := min(from+int64(q.Limit), int64(len(f.data)))
	u.transferred += to - from
	return &tg.UploadFile{Type: &tg.StorageFileUnknown{}, Mtime: start, Bytes: f.data[from:to]}, nil
}
