package secretchat

import "github.com/mtcore/mtcore/internal/tl"

// Layers, https://core.telegram.org/api/end-to-end#backward-compatibility.

const (
	// minWrapped is the first layer of decryptedMessageLayer.
	minWrapped = 17
	// minPeer is assumed of a peer that has not told its layer.
	minPeer = 46
)

// layers are those of both sides. They never get lower.
type layers struct {
	own  int // announced to the peer
	peer int
}

// layer returns the layer of what is sent. It is never below 73, though a peer is assumed to
// know less before it has told its layer: all clients understand 73, and what older layers
// lack would be lost from the first messages.
func (l *layers) layer() int { return wrapper(min(l.own, l.peer)) }

// wrapper returns the highest layer up to n that all clients have in common. Telegram for
// iOS stops for good at any other.
func wrapper(n int) int {
	switch {
	case n >= 144:
		return 144
	case n >= 101:
		return 101
	}
	return 73
}

// form returns a text of layer 73 or above in the form of the layer of the chat, which it is to
// be wrapped in: that may have risen since the text was made, and a layer that falls is the end
// with TDLib. It reports whether there is such a form.
func (l *layers) form(text []byte) (form []byte, layer int, ok bool) {
	layer = l.layer()
	switch media := tl.Media(text); {
	case media == tl.Document45 && layer >= 144:
		if form, ok = tl.WithDocument143(text); ok {
			return form, layer, true
		}
		return text, 101, true // It is no document that anybody can read.
	case media == tl.Document143:
		return text, layer, layer >= 144
	}
	return text, layer, true
}

// raise notes a layer that the peer has told, and returns whether it is news.
func (l *layers) raise(peer int) bool {
	if peer <= l.peer {
		return false
	}
	l.peer = peer
	return true
}

// announce tells the peer a layer of ours that is higher than before.
func (s *session) announce(own int) error {
	if own <= s.own {
		return nil
	}
	s.own = own
	return s.post(&tl.Action{ID: tl.NotifyLayer, Layer: int32(own)})
}

// peerLayer notes the layer that m tells, and tells the application if it is news.
func (s *session) peerLayer(m *incoming) {
	layer := m.layer
	if m.is(tl.NotifyLayer) {
		layer = max(layer, int(m.message.Action.Layer))
	}
	if s.raise(layer) {
		s.emit(m, Event{Kind: EventLayer, Layer: s.peer})
	}
}
