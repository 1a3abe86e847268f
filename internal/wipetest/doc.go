// Package wipetest looks for secrets that a function leaves on the stack: keys, round keys
// and plaintexts that were copied there and not cleared.
//
// It works on amd64 only, and not under the race detector and the sanitizers.
package wipetest
