"""What travels: secrets, bodies and headers of Standard Webhooks 1.0, signed on the way out and checked on the way in. Pure."""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

import msgspec

from skills.signing import is_signed, sign

SECRET_PREFIX = "whsec_"  # noqa: S105 - how secrets begin, not one of them
SECRET_BYTES = 32
TOLERANCE_SECONDS = 300
"""How far from now the timestamp of what comes in may be."""
LONGEST_BODY = 20_000
LONGEST_ID = 255


class NotSigned(ValueError):
    """A message is not by whom it says, or not of now."""


def new_secret() -> str:
    return SECRET_PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the bytes a secret stands for. Raises ValueError for what is none."""
    try:
        return b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not a webhook secret") from error


def body_of(event_type: str, timestamp: str, data: Mapping[str, object]) -> str:
    """Return the body of a message: thin, with what one needs to ask for the rest."""
    body = msgspec.json.encode({"type": event_type, "timestamp": timestamp, "data": dict(data)}).decode()
    if len(body.encode()) <= LONGEST_BODY:
        return body
    kept = {name: value for name, value in data.items() if name in ("run_id", "status", "waiting_for", "link")}
    return msgspec.json.encode({"type": event_type, "timestamp": timestamp, "data": kept | {"shortened": True}}).decode()


def headers_for(message_id: str, at: int, body: bytes, all_secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of one attempt at `at` (Unix seconds), signed with each of the secrets."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": sign(_signed(message_id, str(at), body), [key_of(secret) for secret in all_secrets]),
        "user-agent": "AOS-Webhooks",
    }


def check(headers: Mapping[str, str], body: bytes, all_secrets: Sequence[str], now: float) -> str:
    """Return the id of a message that is signed with one of the secrets, and just now. Raises NotSigned.

    `headers` are asked by their names in lower case.
    """
    message_id, timestamp = headers.get("webhook-id") or "", headers.get("webhook-timestamp") or ""
    if not 0 < len(message_id) <= LONGEST_ID or not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 15:
        raise NotSigned("the headers webhook-id and webhook-timestamp are missing or cannot be read")
    if not is_signed(_signed(message_id, timestamp, body), headers.get("webhook-signature") or "", [key_of(each) for each in all_secrets]):
        raise NotSigned("no signature of the message is by the secret of this endpoint")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise NotSigned("the message was signed too long ago, or in the future")
    return message_id


def _signed(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
