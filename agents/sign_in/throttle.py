"""How many logins may fail: five for a user name and twenty from an address in five minutes, counted in the database for all processes.

An attempt is counted before the password is looked at and given back where it was right, so that attempts made at the same
moment do not slip through together.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from agents.sign_in.models import AttemptWindow

WINDOW_MS = 300_000
FAILURES_OF_A_NAME = 5
FAILURES_OF_AN_ADDRESS = 20
_SWEPT_AT_ONCE = 100


class Attempt(NamedTuple):
    """A login that is being tried. It may not be where `retry_after_ms` says how long to wait."""

    keys: tuple[str, ...]
    at_ms: int
    retry_after_ms: int | None = None


def begin(name: str, address: str) -> Attempt:
    """Count a login as failed until it is known not to have, unless too many have failed already."""
    limits = {_key("name", name.casefold()): FAILURES_OF_A_NAME, _key("address", address): FAILURES_OF_AN_ADDRESS}
    while True:
        _open(limits)
        with transaction.atomic():
            rows = list(AttemptWindow.objects.filter(key__in=limits).order_by("key").select_for_update())
            # One that was swept away meanwhile is made anew.
            if len(rows) == len(limits):
                attempt = _counted(rows, limits)
                break
    _sweep(attempt.at_ms)
    return attempt


def _counted(rows: list[AttemptWindow], limits: Mapping[str, int]) -> Attempt:
    now_ms, keys = _now_ms(), tuple(limits)
    for row in rows:
        # Instants of the future are from before the clock was set back.
        row.instants_ms = [min(at, now_ms) for at in row.instants_ms if at > now_ms - WINDOW_MS]
    waits = [row.instants_ms[-limits[row.key]] + WINDOW_MS - now_ms for row in rows if len(row.instants_ms) >= limits[row.key]]
    if waits:
        return Attempt(keys, now_ms, max(1, *waits))
    for row in rows:
        row.instants_ms.append(now_ms)
        row.over_at_ms = now_ms + WINDOW_MS
    AttemptWindow.objects.bulk_update(rows, ["instants_ms", "over_at_ms"])
    return Attempt(keys, now_ms)


def succeeded(attempt: Attempt) -> None:
    """Give an attempt back: it did not fail."""
    with transaction.atomic():
        rows = list(AttemptWindow.objects.filter(key__in=attempt.keys).order_by("key").select_for_update())
        for row in rows:
            if attempt.at_ms in row.instants_ms:
                row.instants_ms.remove(attempt.at_ms)
        AttemptWindow.objects.bulk_update(rows, ["instants_ms"])


def address_of(headers: Mapping[str, str]) -> str:
    """Return where a request comes from: of what a proxy was told and wrote down, only what it wrote itself."""
    told = headers.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() if settings.SECURE_PROXY_SSL_HEADER else ""
    address = told or headers.get("REMOTE_ADDR", "")
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    # Whoever has one address of version 6 has as many as they like.
    return address if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))


def _key(kind: str, text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"{kind}:{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _open(limits: Mapping[str, int]) -> None:
    # Not to be swept before it is locked.
    over_at_ms = _now_ms() + WINDOW_MS
    AttemptWindow.objects.bulk_create([AttemptWindow(key=key, over_at_ms=over_at_ms) for key in sorted(limits)], ignore_conflicts=True)


def _sweep(now_ms: int) -> None:
    """Delete some windows in which nothing counts any more; those somebody holds are left to the next."""
    with transaction.atomic():
        over = AttemptWindow.objects.filter(over_at_ms__lt=now_ms - WINDOW_MS).order_by("key").select_for_update(skip_locked=True)
        AttemptWindow.objects.filter(pk__in=list(over.values_list("pk", flat=True)[:_SWEPT_AT_ONCE])).delete()


def _now_ms() -> int:
    return int(time.time() * 1_000)
