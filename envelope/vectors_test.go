package envelope

import (
	"bytes"
	"crypto/sha256"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/vectortest"
	"github.com/mtcore/mtcore/kdf"
)

// readVectors returns the vectors of a file and its keys.
func readVectors[V any](t *testing.T, file string) (vectors []V, keys []*kdf.AuthKey) {
	t.Helper()
	vectors, all := vectortest.ReadWithKeys[V](t, file)
	for _, key := range all {
		keys = append(keys, (*kdf.AuthKey)(key))
	}
	return vectors, keys
}

type packetVector struct {
	Name    string
	Version Version
	X       int
	Layout  string
	Key     int
	Header  int            `json:"header_length"`
	Body    int            `json:"body_length"`
	Padding int            `json:"padding_length"`
	Hash    vectortest.Hex `json:"plaintext_sha256"` // with the padding
	Packet  vectortest.Hex
}

func (v *packetVector) layout() Layout {
	if v.Layout == "cloud" {
		return CloudChat
	}
	return SecretChat
}

// TestVectors opens packets that came about without our code, and seals them again.
func TestVectors(t *testing.T) {
	vectors, keys := readVectors[packetVector](t, filepath.Join("testdata", "packets.json"))
	impltest.All(t, backends, func(t *testing.T) {
		for _, v := range vectors {
			v.check(t, NewKey(keys[v.Key]))
		}
		checkBatches(t, vectors, keys)
	})
}

func (v *packetVector) check(t *testing.T, k *Key) {
	t.Helper()
	side := kdf.Side(v.X / 8)
	var opened []byte
	var err error
	if v.Version == V1 {
		opened, err = k.OpenV1(nil, side, v.Packet, v.layout())
	} else {
		opened, err = k.Open(nil, side, v.Packet)
	}
	if err != nil {
		t.Errorf("%s: %v", v.Name, err)
		return
	}
	body, err := v.layout().Body(v.Version, opened)
	if err != nil || len(body) != v.Body || &body[0] != &opened[v.Header] {
		t.Errorf("%s: Body has %d bytes, %v, want %d", v.Name, len(body), err, v.Body)
		return
	}

	plaintext := opened[:v.Header+v.Body]
	padding, seal := opened[len(plaintext):], k.seal
	if v.Version == V1 {
		padding, seal = v.paddingV1(k), k.sealV1 // OpenV1 does not tell the padding
	}
	if sealed := seal(nil, side, plaintext, padding); !bytes.Equal(sealed, v.Packet) {
		t.Errorf("%s: sealed again:\n%x, want\n%x", v.Name, sealed, v.Packet)
	}
	hash := sha256.Sum256(slices.Concat(plaintext, padding))
	if !bytes.Equal(hash[:], v.Hash) || len(padding) != v.Padding {
		t.Errorf("%s: another plaintext, with %d bytes of padding, want %d", v.Name, len(padding), v.Padding)
	}
}

// paddingV1 decrypts the packet to see its padding.
func (v *packetVector) paddingV1(k *Key) []byte {
	m := kdf.MsgKey(v.Packet[8:24])
	msg := ige.Message{Dst: make([]byte, len(v.Packet)-HeaderSize), Src: v.Packet[HeaderSize:]}
	k.auth.DeriveV1(&msg.Key, &msg.IV, kdf.Side(v.X/8), &m)
	if err := msg.Decrypt(); err != nil {
		panic(err)
	}
	return msg.Dst[v.Header+v.Body:]
}

// checkBatches opens all packets of MTProto 2.0 at once.
func checkBatches(t *testing.T, vectors []packetVector, keys []*kdf.AuthKey) {
	t.Helper()
	var jobs []Job
	var of []packetVector
	for _, v := range vectors {
		if v.Version == V2 {
			jobs = append(jobs, Job{Key: NewKey(keys[v.Key]), Side: kdf.Side(v.X / 8), Src: v.Packet})
			of = append(of, v)
		}
	}
	if err := OpenBatch(jobs); err != nil {
		t.Errorf("OpenBatch: %v", err)
	}
	for i, j := range jobs {
		if hash := sha256.Sum256(j.Dst); !bytes.Equal(hash[:], of[i].Hash) {
			t.Errorf("%s in a batch: another plaintext", of[i].Name)
		}
	}
}

type refusedVector struct {
	Name, Why string
	Version   Version
	X         int
	Key       int
	Packet    vectortest.Hex
}

// TestRefusedVectors has what a strict receiver refuses: some in Open, and some, with
// a msg_key that is right, in Body.
func TestRefusedVectors(t *testing.T) {
	vectors, keys := readVectors[refusedVector](t, filepath.Join("testdata", "refused.json"))
	impltest.All(t, backends, func(t *testing.T) {
		inBody := 0
		for _, v := range vectors {
			k, side := NewKey(keys[v.Key]), kdf.Side(v.X/8)
			var opened []byte
			var err error
			if v.Version == V1 {
				opened, err = k.OpenV1(nil, side, v.Packet, SecretChat)
			} else {
				jobs := []Job{{Key: k, Side: side, Src: v.Packet}, {Key: k, Side: side, Src: v.Packet}}
				batchErr := OpenBatch(jobs)
				opened, err = k.Open(nil, side, v.Packet)
				if batchErr != err || jobs[1].Err != err {
					t.Errorf("%s: in a batch %v and %v, alone %v", v.Name, batchErr, jobs[1].Err, err)
				}
			}
			if err == nil {
				inBody++
				opened, err = SecretChat.Body(v.Version, opened)
			}
			if opened != nil || err != ErrDecrypt {
				t.Errorf("%s (%s): %d bytes, %v, want %v", v.Name, v.Why, len(opened), err, ErrDecrypt)
			}
		}
		if want := 8; inBody != want {
			t.Errorf("%d were refused in Body, want %d", inBody, want)
		}
	})
}

// publishedDir is not part of this repository: see impltest.NeedPublished.
var publishedDir = filepath.Join("..", "..", "shared", "vectors", "published")

// TestPublishedVectors checks against other projects' cloud chats.
func TestPublishedVectors(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	type cloudVector struct {
		Name                     string
		X                        int
		Key, Packet              vectortest.Hex
		Data, Padding, Plaintext vectortest.Hex
	}
	vectors, _ := readVectors[cloudVector](t, filepath.Join(publishedDir, "cloud_v2_messages.json"))
	impltest.All(t, backends, func(t *testing.T) {
		for _, v := range vectors {
			k, side := NewKey((*kdf.AuthKey)(v.Key)), kdf.Side(v.X/8)
			want := slices.Concat(v.Data, v.Padding)
			if v.Plaintext != nil {
				want = v.Plaintext
			}
			got, err := k.Open(nil, side, v.Packet)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: Open:\n%x, %v, want\n%x", v.Name, got, err, want)
			}
			if sealed := k.seal(nil, side, want, nil); !bytes.Equal(sealed, v.Packet) {
				t.Errorf("%s: seal:\n%x, want\n%x", v.Name, sealed, v.Packet)
			}
			if v.Plaintext == nil {
				continue // no message inside
			}
			if body, err := CloudChat.Body(V2, got); err != nil || len(body) == 0 {
				t.Errorf("%s: Body: %d bytes, %v", v.Name, len(body), err)
			}
		}
	})
}
