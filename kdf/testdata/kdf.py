#!/usr/bin/env python3
"""Prints the constant of TestAccumulated.

This is the second opinion of package kdf's tests: another language, with the formulas
of MTProto written out over hashlib. Run it anywhere: python3 kdf.py
"""

import hashlib


def sha1(*parts):
    return hashlib.sha1(b"".join(parts)).digest()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def msg_key(k, x, padded):
    return sha256(k[88 + x : 120 + x], padded)[8:24]


def derive(k, x, mk):
    a, b = sha256(mk, k[x : x + 36]), sha256(k[40 + x : 76 + x], mk)
    return a[0:8] + b[8:24] + a[24:32], b[0:8] + a[8:24] + b[24:32]


def msg_key_v1(plaintext):
    return sha1(plaintext)[4:20]


def derive_v1(k, x, mk):
    a = sha1(mk, k[x : x + 32])
    b = sha1(k[32 + x : 48 + x], mk, k[48 + x : 64 + x])
    c = sha1(k[64 + x : 96 + x], mk)
    d = sha1(mk, k[96 + x : 128 + x])
    return a[0:8] + b[8:20] + c[4:16], a[8:20] + b[0:8] + c[16:20] + d[0:8]


class Stream:
    """SHAKE128 of a seed, read on and on."""

    def __init__(self, seed, size):
        self.bytes, self.at = hashlib.shake_128(seed).digest(size), 0

    def read(self, n):
        self.at += n
        assert self.at <= len(self.bytes)
        return self.bytes[self.at - n : self.at]


def accumulated():
    stream = Stream(b"mtcore kdf accumulated", 4_000_000)
    digest = hashlib.sha256()
    for i in range(5_000):
        x = 8 * (i % 2)
        k = stream.read(256)
        padded = stream.read(int.from_bytes(stream.read(2), "little") % 400)
        mk = msg_key(k, x, padded)
        digest.update(mk)
        digest.update(b"".join(derive(k, x, mk)))
        mk = msg_key_v1(padded)
        digest.update(mk)
        digest.update(b"".join(derive_v1(k, x, mk)))
    return digest.hexdigest()


if __name__ == "__main__":
    print(accumulated())
