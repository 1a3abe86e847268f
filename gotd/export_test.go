package gotd

import "time"

// SetDelays sets the first delay between attempts, and how long a chat that the peer has
// ended waits for what was said before.
func (m *Manager) SetDelays(first, grace time.Duration) { m.delay, m.grace = first, grace }

// SetEarlyLimit sets how many bytes of messages wait for a chat to be accepted.
func (m *Manager) SetEarlyLimit(n int) { m.earlyLimit = n }

// Tick has the chat look at the time, as the manager's clock does.
func (c *Chat) Tick(now time.Time) error { return c.tick(now) }

// Waiting reports whether the clock looks at the chat more often than once an hour.
func (c *Chat) Waiting() bool { return c.waiting.Load() }

// Loaded returns how many bytes of messages are in memory, waiting for their turn.
func (c *Chat) Loaded() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.loaded
}

// Block has all that needs the chat wait until it is released.
func (c *Chat) Block() (release func()) {
	c.mu.Lock()
	return c.mu.Unlock
}

// Ended has the chat hear of its end, from the peer or from the server.
func (c *Chat) Ended(by ClosedBy, historyDeleted bool) error {
	return c.ended(nil, closing{By: by, HistoryDeleted: historyDeleted, Told: true})
}
