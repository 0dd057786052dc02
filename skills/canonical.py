"""Canonical JSON (RFC 8785) and the one digest every hash and signature in AOS is made with."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import rfc8785

_LARGEST_EXACT = 2**53 - 1


def canonical_json(value: Any) -> bytes:
    """Return the RFC 8785 form of a JSON value.

    Numbers JSON cannot carry exactly (integers beyond 2^53, NaN, infinities) are written as strings, so that
    whatever an upstream answered can be hashed. Raises rfc8785.CanonicalizationError for other Python types.
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError:
        return rfc8785.dumps(_exact(value))


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_EXACT:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
