"""Names failures that are the same in kind: a message without its numbers, ids and quotes, hashed with where it happened."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from skills.canonical import digest

# Long enough to tell causes apart, short enough that a page of HTML in a message costs nothing.
READ_CHARACTERS = 2_000
KEPT_CHARACTERS = 300

# One pass, leftmost alternative first. Every repetition is over a single character class that its successor
# cannot begin with, so no text makes it look at a character more than a bounded number of times.
_VARYING = re.compile(
    r"""
    (?P<quoted>"[^"]*"|`[^`]*`|(?<!\w)'[^']*'(?!\w))
    |(?P<date>\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:z|[+-]\d\d:?\d\d)?)?)
    |(?P<id>\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[a-z]{2,4}_[0-9a-z]{16,64}\b|\b0x[0-9a-f]+\b|\b[0-9a-f]{12,}\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b)
    |(?P<n>\d+(?:[.,:]\d+)*)
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return the text with everything that varies from case to case replaced by a name for it."""
    printable = text[:READ_CHARACTERS].encode("utf-8", "replace").decode("utf-8").lower()
    replaced = _VARYING.sub(lambda found: f"<{found.lastgroup}>", printable)
    return _SPACE.sub(" ", replaced).strip()[:KEPT_CHARACTERS]


def host_of(target: str) -> str:
    """Return the host a target names, without port: of a URL, of `GET https://…`, of `host:port`; empty for none."""
    words = target.split()
    if not words:
        return ""
    last = words[-1]
    try:
        return (urlsplit(last if "//" in last else f"//{last}").hostname or "").encode("utf-8", "replace").decode("utf-8")
    except ValueError:
        return ""


def grouped_by(*, skill: str, code: str, target: str, message: str) -> dict[str, str]:
    """Return the fields two failures must share to count as the same; the console shows them as "why grouped"."""
    return {"skill": skill, "code": code, "host": host_of(target), "cause": normalise(message)}


def signature_of(*, skill: str, code: str, target: str, message: str) -> str:
    """Return the signature: the digest of what the failure is grouped by."""
    return digest(grouped_by(skill=skill, code=code, target=target, message=message))
