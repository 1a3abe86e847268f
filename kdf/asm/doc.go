// Package asm holds the generated SHA-256 kernels of package kdf.
//
// They check nothing: package kdf is the only caller and has established before
// each call that
//
//   - there is at least one block to hash, and at most 64 KiB in all since assembly
//     cannot be preempted;
//   - of an authorization key, given from byte 0 or 8 on, 96 bytes can be read;
//   - states share no memory with each other or with blocks, nor do the outputs of a
//     derivation with each other. They may with its inputs, which have been read when
//     the first output is written. A kernel for many lanes may be given the same work
//     twice, outputs included, for lanes that have none of their own;
//   - the CPU has the instructions: those that the name of the kernel says, or else SHA-NI
//     and AVX on amd64, and the SHA-256 instructions of ARMv8 on arm64.
//
// A state is the eight words a … h of FIPS 180-4, and a block is 64 bytes, padding
// included. A kernel for two hashes, or sixteen, takes them side by side, in the same
// number of blocks.
//
// No kernel branches on, or indexes memory by, anything but numbers of blocks.
package asm
