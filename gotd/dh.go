package gotd

import (
	"bytes"
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

// ErrPrime means that the server named another prime than Telegram's, and
// Options.AllowVerifiedPrime is not set.
var ErrPrime = errors.New("gotd: not the prime of Telegram")

// randomLength is how many random bytes are asked for. Servers send 256, whatever it is.
const randomLength = bigdh.Size

// group asks the server, which is due before every chat, and returns the checked group
// with the server's random bytes.
func (d *dhCache) group(ctx context.Context, m *Manager) (*bigdh.Group, []byte, error) {
	d.mu.Lock()
	last := d.last
	d.mu.Unlock()
	request := &tg.MessagesGetDhConfigRequest{RandomLength: randomLength}
	if last != nil {
		request.Version = last.Version
	}
	answer, err := m.api.MessagesGetDhConfig(ctx, request)
	if err != nil {
		return nil, nil, err
	}
	switch answer := answer.(type) {
	case *tg.MessagesDhConfigNotModified:
		if last == nil {
			return nil, nil, errors.New("gotd: server has not sent the parameters of Diffie–Hellman")
		}
		group, err := m.newGroup(ctx, last.P, last.G)
		return group, answer.Random, err
	case *tg.MessagesDhConfig:
		group, err := m.newGroup(ctx, answer.P, answer.G)
		if err != nil {
			return nil, nil, err
		}
		if err := d.keep(m, &dhRecord{answer.Version, answer.G, answer.P}); err != nil {
			return nil, nil, err
		}
		return group, answer.Random, nil
	default:
		return nil, nil, fmt.Errorf("gotd: unexpected %T", answer)
	}
}

// newGroup returns the group of a prime and a generator, if Options allow the prime.
func (m *Manager) newGroup(ctx context.Context, p []byte, g int) (*bigdh.Group, error) {
	if m.opt.AllowVerifiedPrime {
		return bigdh.NewGroupContext(ctx, p, g)
	}
	group, err := bigdh.Telegram(g)
	if err != nil {
		return nil, err
	}
	if known := group.Prime(); !bytes.Equal(p, known[:]) {
		return nil, ErrPrime
	}
	return group, nil
}

func (d *dhCache) keep(m *Manager, r *dhRecord) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = r
	return m.commit(&tx{[]Change{put([]byte{keyDH}, r)}})
}
