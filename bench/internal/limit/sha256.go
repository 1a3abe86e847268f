package limit

// hashed is what SHA256 hashes in one call: enough that the cost of the call does not matter,
// and far less than what must not run without preemption.
var hashed [64 * 64]byte

// SHA256Available reports whether SHA256 and SHA256Block can run on this CPU.
func SHA256Available() bool { return availableSHA256 }

// SHA256 hashes a message of n blocks with the CPU's instructions for SHA-256. It calls the
// kernel of package kdf rather than a probe of its own: there is nothing to leave out, since
// each of a block's 64 rounds needs the result of the one before.
func SHA256(n int) {
	var h [8]uint32
	for n > 0 {
		call := min(n, len(hashed)/64)
		hashBlocks(&h, &hashed[0], call)
		n -= call
	}
}

// SHA256Block hashes one block n times, each time starting from the previous result.
func SHA256Block(n int) {
	var h [8]uint32
	for range n {
		hashBlocks(&h, &hashed[0], 1)
	}
}
