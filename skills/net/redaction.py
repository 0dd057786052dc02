"""Takes secrets out of text and JSON: known ones in every spelling an upstream may echo them in, unknown ones by their look."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"

# Shorter values are found in ordinary text by chance; masking them would destroy results and hide nothing.
MIN_LENGTH = 4


class Redactor:
    """Knows the secrets of one call and masks them wherever they come out."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelling for secret in secrets if len(secret) >= MIN_LENGTH for spelling in spellings_of(secret)}
        self._spellings = sorted(spellings, key=len, reverse=True)

    def text(self, text: str) -> str:
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return text

    def value(self, value: Any) -> Any:
        """Return a JSON value with every string in it masked, keys included."""
        if not self._spellings:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        return value


def spellings_of(secret: str) -> set[str]:
    """Return a secret as it is, URL-escaped, JSON-escaped and in both base64 alphabets."""
    raw = secret.encode("utf-8", "surrogatepass")
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    escaped = {quote(raw, safe=""), quote(raw), quote_plus(raw), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret} | escaped | encoded | {form.rstrip("=") for form in encoded}


# Whatever these are said to be is secret: `password=…`, `"api_key": "…"`, `client_secret%3D…`, `<token>…`.
_NAMES = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|credential|api[_-]?key|(?:access|secret|private|signing|encryption|account|shared|auth)[_-]?key"
    r"|(?:access|refresh|id|auth|session|bearer|csrf|xsrf|security|bot|api)[_-]?token|session[_-]?id)[\w-]{0,30}"
)
_IS = r"(?:\\?[\"'])?\s{0,4}(?:[=:>]|%3[ad])\s{0,4}"
_QUOTED = "|".join(
    rf"""{quote}(?:[^{quote}\\]|\\.)*+(?:{quote}|\\?\Z)|\\{quote}(?:[^{quote}\\]|\\[^{quote}])*+(?:\\?{quote}|\\?\Z)""" for quote in "\"'"
)
# What stands right behind a quotation belongs to it, up to where something else may begin; a mask that stands before that is
# the whole of a value.
_TAIL = r"""[^\s,;)}\]"'&<\\]*+"""
_MASK_ALONE = r"""\*{3}(?=[\s,;)}\]"'&<\\]|\Z)"""
# One pass; every repetition is bounded, or over a class its successor cannot begin with, so that hostile text costs no
# more than other text.
_CREDENTIALS = re.compile(
    rf"""
    (?P<header>\b(?:(?:set-)?cookie|(?:proxy-)?authorization){_IS})(?:(?:{_QUOTED}){_TAIL}|{_MASK_ALONE}|[^\r\n]+)
    |(?P<named>{_NAMES}{_IS})(?:(?:{_QUOTED}){_TAIL}|{_MASK_ALONE}|(?:[^\s"'&<\\]|\\(?!["']))+)
    |(?P<short>\b(?:token|key|sig|signature)\s?=\s?["']?)(?=[a-z._~+/-]*\d)[\w.~+/=-]{{12,}}
    |(?P<scheme>\b(?:bearer|basic)\s{{1,4}})(?:(?=[a-z]*(?:\d|[._~+/=-]+[a-z0-9]))[\w.~+/=-]{{6,}}|[a-z]{{20,}})
    |(?P<user>://)[^/?\#\s@"'<>]{{1,256}}+@
    |-----BEGIN[ ][A-Z ]{{0,40}}PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]{{0,40}}KEY-----|\Z)
    |\b[spr]k[-_](?=[a-z_-]*\d)[a-z0-9_-]{{16,}}
    |\bgh[pousr]_[a-z0-9]{{20,}}
    |\bgithub_pat_\w{{20,}}
    |\bglpat-[\w-]{{20,}}
    |\bxox[a-z]-[a-z0-9-]{{10,}}
    |\b(?:AKIA|ASIA)[0-9A-Z]{{16}}\b
    |\bAIza[\w-]{{30,}}
    |\baos_(?:live|test)_\w{{20,}}
    |\bwhsec_[\w+/=]{{16,}}
    |\beyJ[\w-]{{8,}}\.[\w-]{{8,}}(?:\.[\w-]*)?
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


# Nothing is found in a text without one of these, which is nearly every text: looking for them takes a hundredth of the time.
_HINTS = (
    *("pass", "pwd", "secret", "credential", "key", "token", "session", "cookie", "authorization", "bearer", "basic", "sig"),
    *("@", "private key", "sk-", "sk_", "pk-", "pk_", "rk-", "rk_", "gh", "glpat-", "xox", "akia", "asia", "aiza", "aos_", "whsec_", "eyj"),
)


def without_credentials(text: str) -> str:
    """Return the text with everything masked that looks like a credential: by the name before it or by its own form.

    A name stays, so that one reads what was there. Masking twice is masking once.
    """
    lower = text.lower()
    return _CREDENTIALS.sub(_masked, text) if any(hint in lower for hint in _HINTS) else text


def _masked(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind is None:
        return MASK
    return f"{found[kind]}{MASK}{'@' if kind == 'user' else ''}"
