package limit

// hashed is what SHA256 hashes in one call: so much that the call does not count, and far
// less than what may not be preempted.
var hashed [64 * 64]byte

// SHA256Available reports whether SHA256 and SHA256Block can run on this CPU.
func SHA256Available() bool { return availableSHA256 }

// SHA256 hashes a message of n blocks by the instructions that the CPU has for SHA-256. It
// is the kernel of package kdf rather than a probe of its own: there is nothing to leave out,
// since each of a block's 64 rounds needs the result of the one before.
func SHA256(n int) {
	var h [8]uint32
	for n > 0 {
		call := min(n, len(hashed)/64)
		hashBlocks(&h, &hashed[0], call)
		n -= call
	}
}

// SHA256Block hashes n times one block, each time from the result of the time before.
func SHA256Block(n int) {
	var h [8]uint32
	for range n {
		hashBlocks(&h, &hashed[0], 1)
	}
}
