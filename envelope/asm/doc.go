// Package asm holds the generated kernels of package envelope, which run
// AES-256-IGE over one buffer and SHA-256 over another at the same time.
//
// Both are bound by the latency of a chain of instructions, and the chain of IGE
// is the longer one: the hash beside it takes no time, or little. When a
// message is opened, hashed lags behind dst: it points to what was decrypted before.
//
// A call works in chunks of 64 bytes, as many as src has. A chunk is four blocks of
// IGE and, beside them, one block of SHA-256, which is added to the state h: for
// chunk i it is the 64 bytes at hashed + 64*i. The padding of a hash and the choice of
// what is hashed are the caller's.
//
// The kernels with Start and Tail in their names, and Hash, are for what is before and
// after the chunks of a message that is opened: its first 32 bytes, with the expansion of
// the key, its last 16, 32 or 48, and the rest of its hash.
//
// The kernels for sixteen messages have their round keys, states and hashes side by side, in
// the layout that their generator tells. scratch is for a call: nothing in it is read that
// the call has not written. The two tables hashed have the addresses of the halves of the
// first block to be hashed; the others are the chunks themselves.
//
// The kernels check nothing: package envelope is the only caller and has established
// before each call that, for each message,
//
//   - src is a whole number of chunks, at least one, and at most 64 KiB since
//     assembly cannot be preempted, or what Start and Tail say. In the kernels of two
//     messages, both have n bytes. There is at least one block to hash;
//   - dst is at least as long, and is either exactly src or shares no memory
//     with it;
//   - as much can be read at hashed. What a chunk hashes is read while the chunk is
//     written, in no order: it must not overlap that chunk of dst nor one that
//     follows. It may be earlier chunks of dst, so hashed may be &dst[0] - 64 or
//     less;
//   - two messages share no memory that either of them writes; the schedule may be
//     the same. Of sixteen they may share what nobody reads afterwards;
//   - the CPU has the instructions: those that the name of the kernel says, or else AES-NI,
//     SHA-NI and AVX on amd64, and the AES and SHA-256 instructions of ARMv8 on arm64.
//     VAESSHANI is VAES, AVX-512F and AVX-512VL besides. AVX512 is AVX-512F, AVX-512BW and
//     AVX-512VL; VAES512 is VAES besides.
//
// A schedule xk is the 15 round keys of AES-256 of 16 bytes in the byte order of
// FIPS 197, in the order in which the cipher uses them; for decryption that is the
// equivalent inverse cipher of FIPS 197 section 5.3.5. An IGE state is the last
// ciphertext block followed by the last plaintext block. h is the words H_0 … H_7 of
// FIPS 180-4 section 6.2. Kernels replace iv and h by the states after the call,
// so that calls chain.
//
// No kernel branches on, or indexes memory by, anything but lengths.
package asm
