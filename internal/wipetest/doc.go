// Package wipetest looks for secrets that a function leaves on the stack: keys, round keys
// and plaintexts that were copied there and not cleared.
//
// It knows the stacks of amd64, and not those of the race detector and the sanitizers.
package wipetest
