"""What an OpenID Connect issuer publishes about itself: its endpoints and its keys, asked for seldom however often they are needed.

A token names the key it was signed with. One that nobody knows yet may be new, so the keys are fetched again, but at most
once a minute in a process: whoever sends tokens with made-up key ids makes no requests of ours.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import httpx
import jwt
from django.conf import settings

from agents.sign_in.addresses import is_safe

log = logging.getLogger(__name__)

LEAST_SECONDS_BETWEEN = 60.0
"""How long nobody is asked after keys were fetched, whoever names which key."""
SECONDS_AFTER_FAILURE = 5.0
"""The same where an issuer did not answer and there is no key at all: nobody could sign in until then."""
OLDEST_SECONDS = 600.0
"""Keys are fetched again after so long, so that one the issuer took back is refused."""
SECONDS = 5.0
MOST_BYTES = 262_144
MOST_KEYS = 100
LEAST_RSA_BITS = 2_048
LEEWAY_SECONDS = 10
_ALGORITHMS = {"RSA": "RS256", "EC P-256": "ES256"}
DISCOVERY = "/.well-known/openid-configuration"


class Unverified(Exception):
    """A token, or what an issuer says, is not to be believed."""


class Key(NamedTuple):
    """A public key, and the one algorithm it may verify: a token does not choose."""

    algorithm: str
    public: Any


class Published(NamedTuple):
    """What an issuer published, and when it was fetched."""

    document: Mapping[str, Any]
    keys: Mapping[str, Key]
    at: float


class Issuer:
    """One issuer as this process knows it. Its methods may be called by any thread."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._published: Published | None = None
        self._next_at = -1.0
        self.fetches = 0

    def document(self) -> Mapping[str, Any]:
        """Return the discovery document. Raises Unverified where there is none to be had."""
        published = self._current()
        if published is None:
            raise Unverified("the issuer does not answer")
        return published.document

    def claims_of(self, token: str, audience: str) -> dict[str, Any]:
        """Return the claims of a token of this issuer for this audience. Raises Unverified for every other."""
        key, issuer = self._key_for(token), self.document()["issuer"]
        options: Any = {"require": ["exp", "iss", "aud", "sub"]}
        try:
            return jwt.decode(
                token,
                key.public,
                algorithms=[key.algorithm],
                audience=audience,
                issuer=issuer,
                leeway=LEEWAY_SECONDS,
                options=options,
            )
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as error:
            raise Unverified(type(error).__name__) from None

    def _key_for(self, token: str) -> Key:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unverified("no token") from None
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise Unverified("no key named")
        known = self._current()
        if known is None or kid not in known.keys:
            known = self._refreshed(kid)
        if known is None or kid not in known.keys:
            raise Unverified("unknown key")
        return known.keys[kid]

    def _current(self) -> Published | None:
        known = self._published
        if known is None:
            return self._refreshed()
        if self._clock() - known.at > OLDEST_SECONDS and self._lock.acquire(blocking=False):
            # One asks; the others go on with what is known meanwhile.
            try:
                return self._fetched_if_due(None)
            finally:
                self._lock.release()
        return known

    def _refreshed(self, kid: str | None = None) -> Published | None:
        """Fetch if it is time to, and nobody else has just done so; return what is known then."""
        with self._lock:
            return self._fetched_if_due(kid)

    def _fetched_if_due(self, kid: str | None) -> Published | None:
        now, known = self._clock(), self._published
        if now < self._next_at or (known is not None and kid in known.keys):
            return known
        self._next_at = now + LEAST_SECONDS_BETWEEN
        try:
            self._published = self._fetched()
        except (httpx.HTTPError, httpx.InvalidURL, Unverified) as error:
            log.warning("sign_in.issuer.unavailable", extra={"issuer": self.url, "error": type(error).__name__})
            if known is None:
                self._next_at = now + SECONDS_AFTER_FAILURE
        return self._published

    def _fetched(self) -> Published:
        self.fetches += 1
        with httpx.Client(timeout=SECONDS, follow_redirects=False) as client:
            document = _json_at(client, self.url.rstrip("/") + DISCOVERY)
            # A document about somebody else would let them sign for this one.
            if str(document.get("issuer", "")).rstrip("/") != self.url.rstrip("/"):
                raise Unverified("the discovery document is another issuer's")
            keys = _json_at(client, _address(document, "jwks_uri"))
        return Published(document, keys_in(keys), self._clock())


def _address(document: Mapping[str, Any], name: str) -> str:
    address = document.get(name)
    if not isinstance(address, str) or not is_safe(address):
        raise Unverified(f"no usable {name}")
    return address


def _json_at(client: httpx.Client, url: str) -> dict[str, Any]:
    """Return the JSON object at an address, unless it is too long or takes too long to come."""
    until, body = time.monotonic() + SECONDS, b""
    with client.stream("GET", url, headers={"Accept": "application/json"}) as response:
        if response.status_code != httpx.codes.OK:
            raise Unverified(f"status {response.status_code}")
        for part in response.iter_bytes():
            body += part
            if len(body) > MOST_BYTES or time.monotonic() > until:
                raise Unverified("too long an answer")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unverified("no JSON") from None
    if not isinstance(found, dict):
        raise Unverified("no JSON object")
    return found


def keys_in(key_set: Mapping[str, Any]) -> dict[str, Key]:
    """Return the keys of a set that may sign tokens, by their ids. What else is in it is left out."""
    listed = key_set.get("keys")
    found: dict[str, Key] = {}
    for each in listed[:MOST_KEYS] if isinstance(listed, list) else []:
        key = _key_of(each) if isinstance(each, dict) else None
        if key is not None:
            found[each["kid"]] = key
    return found


def _key_of(each: dict[str, Any]) -> Key | None:
    algorithm = _ALGORITHMS.get(f"{each.get('kty')} {each.get('crv', '')}".strip())
    fits = isinstance(each.get("kid"), str) and each.get("use", "sig") == "sig" and each.get("alg", algorithm) == algorithm
    if algorithm is None or not fits:
        return None
    try:
        public = jwt.PyJWK(each, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError):
        return None
    if hasattr(public, "private_numbers") or (algorithm == "RS256" and public.key_size < LEAST_RSA_BITS):
        return None
    return Key(algorithm, public)


@cache
def issuer_at(url: str) -> Issuer:
    """Return what this process knows of an issuer."""
    return Issuer(url)


def the_issuer() -> Issuer:
    """Return the issuer the settings name."""
    return issuer_at(settings.AUTH_SERVICE_URL)
