package peertest

import (
	"encoding/binary"

	"github.com/mtcore/mtcore/internal/tl"
)

// Constructors that package tl does not write.
const (
	idMessage17 = 0x204d3878
	idMessage45 = 0x36b091de
	idMessage73 = 0x91cc4674
	idService8  = 0xaa48327d
	idService17 = 0x73164160
)

// text returns a decryptedMessage in the form of the layer that it is wrapped in.
func (p *Party) text(id int64, ttl uint32, text string) (b []byte) {
	layer := p.layer()
	switch {
	case layer >= 73 || p.NewText:
		b = binary.LittleEndian.AppendUint32(b, idMessage73)
	case layer >= 45:
		b = binary.LittleEndian.AppendUint32(b, idMessage45)
	}
	if b != nil {
		b = append(b, 0, 0, 0, 0) // flags
	} else {
		b = binary.LittleEndian.AppendUint32(b, idMessage17)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(id))
	b = binary.LittleEndian.AppendUint32(b, ttl)
	return appendString(b, text)
}

// appendString appends a string of less than 254 bytes.
func appendString(b []byte, s string) []byte {
	if len(s) >= 254 {
		panic("peertest: string too long")
	}
	b = append(append(b, byte(len(s))), s...)
	return append(b, make([]byte, -len(b)&3)...)
}

// oldService returns a decryptedMessageService#aa48327d.
func oldService(id int64, random []byte, a *tl.Action) []byte {
	b := binary.LittleEndian.AppendUint32(nil, idService8)
	b = binary.LittleEndian.AppendUint64(b, uint64(id))
	b = appendString(b, string(random))
	return append(b, tl.AppendService(nil, id, a)[12:]...) // the action
}

// action returns that of a service message, nil for others.
func action(message []byte) *tl.Action {
	m, err := tl.ParseMessage(message)
	if err != nil || m.Kind != tl.Service && m.Kind != tl.OldService {
		return nil
	}
	return &m.Action
}

// parseText returns what is in a text. What it is followed by, media and so on, is not
// looked at.
func parseText(b []byte) (id int64, text string, ok bool) {
	if len(b) < 24 || binary.LittleEndian.Uint32(b) != idMessage73 && binary.LittleEndian.Uint32(b) != idMessage45 {
		return 0, "", false
	}
	id = int64(binary.LittleEndian.Uint64(b[8:]))
	n := int(b[20])
	if n >= 254 || len(b) < 21+n {
		return id, "", true
	}
	return id, string(b[21 : 21+n]), true
}
