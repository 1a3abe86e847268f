#!/usr/bin/env python3
"""Prints primes.json: safe primes that are not Telegram's, and numbers that someone who
wants to be taken for a safe prime might send.

It takes some minutes, mostly for strong pseudoprimes. Run it anywhere:
python3 bigdh.py > primes.json
"""

import json
import math
import random
import sys

rnd = random.Random(20)
SMALL = [n for n in range(2, 20000) if all(n % d for d in range(2, math.isqrt(n) + 1))]
PRIMORIAL = math.prod(SMALL[1:])


def strong(n, a):
    """Whether n is a strong probable prime to base a."""
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    x = pow(a, d, n)
    if x in (1, n - 1):
        return True
    for _ in range(s - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False


def is_prime(n):
    return (
        math.gcd(n, PRIMORIAL) == 1
        and strong(n, 2)
        and all(strong(n, rnd.randrange(2, n - 1)) for _ in range(40))
    )


def random_prime(bits, low=0b11, condition=lambda n: True):
    """A prime with the two topmost bits and the two lowest bits given."""
    while True:
        n = 0b11 << bits - 2 | rnd.getrandbits(bits - 2) & ~3 | low
        if condition(n) and is_prime(n):
            return n


def digits_of(f, bits):
    """The integer part of 2^bits times a sum of fractions."""
    guard = 64
    return f(1 << bits + guard) >> guard


def pi(one):
    def arctan(x):
        total, term, n = 0, one // x, 1
        while term:
            total += term // n if n % 4 == 1 else -(term // n)
            term, n = term // (x * x), n + 2
        return total

    return 16 * arctan(5) - 4 * arctan(239)


def e(one):
    total, term, n = 0, one, 1
    while term:
        total, term, n = total + term, term // n, n + 1
    return total


def modp2048():  # RFC 3526, group 14
    return 2**2048 - 2**1984 - 1 + 2**64 * (digits_of(pi, 1918) + 124476)


def ffdhe2048():  # RFC 7919
    return 2**2048 - 2**1984 + (digits_of(e, 1918) + 560316) * 2**64 - 1


def legendre(a, p):
    """For a prime a and an odd p, which need not be prime: Jacobi's symbol."""
    a, result = a % p, 1
    while a:
        while a % 2 == 0:
            a //= 2
            if p % 8 in (3, 5):
                result = -result
        a, p = p, a
        if a % 4 == 3 and p % 4 == 3:
            result = -result
        a %= p
    return result if p == 1 else 0


def arnault(bits):
    """A Carmichael number that is a strong pseudoprime to all prime bases it is made for.

    F. Arnault, "Constructing Carmichael numbers which are strong pseudoprimes to
    several bases", 1995: n = p1·p2·p3 with p_i - 1 = k_i·(p1 - 1), so that all p_i - 1
    divide n - 1, and with all bases nonresidues modulo each p_i = 3 mod 4.
    """
    ks = (1, 13, 41)
    bases, modulus, residue = [], 1, 0

    def require(m, condition):
        """Narrows the residue class of p1 by one modulo m; the first that fits."""
        nonlocal modulus, residue
        for r in range(m):
            if condition(r) and (r - residue) % math.gcd(m, modulus) == 0:
                lcm = m * modulus // math.gcd(m, modulus)
                while residue % m != r:
                    residue += modulus
                modulus = lcm
                return True
        return False

    for i in (1, 2):
        k, other = ks[i], ks[3 - i]
        assert require(k, lambda r: (1 + other + other * (r - 1)) % k == 0)
    for a in SMALL[:14]:
        m = 8 if a == 2 else 4 * a
        # Any number congruent to p_i and large enough has the symbol of p_i.
        ps = lambda r: [k * (r - 1) + 1 + m * 41 for k in ks]
        if require(m, lambda r: r % 4 == 3 and all(legendre(a, p) == -1 for p in ps(r))):
            bases.append(a)
    assert len(bases) >= 10

    low, high = (math.floor(2 ** (b / 3 - 600) / math.prod(ks) ** (1 / 3) * 2**53) << 547 for b in (bits - 1, bits))
    while True:
        p1 = rnd.randrange(low, high) // modulus * modulus + residue
        ps = [k * (p1 - 1) + 1 for k in ks]
        n = math.prod(ps)
        if math.gcd(n, PRIMORIAL) != 1 or n.bit_length() != bits:
            continue
        if all(strong(p, 2) for p in ps) and all(is_prime(p) for p in ps):
            assert all(strong(n, a) for a in bases)
            assert all((n - 1) % (p - 1) == 0 for p in ps)
            return n, bases


def main():
    vectors = []

    def add(name, p, safe, note=""):
        assert p.bit_length() == 2048 and p % 4 == 3
        assert safe == (is_prime(p) and is_prime(p // 2))
        print(name, file=sys.stderr)
        vectors.append({"name": name, "p": "%x" % p, "safe": safe, "note": note})

    add("RFC 3526 group 14", modp2048(), True)
    add("RFC 7919 ffdhe2048", ffdhe2048(), True)

    add("prime, half of it random", random_prime(2048), False)
    r, p = random_prime(1023), 0
    while p.bit_length() != 2048 or not is_prime(p):
        s = 0b11 << 1022 | rnd.getrandbits(1022) | 1
        p = 2 * r * s + 1
        if math.gcd(s * p, PRIMORIAL) != 1 or not is_prime(s):
            p = 0
    add("prime, half of it has two prime factors", p, False)
    q = random_prime(2047)
    while is_prime(2 * q + 1) or math.gcd(2 * q + 1, PRIMORIAL) != 1:
        q = random_prime(2047)
    add("half of a number that is not prime is", 2 * q + 1, False)
    r, s = random_prime(1024, 0b11), random_prime(1024, 0b01)
    add("product of two primes", r * s, False)
    likely = lambda r: math.gcd(r * (2 * r - 1), PRIMORIAL) == 1 and strong(2 * r - 1, 2)
    r = random_prime(1023, 0b01, likely)
    add("half is r(2r-1)", 2 * r * (2 * r - 1) + 1, False)
    n, bases = arnault(2047)
    add("half is strong pseudoprime", 2 * n + 1, False, "to bases %s; a Carmichael number" % bases)
    n, bases = arnault(2048)
    add("strong pseudoprime", n, False, "to bases %s; a Carmichael number" % bases)

    print(json.dumps({
        "file": "primes.json",
        "description": "numbers of 2048 bits that are 3 mod 4, and whether they are safe primes",
        "origin": "generated by bigdh.py",
        "count": len(vectors),
        "vectors": vectors,
    }, indent=1))


if __name__ == "__main__":
    main()
