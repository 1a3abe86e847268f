#!/usr/bin/env python3
"""Makes packets.json and refused.json out of the vectors that this project shares with
others, whose directory is the argument: one form for all of them, and each key once. What is
in the packets comes from an independent Python reference (hashlib, AES-ECB), which is not
part of this project.
"""

import hashlib
import json
import sys

shared = sys.argv[1]
keys = []


def read(name):
    with open(f"{shared}/{name}.json") as f:
        return json.load(f)["vectors"]


def key(digits):
    if digits not in keys:
        keys.append(digits)
    return keys.index(digits)


def secret(v, version):
    body = bytes.fromhex(v["body"])
    return packet(v, version, "secret", v["key"], len(body).to_bytes(4, "little"), body, v["packet"])


def packet(v, version, layout, auth_key, header, body, packet):
    padding = bytes.fromhex(v["padding"])
    return {
        "name": v["name"],
        "version": version,
        "x": v.get("x", 0),
        "layout": layout,
        "key": key(auth_key),
        "header_length": len(header),
        "body_length": len(body),
        "padding_length": len(padding),
        "plaintext_sha256": hashlib.sha256(header + body + padding).hexdigest(),
        "packet": packet,
    }


def cloud(v):
    header, body = bytes.fromhex(v["header"]), bytes.fromhex(v["body"])
    return packet(v, v["version"], "cloud", v["auth_key"], header + len(body).to_bytes(4, "little"), body, v["packet"])


def bind(v):
    inner = bytes.fromhex(v["inner"])
    header = bytes.fromhex(v["random16"] + v["msg_id"]) + bytes(4) + len(inner).to_bytes(4, "little")
    return packet(v, 1, "cloud", v["perm_key"], header, inner, v["encrypted_message"])


def write(name, description, vectors):
    with open(name, "w") as f:
        head = {"description": description, "keys": keys, "count": len(vectors)}
        f.write(json.dumps(head, indent=1)[:-2] + ',\n "vectors": [\n  ')
        f.write(",\n  ".join(json.dumps(v) for v in vectors) + "\n ]\n}\n")


packets = [secret(v, 2) for v in read("secret_v2")] + [secret(v, 1) for v in read("secret_v1")]
packets += [cloud(v) for v in read("cloud_generated")] + [bind(v) for v in read("bind_temp_auth_key")]
write("packets.json", "packets of all kinds, to be opened and to be sealed again", packets)

keys = []
refused = [
    {
        "name": v["name"],
        "why": v["why"],
        "version": v["version"],
        # Version 1 has one direction only in secret chats.
        "x": 8 if v["version"] == 2 and v["claimed_sender"] == "responder" else 0,
        "key": key(v["key"]),
        "packet": v["packet"],
    }
    for v in read("secret_negative")
]
write("refused.json", "packets of secret chats that must be refused, all with one error", refused)
