"""What Django REST framework is told about bodies: strict JSON in, JSON out, whatever the Accept header says."""

from __future__ import annotations

import json
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder

from skills.refusal import Refusal
from skills.strict_json import MAX_BYTES, read_strict


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON text. Half a surrogate pair, which UTF-8 cannot say, goes out as its JSON escape."""
    text = json.dumps(value, cls=JSONEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def content_too_large(size: int | None = None) -> Refusal:
    said = f"the body is {size} bytes" if size is not None else "the body is too large"
    return Refusal("CONTENT_TOO_LARGE", f"{said}, at most {MAX_BYTES} are taken")


def declared_length(header: str | None) -> int:
    """Return what Content-Length says, 0 where it says nothing readable."""
    return int(header) if header and header.isascii() and header.isdigit() and len(header) < 20 else 0


def body_refusal(headers: dict[bytes, bytes]) -> Refusal | None:
    """Return why a body is not even read, by the request's headers alone (lower-case names)."""
    if b"transfer-encoding" in headers:
        # Beside a Content-Length as well: what comes in chunks is as long as it likes, whatever the length says.
        return Refusal("INVALID_INPUT", "bodies need a Content-Length and no Transfer-Encoding", status=411)
    declared = declared_length(headers.get(b"content-length", b"").decode("latin-1"))
    return content_too_large(declared) if declared > MAX_BYTES else None


class StrictJSONParser(BaseParser):
    """The one parser of all routes; see `skills/strict_json.py` for what it refuses."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        _refuse_other_charsets(media_type or "")
        declared = declared_length(parser_context["request"].META.get("CONTENT_LENGTH"))
        if declared > MAX_BYTES:
            raise content_too_large(declared)
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise content_too_large()
        return read_strict(raw, "the body") if raw.strip() else {}


def _refuse_other_charsets(media_type: str) -> None:
    charset = parse_header_parameters(media_type)[1].get("charset", "utf-8")
    if charset.strip("\"'").lower() not in ("utf-8", "utf8"):
        raise Refusal("INVALID_INPUT", "JSON is read as UTF-8 and nothing else", status=415, suggestions=["Send the body in UTF-8."])


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else json_bytes(data)


class JSONOnly(BaseContentNegotiation):
    """Reads no Accept header: every route has one form of answer, so there is nothing to agree on or to get wrong."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        kind = request.content_type.partition(";")[0].strip().lower()
        return parsers[0] if kind == "application/json" else None

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type
