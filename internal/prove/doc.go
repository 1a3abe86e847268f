// Package prove proves that the machine code of kernels computes what their specifications say, for
// all values of keys, ivs, texts and states, and reads and writes nothing else than their contracts
// allow. It has tests only; PROOF.md says what that means.
//
//	go test -v ./internal/prove
package prove
