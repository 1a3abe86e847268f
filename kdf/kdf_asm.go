//go:build (amd64 || arm64) && gc && !purego

package kdf

// msgKey sets m to SHA256(part || padded)[8:24].
func msgKey(m *MsgKey, part *[hashPartSize]byte, padded []byte) {
	if !useSHA {
		msgKeyStream(m, part, padded)
		return
	}
	var l lane
	l.start(part, padded)
	l.finish(padded)
	l.msgKey(m)
	l.wipe()
}

// derive sets key and iv from m and part, the authorization key from byte x on.
func derive(key, iv *[32]byte, part *[96]byte, m *MsgKey) {
	if !useSHA {
		deriveGeneric(key, iv, part, m)
		return
	}
	deriveSHA(key, iv, part, m)
}

func msgKeyBatch(jobs []Job) {
	if !useSHA {
		msgKeyEach(jobs)
		return
	}
	msgKeyBatchSHA(jobs)
}

func deriveBatch(jobs []Job) {
	if !useSHA {
		deriveEach(jobs)
		return
	}
	deriveBatchSHA(jobs)
}
