#!/usr/bin/env python3
"""Makes files.json out of secret_files.json of the vectors that this project shares with
others, whose directory is the argument. Plaintexts that a hash makes are left out, and of
ciphertexts only the hash is kept. They come from an independent Python reference
(hashlib, AES-ECB), which is not part of this project.
"""

import hashlib
import json
import sys

with open(f"{sys.argv[1]}/secret_files.json") as f:
    shared = json.load(f)["vectors"]


def vector(v):
    key, iv = bytes.fromhex(v["key"]), bytes.fromhex(v["iv"])
    h = hashlib.md5(key + iv).digest()
    fingerprint = int.from_bytes(bytes(a ^ b for a, b in zip(h[:4], h[4:8])), "little", signed=True)
    assert fingerprint == v.get("fingerprint_int32", fingerprint)
    out = {"name": v["name"], "key": v["key"], "iv": v["iv"], "fingerprint": fingerprint}
    if "parts" in v:
        parts = [bytes.fromhex(p["ciphertext"]) for p in v["parts"]]
        out |= {"plaintext": v["plaintext"], "part_size": len(parts[0])}
    else:
        parts = [bytes.fromhex(v["ciphertext"])] if v["ciphertext"] is not None else []
        out |= {"size": v["size"], "plaintext_prf": v["plaintext_prf"], "padding": v["padding"]}
    sum = hashlib.sha256(b"".join(parts)).hexdigest() if parts else v["ciphertext_sha256"]
    assert sum == v.get("ciphertext_sha256", sum)
    return out | {"ciphertext_sha256": sum}


print(json.dumps({"count": len(shared), "vectors": [vector(v) for v in shared]}, indent=1))
