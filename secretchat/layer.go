package secretchat

import "github.com/mtcore/mtcore/internal/tl"

// Layers, https://core.telegram.org/api/end-to-end#backward-compatibility.

const (
	// minWrapped is the first layer of decryptedMessageLayer.
	minWrapped = 17
	// layerV2 is the first layer that stands for MTProto 2.0.
	layerV2 = 73
)

// layers are those of both sides. They never get lower.
type layers struct {
	own  int // announced to the peer
	peer int
}

// layer returns the layer of what is sent.
func (l *layers) layer() int { return max(MinLayer, min(l.own, l.peer)) }

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

func (s *session) onNotifyLayer(m *incoming) error {
	s.peerLayer(m, int(m.message.Action.Layer))
	return nil
}

// peerLayer notes a layer that m has told, and tells the application if it is news.
func (s *session) peerLayer(m *incoming, layer int) {
	if s.raise(layer) {
		s.emit(m, Event{Kind: EventLayer, Layer: s.peer})
	}
}
