package gotd

import "time"

// SetDelays sets the first delay between attempts, and how long a chat that the peer has
// ended waits for what was said before.
func (m *Manager) SetDelays(first, grace time.Duration) { m.delay, m.grace = first, grace }

// Block has all that needs the chat wait until it is released.
func (c *Chat) Block() (release func()) {
	c.mu.Lock()
	return c.mu.Unlock
}
