//go:build !(amd64 || arm64) || !gc || purego

package kdf

import "github.com/mtcore/mtcore/internal/impl"

var backends = impl.New("kdf")

func msgKey(m *MsgKey, part *[hashPartSize]byte, padded []byte) { msgKeyStream(m, part, padded) }

func derive(key, iv *[32]byte, part *[96]byte, m *MsgKey) { deriveGeneric(key, iv, part, m) }

func msgKeyBatch(jobs []Job) { msgKeyEach(jobs) }

func deriveBatch(jobs []Job) { deriveEach(jobs) }
