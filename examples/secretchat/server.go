package main

import (
	"bytes"
	"io"

	"github.com/mtcore/mtcore/secretchat"
)

// server does what Telegram's server does for secret chats: it stores packets and files, of
// which it knows only the length. Its methods are named after Telegram's.
type server struct {
	packets []packet

	parts       bytes.Buffer
	fingerprint int32
}

type packet struct {
	from *client
	data []byte
}

// sendEncrypted is messages.sendEncrypted, or messages.sendEncryptedService if
// packet.Service is set, which makes no difference here. It takes p.RandomID, by which the
// server recognises duplicates.
func (s *server) sendEncrypted(from *client, p secretchat.Packet) {
	s.packets = append(s.packets, packet{from, p.Data})
}

// deliver delivers packets to both sides until there are none left.
func (s *server) deliver(a, b *client) error {
	for len(s.packets) > 0 {
		p := s.packets[0]
		s.packets = s.packets[1:]
		to := a
		if p.from == a {
			to = b
		}
		if err := to.receive(p.data); err != nil {
			return err
		}
	}
	return nil
}

// saveFilePart is upload.saveBigFilePart, if part.Big is set, or else
// upload.saveFilePart.
func (s *server) saveFilePart(part secretchat.FilePart) { s.parts.Write(part.Bytes) }

// uploaded is an InputEncryptedFile.
type uploaded struct {
	parts       int
	fingerprint int32
}

// inputEncryptedFileUploaded makes an uploaded. The constructor is
// inputEncryptedFileBigUploaded if the parts were Big.
func (s *server) inputEncryptedFileUploaded(parts int, fingerprint int32) uploaded {
	return uploaded{parts, fingerprint}
}

// sendEncryptedFile is messages.sendEncryptedFile.
func (s *server) sendEncryptedFile(from *client, p secretchat.Packet, file uploaded) {
	s.fingerprint = file.fingerprint
	s.sendEncrypted(from, p)
}

// download is upload.getFile, called repeatedly, for the encryptedFile that came with a
// message.
func (s *server) download() (r io.Reader, size int64, fingerprint int32) {
	return bytes.NewReader(s.parts.Bytes()), int64(s.parts.Len()), s.fingerprint
}
