package gotd

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/gotd/td/tg"

	"github.com/mtcore/mtcore/bigdh"
)

// dhCache has the last configuration of messages.getDhConfig, so that the server sends the
// prime, and it is checked, only once.
type dhCache struct {
	mu   sync.Mutex
	last *dhRecord
}

// randomLength is how many random bytes are asked for. Servers send 256, whatever it is.
const randomLength = bigdh.Size

// group asks the server, which is due before every chat, and returns the checked group
// with the server's random bytes.
func (d *dhCache) group(ctx context.Context, m *Manager) (*bigdh.Group, []byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	request := &tg.MessagesGetDhConfigRequest{RandomLength: randomLength}
	if d.last != nil {
		request.Version = d.last.Version
	}
	answer, err := m.api.MessagesGetDhConfig(ctx, request)
	if err != nil {
		return nil, nil, err
	}
	switch answer := answer.(type) {
	case *tg.MessagesDhConfigNotModified:
		if d.last == nil {
			return nil, nil, errors.New("gotd: server has not sent the parameters of Diffie–Hellman")
		}
		// From the store, where they were put after a check. It is not worth less now.
		group, err := bigdh.NewGroupContext(ctx, d.last.P, d.last.G)
		return group, answer.Random, err
	case *tg.MessagesDhConfig:
		group, err := bigdh.NewGroupContext(ctx, answer.P, answer.G)
		if err != nil {
			return nil, nil, err
		}
		last := &dhRecord{Version: answer.Version, G: answer.G, P: answer.P}
		if err := m.opt.Store.Commit([]Change{put([]byte{keyDH}, last)}); err != nil {
			return nil, nil, err
		}
		d.last = last
		return group, answer.Random, nil
	default:
		return nil, nil, fmt.Errorf("gotd: unexpected %T", answer)
	}
}
