package secretchat

// Sequence numbers, https://core.telegram.org/api/end-to-end/seq_no.
//
// Both sides count their messages from 0, service messages as well. What is sent is
//
//	out_seq_no = 2·(number of the message)                            + out bit of the sender
//	in_seq_no  = 2·(number of the receiver's messages that were seen) + in bit of the sender
//
//	           in bit  out bit
//	originator    0       1
//	responder     1       0
//
// so that a message of one side cannot be mistaken for one of the other. Both are fixed
// when a message is made, and remain when it is sent again.

// maxNumbers is how many numbers there are: 2·n + 1 must fit an int of TL.
const maxNumbers = 1 << 30

// counters are what is known of the numbers of either side.
type counters struct {
	received int // how many of the peer's messages were processed, in order
	sent     int // how many messages we have made
	acked    int // how many of those the peer has processed, as far as we know
}

func outBit(originator bool) int32 {
	if originator {
		return 1
	}
	return 0
}

func inBit(originator bool) int32 { return 1 - outBit(originator) }

// toWire returns n as it is sent, with bit.
func toWire(n int, bit int32) int32 { return 2*int32(n) + bit }

// fromWire returns the number in wire, which is not valid if it is negative or has
// another bit.
func fromWire(wire, bit int32) (n int, ok bool) {
	return int(wire >> 1), wire >= 0 && wire&1 == bit
}
