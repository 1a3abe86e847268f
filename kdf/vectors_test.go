package kdf

import (
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/vectortest"
)

// hexKey is an authorization key, or nil where the JSON has none.
type hexKey struct{ *AuthKey }

func (k *hexKey) UnmarshalText(text []byte) error {
	k.AuthKey = new(AuthKey)
	if n, err := hex.Decode(k.AuthKey[:], text); err != nil || n != AuthKeySize {
		return errors.New("not an authorization key in hexadecimal digits")
	}
	return nil
}

// messageVector is a message, of which some parts may be missing.
type messageVector struct {
	Name    string
	Version int
	X       int
	Key     hexKey
	KeyID   vectortest.Hex `json:"key_id"`
	// Plaintext is what the hash covers.
	Plaintext vectortest.Hex
	MsgKey    vectortest.Hex `json:"msg_key"`
	AESKey    vectortest.Hex `json:"aes_key"`
	AESIV     vectortest.Hex `json:"aes_iv"`
}

func (v *messageVector) side() Side { return Side(v.X / 8) }

// check computes whatever v has, alone, and returns how much that was.
func (v *messageVector) check(t *testing.T) (checked int) {
	t.Helper()
	k, m := v.Key.AuthKey, MsgKey(v.MsgKey)
	if v.KeyID != nil {
		if got := k.ID(); string(got[:]) != string(v.KeyID) {
			t.Errorf("%s: ID = %x, want %x", v.Name, got, v.KeyID)
		}
		checked++
	}
	if v.Plaintext != nil {
		var got MsgKey
		if v.Version == 1 {
			got = k.MsgKeyV1(v.Plaintext)
		} else {
			got = k.MsgKey(v.side(), v.Plaintext)
			if !k.Verify(v.side(), &m, v.Plaintext) {
				t.Errorf("%s: Verify = false", v.Name)
			}
		}
		if got != m {
			t.Errorf("%s: message key %x, want %x", v.Name, got, m)
		}
		checked++
	}
	if v.AESKey != nil {
		var key, iv [32]byte
		if v.Version == 1 {
			k.DeriveV1(&key, &iv, v.side(), &m)
		} else {
			k.Derive(&key, &iv, v.side(), &m)
		}
		if string(key[:]) != string(v.AESKey) || string(iv[:]) != string(v.AESIV) {
			t.Errorf("%s: key and iv:\n%x %x, want\n%x %x", v.Name, key, iv, v.AESKey, v.AESIV)
		}
		checked++
	}
	return checked
}

// TestVectors has our own vectors, which came about without our code.
func TestVectors(t *testing.T) {
	messages := vectortest.Read[messageVector](t, filepath.Join("testdata", "messages.json"))
	impltest.All(t, backends, func(t *testing.T) {
		var jobs []Job
		for _, v := range messages {
			if got, want := v.check(t), 3; got != want {
				t.Errorf("%s: %d parts, want %d", v.Name, got, want)
			}
			if v.Version == 2 {
				jobs = append(jobs, Job{AuthKey: v.Key.AuthKey, Side: v.side(), Padded: v.Plaintext})
			}
		}

		MsgKeyBatch(jobs)
		DeriveBatch(jobs)
		for _, v := range messages {
			if v.Version != 2 {
				continue
			}
			j := jobs[0]
			if string(j.MsgKey[:]) != string(v.MsgKey) || string(j.Key[:]) != string(v.AESKey) || string(j.IV[:]) != string(v.AESIV) {
				t.Errorf("%s in a batch:\n%x %x %x, want\n%x %x %x", v.Name, j.MsgKey, j.Key, j.IV, v.MsgKey, v.AESKey, v.AESIV)
			}
			jobs = jobs[1:]
		}
	})
}

func TestFileVectors(t *testing.T) {
	type fileVector struct {
		Name        string
		Key, IV     vectortest.Hex
		Fingerprint int32
	}
	for _, v := range vectortest.Read[fileVector](t, filepath.Join("testdata", "files.json")) {
		key, iv := [32]byte(v.Key), [32]byte(v.IV)
		if got := FileFingerprint(&key, &iv); got != v.Fingerprint {
			t.Errorf("%s: FileFingerprint = %d, want %d", v.Name, got, v.Fingerprint)
		}
	}
}

func TestKeyVectors(t *testing.T) {
	type keyVector struct {
		Name          string
		Key           hexKey
		KeyID         vectortest.Hex `json:"key_id"`
		Fingerprint   int64
		Visualization vectortest.Hex
	}
	for _, v := range vectortest.Read[keyVector](t, filepath.Join("testdata", "keys.json")) {
		k := v.Key.AuthKey
		if got := k.ID(); string(got[:]) != string(v.KeyID) {
			t.Errorf("%s: ID = %x, want %x", v.Name, got, v.KeyID)
		}
		if got := k.Fingerprint(); got != v.Fingerprint {
			t.Errorf("%s: Fingerprint = %d, want %d", v.Name, got, v.Fingerprint)
		}
		if got := Visualization(k, k); string(got[:]) != string(v.Visualization) {
			t.Errorf("%s: Visualization = %x, want %x", v.Name, got, v.Visualization)
		}
	}
}

// publishedDir is not part of this repository: see impltest.NeedPublished.
var publishedDir = filepath.Join("..", "..", "shared", "vectors", "published")

// TestPublishedVectors checks against Telegram's documentation, gotd and others.
func TestPublishedVectors(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	impltest.All(t, backends, func(t *testing.T) {
		t.Run("KDF", testPublishedKDF)
		t.Run("messages", testPublishedMessages)
		t.Run("handshake", testPublishedHandshake)
		t.Run("pictures", testPublishedPictures)
	})
}

func testPublishedKDF(t *testing.T) {
	type kdfVector struct {
		messageVector
		Message vectortest.Hex
		KeyID   vectortest.Hex `json:"key_id_last8_sha1"`
	}
	checked := 0
	for _, v := range vectortest.Read[kdfVector](t, filepath.Join(publishedDir, "kdf.json")) {
		if v.KeyID == nil && v.MsgKey == nil {
			continue // about something else
		}
		if v.MsgKey == nil {
			v.MsgKey = make(vectortest.Hex, MsgKeySize)
		}
		v.messageVector.KeyID, v.Plaintext = v.KeyID, v.Message
		checked += v.check(t)
	}
	if checked < 11 {
		t.Errorf("checked %d values, want 11 at least", checked)
	}
}

func testPublishedMessages(t *testing.T) {
	type packetVector struct {
		messageVector
		Data, Padding, Packet vectortest.Hex
	}
	for _, v := range vectortest.Read[packetVector](t, filepath.Join(publishedDir, "cloud_v2_messages.json")) {
		if v.Plaintext == nil {
			v.Plaintext = slices.Concat(v.Data, v.Padding)
		}
		v.Version, v.KeyID = 2, v.Packet[:8]
		v.check(t)
	}
}

func testPublishedHandshake(t *testing.T) {
	type handshakeVector struct {
		Name        string
		NewNonce    vectortest.Hex `json:"new_nonce"`
		ServerNonce vectortest.Hex `json:"server_nonce"`
		Key         vectortest.Hex `json:"tmp_aes_key"`
		IV          vectortest.Hex `json:"tmp_aes_iv"`
		AuthKey     hexKey         `json:"auth_key"`
		KeyID       vectortest.Hex `json:"auth_key_id"`
	}
	for _, file := range []string{"handshake_tmp_keys.json", "handshake_full.json"} {
		checked := 0
		for _, v := range vectortest.Read[handshakeVector](t, filepath.Join(publishedDir, file)) {
			if len(v.NewNonce) != 32 {
				continue // mtcute tests with half a nonce
			}
			checked++
			newNonce, serverNonce := [32]byte(v.NewNonce), [16]byte(v.ServerNonce)
			var key, iv [32]byte
			TempKeys(&key, &iv, &newNonce, &serverNonce)
			if string(key[:]) != string(v.Key) || string(iv[:]) != string(v.IV) {
				t.Errorf("%s: TempKeys:\n%x %x, want\n%x %x", v.Name, key, iv, v.Key, v.IV)
			}
			if v.AuthKey.AuthKey == nil {
				continue
			}
			if got := v.AuthKey.ID(); string(got[:]) != string(v.KeyID) {
				t.Errorf("%s: ID = %x, want %x", v.Name, got, v.KeyID)
			}
		}
		if checked < 3 {
			t.Errorf("%s: checked %d vectors, want 3 at least", file, checked)
		}
	}
}

func testPublishedPictures(t *testing.T) {
	type pictureVector struct {
		Name   string
		Key    vectortest.Hex
		Hash   vectortest.Hex `json:"key_hash_36"`
		Pixels []string       `json:"pixels_12x12"`
		Hex    string         `json:"text_32_bytes_hex"`
	}
	checked := 0
	for _, v := range vectortest.Read[pictureVector](t, filepath.Join(publishedDir, "key_visualization.json")) {
		if v.Hash == nil {
			continue // the emoji of a call
		}
		checked++
		k := AuthKey(v.Key)
		got := Visualization(&k, &k)
		if string(got[:]) != string(v.Hash) {
			t.Errorf("%s: Visualization = %x, want %x", v.Name, got, v.Hash)
		}
		picture := VisualizationImage(got)
		for y, line := range v.Pixels {
			for x, digit := range line {
				if got, want := picture.ColorIndexAt(x, y), byte(digit-'0'); got != want {
					t.Errorf("%s: pixel (%d, %d) = %d, want %d", v.Name, x, y, got, want)
				}
			}
		}
		if got := strings.Join(strings.Fields(VisualizationHex(got)), " "); got != v.Hex {
			t.Errorf("%s: VisualizationHex = %s, want %s", v.Name, got, v.Hex)
		}
	}
	if checked < 3 {
		t.Errorf("checked %d pictures, want 3 at least", checked)
	}
}
