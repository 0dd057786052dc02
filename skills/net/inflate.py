"""Undoes content codings under a cap: a bomb is seen while it unfolds, not after."""

from __future__ import annotations

import zlib
from typing import Protocol

from skills.base import SkillFailure

ACCEPT_ENCODING = "gzip, deflate"


def too_large(limit: int) -> SkillFailure:
    return SkillFailure("CONTENT_TOO_LARGE", f"the answer is larger than {limit} bytes", phase="acked")


def unreadable(why: str) -> SkillFailure:
    return SkillFailure("INVALID_RESPONSE", why, phase="acked")


class Decoder(Protocol):
    """Takes a body chunk by chunk; `feed` and `finish` return what is decoded so far unseen."""

    def feed(self, chunk: bytes) -> bytes: ...

    def finish(self) -> None: ...


class Plain:
    """A body without a coding, counted."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit

    def feed(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left < 0:
            raise too_large(self._limit)
        return chunk

    def finish(self) -> None:
        """Nothing is held back by a body without a coding."""


class Inflating:
    """A gzip or deflate body, counted on both sides."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit
        self._wire = Plain(limit)
        self._zlib: zlib._Decompress | None = None

    def feed(self, chunk: bytes) -> bytes:
        self._wire.feed(chunk)
        if not chunk:
            return b""
        if self._zlib is None:
            self._zlib = zlib.decompressobj(window_bits(chunk[0]))
        try:
            data = self._zlib.decompress(chunk, self._left + 1)
        except zlib.error as error:
            raise unreadable("the compressed body cannot be read") from error
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._limit)
        return data

    def finish(self) -> None:
        if self._zlib is not None and not self._zlib.eof:
            raise unreadable("the compressed body ends too early")


def window_bits(first: int) -> int:
    """Tell gzip, zlib and bare deflate apart by their first byte; servers call all of the last two `deflate`."""
    if first == 0x1F:
        return 31
    return 15 if first & 0x0F == 8 else -15


def decoder_for(content_encoding: str, limit: int) -> Decoder:
    """Return the decoder for a Content-Encoding. Raises INVALID_RESPONSE for a coding we did not ask for."""
    coding = content_encoding.strip().lower()
    if coding in ("", "identity"):
        return Plain(limit)
    if coding in ("gzip", "x-gzip", "deflate"):
        return Inflating(limit)
    raise unreadable("the answer comes in a content coding that was not asked for")
