"""What goes on the wire and what came off it: request headers, redirects, and the answered exchange."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from skills.base import SkillFailure
from skills.contracts import FailureDetails, FaultDetail, json_pointer
from skills.net.inflate import ACCEPT_ENCODING, unreadable
from skills.net.targets import Target, blocked, target_of

USER_AGENT = "aos"
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

# Framing and routing belong to the guard: a caller's Host would reach another site than the one that was checked.
_MANAGED = re.compile(r"host|content-length|transfer-encoding|connection|accept-encoding|keep-alive|te|trailer|upgrade|expect|proxy-.*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_SENSITIVE = re.compile(r"auth|cookie|key|token|secret|passw|session|signature|credential", re.IGNORECASE)


@dataclass(frozen=True)
class Outgoing:
    """One request as a caller means it; a redirect makes another one of it."""

    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes | None

    def wire_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers to send, ours included."""
        names = {name.lower() for name in self.headers}
        lines = [("Host", self.target.host_header), ("Accept-Encoding", ACCEPT_ENCODING)]
        lines += [("Accept", "*/*")] if "accept" not in names else []
        lines += [("User-Agent", USER_AGENT)] if "user-agent" not in names else []
        lines += [("Content-Length", str(len(self.body)))] if self.body is not None else []
        lines += [(name, value.strip()) for name, value in self.headers.items()]
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in lines]


@dataclass(frozen=True)
class Exchange:
    """An answered request: `skills.ports.HttpExchange`."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


def is_sensitive(header: str) -> bool:
    """Tell whether a header may carry a secret, by its name."""
    return _SENSITIVE.search(header) is not None


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise INVALID_INPUT for headers that cannot be sent or that only the guard may set."""
    faults = [fault for name, value in headers.items() if (fault := _header_fault(name, value))]
    if faults:
        raise SkillFailure("INVALID_INPUT", "a request header cannot be sent", details=FailureDetails(errors=faults))


def _header_fault(name: str, value: str) -> FaultDetail | None:
    pointer = json_pointer(("headers", name))
    if not _TOKEN.fullmatch(name):
        return FaultDetail(pointer=pointer, code="invalid_header", detail="the name is no header name")
    if _MANAGED.fullmatch(name.lower()):
        return FaultDetail(pointer=pointer, code="managed_header", detail="this header is set by AOS itself")
    if not _VALUE.fullmatch(value):
        return FaultDetail(pointer=pointer, code="invalid_header", detail="the value has characters a header cannot carry")
    return None


def redirected(request: Outgoing, status: int, location: str) -> Outgoing:
    """Return the request a redirect asks for, without what must not follow to another origin.

    Raises BLOCKED_TARGET where the body would go to another origin, INVALID_RESPONSE where the location is no URL.
    """
    target = _location(request.target, location)
    headers, method, body = dict(request.headers), request.method, request.body
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
    if target.origin != request.target.origin:
        if body is not None:
            raise blocked("a redirect asks to send the body to another origin")
        headers = {name: value for name, value in headers.items() if not is_sensitive(name)}
    return Outgoing(method, target, headers, body)


def _location(base: Target, location: str) -> Target:
    try:
        joined = str(httpx.URL(base.url).join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise unreadable("the redirect's location cannot be read") from error
    return target_of(joined)
