package mobile

import (
	"errors"
	"io"
	"os"
	"sync"

	"github.com/mtcore/mtcore/secretchat"
)

// fileBuffer is the number of bytes processed between two calls of a Progress.
const fileBuffer = 256 << 10

var errSameFile = errors.New("mobile: source and destination are the same file")

// FileKey encrypts or decrypts one file of a secret chat with AES-256-IGE. It comes from
// GenerateFileKey or ImportFileKey. Use a new one for every file: under the same key, files
// that begin alike look alike.
//
// Files are not authenticated. Whoever changes one on its way changes what comes out,
// without an error; whatever displays such files must expect anything.
//
// Files are named by path. For an Android file descriptor, such as a document that the user
// picked, the path is "/proc/self/fd/" followed by its number.
type FileKey struct {
	mu  sync.RWMutex        // so that Wipe waits for those who use the key
	key *secretchat.FileKey // nil if the FileKey cannot be used
}

// GenerateFileKey returns a new random key.
func GenerateFileKey() *FileKey { return &FileKey{key: secretchat.NewFileKey()} }

// ImportFileKey returns the key of a received file, from the key and iv in the message, 32
// bytes each. They must match the fingerprint that the server has.
func ImportFileKey(key, iv []byte, fingerprint int32) (*FileKey, error) {
	k, err := secretchat.ParseFileKey(key, iv, fingerprint)
	if err != nil {
		return nil, err
	}
	return &FileKey{key: k}, nil
}

// Export copies the key and the iv, which go into the message, to arrays of 32 bytes each.
func (k *FileKey) Export(key, iv []byte) error {
	return k.use(func() error {
		if err := checkKey(key, iv); err != nil {
			return err
		}
		ownKey, ownIV := k.key.Bytes()
		copy(key, ownKey)
		copy(iv, ownIV)
		clear(ownKey)
		clear(ownIV)
		return nil
	})
}

// Exported returns the key followed by the iv, 64 bytes in all.
func (k *FileKey) Exported() ([]byte, error) {
	return inCopy(make([]byte, KeySize+IVSize), func(both []byte) error {
		return k.Export(both[:KeySize], both[KeySize:])
	})
}

// Fingerprint returns the key_fingerprint that the server is given.
func (k *FileKey) Fingerprint() (fingerprint int32, err error) {
	err = k.use(func() error {
		fingerprint = k.key.Fingerprint()
		return nil
	})
	return fingerprint, err
}

// EncryptFile encrypts the file src to the file dst, which becomes up to 15 bytes longer;
// the receiver has to be told the size of src. If it fails, dst is removed. Progress counts
// bytes of the result and may be null.
func (k *FileKey) EncryptFile(src, dst string, progress Progress) error {
	return k.use(func() error {
		return convertFile(src, dst, func(w io.Writer, r io.Reader, size int64) error {
			return copyFile(w, k.key.EncryptReader(r), secretchat.EncryptedSize(size), progress)
		})
	})
}

// DecryptFile decrypts the file src to the file dst. The size of the result in bytes is
// known from the message. If it fails, dst is removed. Progress counts bytes of the result
// and may be null.
func (k *FileKey) DecryptFile(src, dst string, size int64, progress Progress) error {
	return k.use(func() error {
		return convertFile(src, dst, func(w io.Writer, r io.Reader, encryptedSize int64) error {
			if err := secretchat.CheckFileSize(size, encryptedSize); err != nil {
				return err
			}
			return copyFile(w, k.key.Decrypter(r, size), size, progress)
		})
	})
}

// Wipe erases the key, which is unusable afterwards. It waits for calls in progress.
func (k *FileKey) Wipe() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key != nil {
		k.key.Wipe()
		k.key = nil
	}
}

// use calls f while the key is there.
func (k *FileKey) use(f func() error) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.key == nil {
		return errUnusable
	}
	return f()
}

// convertFile opens two files for convert, and removes dst if that fails.
func convertFile(src, dst string, convert func(w io.Writer, r io.Reader, size int64) error) error {
	r, err := os.Open(src)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return err
	}
	if old, err := os.Stat(dst); err == nil && os.SameFile(info, old) {
		return errSameFile
	}
	w, err := os.Create(dst)
	if err != nil {
		return err
	}
	// Not errors.Join, which would hide an exception of a Progress.
	err = convert(w, r, info.Size())
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(dst)
	}
	return err
}

// copyFile copies total bytes from r to w.
func copyFile(w io.Writer, r io.Reader, total int64, progress Progress) error {
	buf := make([]byte, fileBuffer)
	defer clear(buf)
	var done int64
	for {
		n, readErr := r.Read(buf)
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		done += int64(n)
		if n > 0 {
			if err := report(progress, done, total); err != nil {
				return err
			}
		}
		if readErr == io.EOF {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}
