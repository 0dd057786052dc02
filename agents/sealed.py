"""Seals what must be known again but not read from the database: secrets of webhooks. Fernet, with keys that can be changed."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(RuntimeError):
    """None of the keys opens it: AOS_ENCRYPTION_KEYS lost the one it was sealed with."""


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(b"aos sealed " + key.encode()).digest())) for key in keys])


def seal(secret: str) -> str:
    """Return a secret as it may be stored, by the first key."""
    return _box(tuple(settings.ENCRYPTION_KEYS)).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed by any of the keys. Raises Unreadable."""
    try:
        return _box(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("what is sealed cannot be opened: AOS_ENCRYPTION_KEYS must still hold the key it was sealed with") from None
