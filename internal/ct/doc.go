// Package ct checks that compiled code is constant-time: that no branch and no memory
// address depends on a secret. It is for tests of this module's packages on Linux, with the
// build tag valgrind, which makes Go's runtime tell valgrind about its memory:
//
//	make test-ct   # amd64
//	make test-arm  # arm64 and arm, under qemu, as one of several things
//
// There are two ways to do so, and both check the very instructions that users run,
// whether they come from the compiler or from a generator.
//
// [Memcheck] marks the secret as undefined for valgrind, which follows undefined bits
// through every instruction and reports branches and addresses that depend on them
// (Langley, "ctgrind", 2010). One run speaks for all values of the secret, on the path that
// was taken. Valgrind does not support AVX-512, and here it runs on amd64 only.
//
// [Trace] executes the computation instruction by instruction, once for each of a few
// secrets, and compares the instructions and the addresses that they accessed. It handles
// every instruction that the CPU has, but speaks only for the secrets that it was given. On
// amd64 the CPU is told to stop after each instruction; on ARM a plugin of qemu-user, which
// gcc compiles for each test, writes down what is executed.
//
// Neither sees instructions that take longer for some values than for others.
package ct
