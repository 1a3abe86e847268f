// Package asm holds the generated AES-256-IGE kernels of package ige.
//
// They check nothing: package ige is the only caller and has established
// before each call that
//
//   - src is at least one block long and a whole number of blocks, at most 64
//     KiB since assembly cannot be preempted;
//   - dst is at least as long, and is either exactly src or shares no memory
//     with it;
//   - nr, the number of AES rounds, is 10, 12 or 14 and fits the schedule;
//   - the CPU has the instructions: those that the name of the kernel says, or else AES-NI
//     and AVX on amd64, and the AES instructions of ARMv8 on ARM.
//
// An IGE state is the last ciphertext block followed by the last plaintext
// block; kernels replace iv by the state after the call, so that calls chain.
// A schedule xk is nr+1 round keys of 16 bytes in the byte order of FIPS 197,
// in the order in which the cipher uses them; for decryption that is the
// equivalent inverse cipher of FIPS 197 section 5.3.5.
//
// Batch kernels take several streams through a number of blocks, at least one and at
// most 512, whose keys, state and pointers lie in lanes:
//
//   - keys: round key r of lane j at 960*(j/4) + 64*r + 16*(j%4);
//   - state: the last output block of lane j at 16*j, the last input block at
//     256 + 16*j, both replaced by those after the call;
//   - dst, src: the address of lane j's next block, unchanged.
//
// Lanes share no memory, with one exception: a lane may be a copy of another in all
// respects, and then does the same work.
//
// No kernel branches on, or indexes memory by, anything but lengths and nr.
package asm
