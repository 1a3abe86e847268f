// Package stack makes room on the stack before there are secrets on it.
//
// A goroutine begins with a stack of a few kilobytes. Where a call needs more, the runtime
// copies the stack to a larger one, and leaves the old one behind as it is: with what functions
// had on it that cannot clear it any more. So whoever puts secrets on the stack grows it first,
// by as much as all that it calls will need, the room included that these reserve themselves.
// What this cannot prevent is that the runtime, when it collects garbage in the middle of a
// call, moves the goroutine to a smaller stack.
package stack

// Reserve4K and the functions below grow the stack of the goroutine, if need be, so that so
// many bytes are free after they have returned. That takes a few instructions, as nobody
// touches their frames.
//
//go:noinline
func Reserve4K() { // a function without tables: a message of ige or kdf
	if never {
		var frame [4 << 10]byte
		use(frame[:])
	}
}

//go:noinline
func Reserve8K() { // one that calls such functions
	if never {
		var frame [8 << 10]byte
		use(frame[:])
	}
}

//go:noinline
func Reserve16K() { // a batch of ige or kdf, a power
	if never {
		var frame [16 << 10]byte
		use(frame[:])
	}
}

//go:noinline
func Reserve48K() { // what calls those
	if never {
		var frame [48 << 10]byte
		use(frame[:])
	}
}

// never is a variable, so that the compiler does not know.
var never bool

//go:noinline
func use(b []byte) {
	for i := range b {
		b[i]++
	}
}
