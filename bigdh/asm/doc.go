// Package asm holds the generated Montgomery kernels of package bigdh, and those for half
// the length, of package internal/rsa2048.
//
// Those in radix 2^64 have the same names on every architecture. Others are named after
// the instructions that they need.
//
// They check nothing: these packages are the only callers and have established before
// each call that
//
//   - a modulus is odd and has 2047 or 2048 bits, or 1024, and what belongs to it
//     (inverses, multiples) was computed from it;
//   - numbers are as long as the type of the pointer says and within the bounds that
//     the kernel states;
//   - an output is exactly one of the inputs or shares no memory with them, except
//     where a kernel says otherwise;
//   - an index into a table is below its length;
//   - the CPU has the instructions that the name of the kernel promises.
//
// No kernel branches on, or indexes memory by, anything but lengths and counts; a
// lookup reads its whole table. No call takes longer than 100 µs, since assembly
// cannot be preempted.
package asm
