package gotd

import (
	"context"
	"errors"
	"sync"
)

// ErrStopped says that [Manager.Run] has returned.
var ErrStopped = errors.New("gotd: manager has stopped")

// updateLimit is how many updates wait for the handler at most. Then gotd has to wait.
const updateLimit = 256

// work is a queue of things to do. Those that come from inside of this package are added
// at once, since they may come from the one who does the work.
type work struct {
	mu      sync.Mutex
	items   []func(context.Context) error
	wake    chan struct{} // has an element if there are items
	updates chan struct{} // an element for each update among the items
	stopped chan struct{}
}

func newWork() work {
	return work{
		wake: make(chan struct{}, 1), updates: make(chan struct{}, updateLimit), stopped: make(chan struct{}),
	}
}

func (w *work) stop() { close(w.stopped) }

func (w *work) add(f func(context.Context) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.items = append(w.items, f)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// addUpdate waits as long as there are too many.
func (w *work) addUpdate(ctx context.Context, f func(context.Context) error) error {
	select {
	case <-w.stopped:
		return ErrStopped
	default:
	}
	select {
	case w.updates <- struct{}{}:
	case <-w.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	w.add(func(ctx context.Context) error {
		<-w.updates
		return f(ctx)
	})
	return nil
}

// next returns the next thing to do, if there is any.
func (w *work) next() (func(context.Context) error, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.items) == 0 {
		return nil, false
	}
	f := w.items[0]
	w.items[0] = nil
	w.items = w.items[1:]
	return f, true
}
