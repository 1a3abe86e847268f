package gotd

import "time"

// SetDelays sets the first delay between attempts, and how long a chat that the peer has
// ended waits for what was said before.
func (m *Manager) SetDelays(first, grace time.Duration) { m.delay, m.grace = first, grace }
