"""How keys and service accounts look on the console: their state in words, what they may do, and what a form begins with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from agents.access.accounts import account_json
from agents.models import ApiKey, ServiceAccount
from agents.roles import ROLES, scopes_of
from agents.selectors import key_json
from agents.tenancy import SCOPES
from skills.wording import Look, duration

Json = dict[str, Any]
USUAL_LIFE = timedelta(days=90)
NAMES = {"name": "Name", "scopes": "What it may do", "expires_at": "Good until", "role": "Role", "description": "What it is for"}
_LOOKS = {
    "live": Look("✓", "live", "green"),
    "expired": Look("◷", "expired", "grey"),
    "revoked": Look("⊘", "revoked", "grey"),
    "account_off": Look("⊘", "account is off", "amber"),
    "owner_gone": Look("⊘", "its owner has left", "amber"),
}
_ON, _OFF = Look("✓", "on", "green"), Look("⊘", "off", "grey")


def key_sentence(live: int, end_soon: int) -> str:
    """Return in one sentence how many keys open something."""
    if not live:
        return "No key is live: no program can sign in."
    soon = f"; {end_soon} of them end{'s' if end_soon == 1 else ''} within 14 days" if end_soon else ""
    return f"{live} key{' is' if live == 1 else 's are'} live{soon}."


def key_line(key: ApiKey, now: datetime, *, ends_soon: timedelta, gone: Collection[str] = ()) -> Json:
    """Return a key as the list shows it: neither its secret nor the hash of it. `gone` are owners who may not come in any more."""
    told, account = key_json(key), key.service_account
    is_live = told["state"] == "live"
    return {
        **told,
        "look": _LOOKS[_state_of(key, gone) if is_live else told["state"]],
        "account": account,
        "owner_left": is_live and _state_of(key, gone) == "owner_gone",
        "lost": [] if account is None else [scope for scope in key.scopes if scope not in scopes_of(account.role)],
        "made": _time(key.created_at),
        "used": _time(key.last_used_at) if key.last_used_at else "never used",
        "ends": _end(key),
        "left": _left(key, now, ends_soon) if is_live else "",
        "may_revoke": is_live,
    }


def _state_of(key: ApiKey, gone: Collection[str]) -> str:
    """Return what keeps a live key from opening anything, else that it is live."""
    if key.service_account is not None:
        return "live" if key.service_account.is_active else "account_off"
    return "owner_gone" if key.owner in gone else "live"


def _left(key: ApiKey, now: datetime, ends_soon: timedelta) -> str:
    """Return how long a key is good for yet, "" where that is long."""
    left = None if key.expires_at is None else key.expires_at - now
    return "" if left is None or left > ends_soon else duration(round(left.total_seconds() * 1_000))


def _end(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {_time(key.revoked_at)}"
    return "for ever, until it is revoked" if key.expires_at is None else _time(key.expires_at)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def account_line(account: ServiceAccount, live_keys: int) -> Json:
    """Return a service account as the list shows it."""
    told = account_json(account)
    other = "off" if account.is_active else "on"
    return {
        **told,
        "look": _ON if account.is_active else _OFF,
        "role_words": words_of(account.role),
        "live_keys": live_keys,
        "other": other,
    }


def words_of(role: str) -> str:
    """Return a role as people say it."""
    return role.replace("_", " ")


def role_choices() -> list[Json]:
    """Return the roles an account may have, the one that may least first, each with what its keys can do at most."""
    return [{"role": role, "words": words_of(role), "scopes": ", ".join(sorted(scopes_of(role)))} for role in ROLES]


def scope_choices(chosen: Collection[str]) -> list[Json]:
    """Return every scope, and whether it is ticked."""
    return [{"name": scope, "is_chosen": scope in chosen} for scope in SCOPES]


def empty_draft() -> Json:
    """Return what the form of a new key begins with."""
    until = (timezone.now() + USUAL_LIFE).date().isoformat()
    return {"name": "", "scopes": [], "until": until, "account": "", "once": uuid4().hex, "faults": []}
