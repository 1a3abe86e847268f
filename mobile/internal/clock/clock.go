// Package clock tells chats the time. Tests on a JVM, which cannot pass a clock of their own
// through the binding, advance it instead of waiting.
package clock

import (
	"sync/atomic"
	"time"
)

var ahead atomic.Int64

// Now returns the time, plus all that it was advanced by.
func Now() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }

// Advance makes d pass at once.
func Advance(d time.Duration) { ahead.Add(int64(d)) }
