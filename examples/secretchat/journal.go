package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"

	"github.com/mtcore/mtcore/secretchat"
)

// journal is a Store of one chat in a file, for apps without a database. A commit is
// appended, as
//
//	length(4) || CRC-32C(4) || what follows, for each change:
//	length of the key(4) || key || length of the value, or -1(4) || value
//
// so it costs only what has changed. A commit that a crash has cut off does not count, which
// makes commits atomic. When the file has grown to several times its contents, it is
// rewritten. Everything secret is sealed.
type journal struct {
	path    string
	file    *os.File
	records map[string][]byte
	size    int64 // of the file
	live    int64 // its size when it was last rewritten
	failed  error // of a commit
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openJournal reads the journal at path, or creates it.
func openJournal(path string) (*journal, error) {
	j := &journal{path: path, records: map[string][]byte{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return nil, err
	}
	for rest := data; ; {
		commit, after, ok := cutCommit(rest)
		if !ok {
			break // the end, or a commit that was cut off
		}
		for _, c := range commit {
			j.apply(c)
		}
		rest = after
		j.size = int64(len(data) - len(rest))
	}
	j.live = j.size
	return j, j.open()
}

// open opens the file for appending after the last complete commit.
func (j *journal) open() (err error) {
	if err := j.close(); err != nil {
		return err
	}
	if j.file, err = os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	_, err = j.file.Seek(j.size, io.SeekStart)
	return err
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

func (j *journal) apply(c secretchat.Change) {
	if c.Value == nil {
		delete(j.records, string(c.Key))
	} else {
		j.records[string(c.Key)] = bytes.Clone(c.Value)
	}
}

// Commit implements secretchat.Store. After an error, nobody knows what is on the disk, so the
// journal has to be opened again before a chat is restored from it.
func (j *journal) Commit(_ int64, changes []secretchat.Change) error {
	if j.failed == nil {
		j.failed = j.commit(changes)
	}
	return j.failed
}

func (j *journal) commit(changes []secretchat.Change) error {
	for _, c := range changes {
		j.apply(c)
	}
	if len(j.records) == 0 { // The chat is discarded.
		if j.file == nil {
			return nil
		}
		err := errors.Join(j.close(), os.Remove(j.path))
		j.size, j.live = 0, 0
		return err
	}
	if j.file == nil || j.size > 1<<20+4*j.live {
		return j.rewrite()
	}
	commit := appendCommit(nil, changes)
	if _, err := j.file.Write(commit); err != nil {
		return err
	}
	j.size += int64(len(commit))
	return j.file.Sync()
}

// rewrite replaces the file atomically: whoever opens it finds the old one or the new one.
func (j *journal) rewrite() error {
	var changes []secretchat.Change
	for key, value := range j.records {
		changes = append(changes, secretchat.Change{Key: []byte(key), Value: value})
	}
	commit := appendCommit(nil, changes)
	f, err := os.OpenFile(j.path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(commit)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	// To survive a power failure, the directory has to be synced too, on most systems.
	if err := os.Rename(f.Name(), j.path); err != nil {
		return err
	}
	j.size = int64(len(commit))
	j.live = j.size
	return j.open()
}

// all yields all records, as secretchat.Restore expects them, or none if a commit has failed.
func (j *journal) all(yield func(key, value []byte) bool) {
	if j.failed != nil {
		return
	}
	for key, value := range j.records {
		if !yield([]byte(key), value) {
			return
		}
	}
}

func appendCommit(b []byte, changes []secretchat.Change) []byte {
	const head = 8
	start := len(b)
	b = append(b, make([]byte, head)...)
	for _, c := range changes {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(c.Key)))
		b = append(b, c.Key...)
		if c.Value == nil {
			b = binary.LittleEndian.AppendUint32(b, 1<<32-1)
			continue
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(c.Value)))
		b = append(b, c.Value...)
	}
	body := b[start+head:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.Checksum(body, castagnoli))
	return b
}

// cutCommit returns the commit at the beginning of b, and what follows it, or false if the
// commit is not complete.
func cutCommit(b []byte) (changes []secretchat.Change, rest []byte, ok bool) {
	body, rest, ok := cut(b, 4)
	if !ok || crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, nil, false
	}
	for len(body) > 0 {
		var c secretchat.Change
		if c.Key, body, ok = cut(body, 0); !ok {
			return nil, nil, false
		}
		if len(body) >= 4 && binary.LittleEndian.Uint32(body) == 1<<32-1 {
			body = body[4:]
		} else if c.Value, body, ok = cut(body, 0); !ok {
			return nil, nil, false
		}
		changes = append(changes, c)
	}
	return changes, rest, true
}

// cut returns the string at the beginning of b, after its length and skip more bytes.
func cut(b []byte, skip int) (s, rest []byte, ok bool) {
	if len(b) < 4+skip {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	b = b[4+skip:]
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}
