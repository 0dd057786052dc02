"""Signs what leaves the house: HMAC-SHA-256 in the form of Standard Webhooks, `v1,<base64>`, with keys that can be changed. Pure."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

VERSION = "v1"
SHORTEST_KEY = 32
"""A key has at least so many characters."""


def sign(content: bytes, keys: Iterable[str | bytes]) -> str:
    """Return the signatures of some bytes, one for each key, separated by spaces: while a key is changed, both are there."""
    return " ".join(f"{VERSION},{_signature(content, key)}" for key in keys)


def is_signed(content: bytes, signatures: str, keys: Iterable[str | bytes]) -> bool:
    """Tell whether one of the signatures is by one of the keys. Takes as long for a wrong one as for a right one."""
    wanted = [_signature(content, key) for key in keys]
    found = False
    for each in signatures.split(" "):
        version, _, signature = each.partition(",")
        for right in wanted:
            same = hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), right.encode())
            found = found or (same and version == VERSION)
    return found


def _signature(content: bytes, key: str | bytes) -> str:
    secret = key.encode() if isinstance(key, str) else key
    return b64encode(hmac.new(secret, content, sha256).digest()).decode()
