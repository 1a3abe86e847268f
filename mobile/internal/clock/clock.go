// Package clock tells chats the time. Tests on a JVM, which cannot hand a clock of their own
// through the binding, have it go on without waiting.
package clock

import (
	"sync/atomic"
	"time"
)

var ahead atomic.Int64

// Now returns the time, and how far it was advanced more.
func Now() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }

// Advance has d pass at once.
func Advance(d time.Duration) { ahead.Add(int64(d)) }
