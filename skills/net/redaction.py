"""Takes known secrets out of text and JSON, in every spelling an upstream may echo them in."""

from __future__ import annotations

import base64
import json
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
