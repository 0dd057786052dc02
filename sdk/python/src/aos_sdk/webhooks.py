"""Proof that a webhook delivery is genuine, by Standard Webhooks: id, time and body signed with the endpoint's secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

from aos_sdk._errors import WebhookVerificationError
from aos_sdk._record import Record

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"


def verify(
    raw_body: bytes | str,
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Record:
    """Return what a delivery says, once it is proved. Raises WebhookVerificationError.

    `raw_body` is the body as it came, before anything parsed it. Remember `webhook-id`: a delivery may come twice.
    """
    body = raw_body.encode() if isinstance(raw_body, str) else raw_body
    known = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = _needed(known, "webhook-id"), _needed(known, "webhook-timestamp")
    given = _needed(known, "webhook-signature")
    _check_time(timestamp, time.time() if now is None else now, tolerance_seconds)
    expected = sign(body, message_id, timestamp, secret)
    # Several signatures come while a secret is being changed; each is compared, so that the time tells nothing.
    matches = [hmac.compare_digest(expected.encode(), each.encode()) for each in given.split() if each.startswith("v1,")]
    if not any(matches):
        raise WebhookVerificationError("no_matching_signature", "no signature of the delivery was made with this secret over this body")
    return _parsed(body)


def sign(body: bytes, message_id: str, timestamp: str, secret: str) -> str:
    """Return the signature of a delivery: `v1,` and base64."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(_secret_bytes(secret), signed, hashlib.sha256).digest()).decode()


def _needed(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise WebhookVerificationError("missing_header", f"the delivery has no header {name}")
    return value


def _check_time(timestamp: str, now: float, tolerance: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 13):
        raise WebhookVerificationError("invalid_timestamp", "webhook-timestamp is no number of seconds")
    age = now - int(timestamp)
    if age > tolerance:
        raise WebhookVerificationError("too_old", f"the delivery was signed {age:.0f} s ago")
    if age < -tolerance:
        raise WebhookVerificationError("too_new", f"the delivery was signed {-age:.0f} s in the future: check the clocks")


def _secret_bytes(secret: str) -> bytes:
    try:
        found = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        raise WebhookVerificationError("invalid_secret", f"the secret is not {_PREFIX} and base64")
    return found


def _parsed(body: bytes) -> Record:
    try:
        told = json.loads(body)
    except ValueError:
        raise WebhookVerificationError("invalid_body", "the delivery is genuine, and its body is no JSON") from None
    return Record(told if isinstance(told, dict) else {"data": told})
