package gotd_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gotd/log"
	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/secretchat"
)

// logRecorder keeps the errors that are logged with a delay.
type logRecorder struct {
	mu     sync.Mutex
	delays []time.Duration
	errs   []string
}

func (*logRecorder) Enabled(context.Context, log.Level) bool { return true }

func (l *logRecorder) Log(_ context.Context, level log.Level, _ string, attrs ...log.Attr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if level != log.LevelError {
		return
	}
	for _, a := range attrs {
		switch a.Key {
		case "after":
			l.delays = append(l.delays, a.Value.Duration())
		case "error":
			l.errs = append(l.errs, a.Value.String())
		}
	}
}

// TestHandlerErrors: they are logged, and the event comes again after a delay that grows.
func TestHandlerErrors(t *testing.T) {
	logged := new(logRecorder)
	a := newAccepting(t, secretchat.LatestLayer)
	a.logger = logged
	a.restart()
	a.deliverAll()
	want[*gotd.Opened](a)
	failures := 4
	a.handle(func(e gotd.Event) error {
		if _, ok := e.(*gotd.Message); ok && failures > 0 {
			failures--
			return errors.New("out of paper")
		}
		return nil
	})
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "one"})...)
	want[*gotd.Message](a)
	a.end()
	if want := []time.Duration{testDelay, 2 * testDelay, 4 * testDelay, 8 * testDelay}; !slices.Equal(logged.delays, want) {
		t.Errorf("delays were %v, want %v", logged.delays, want)
	}
	if want := slices.Repeat([]string{"out of paper"}, 4); !slices.Equal(logged.errs, want) {
		t.Errorf("logged %q, want %q", logged.errs, want)
	}
}
