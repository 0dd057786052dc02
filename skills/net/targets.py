"""Reads a URL into the target of a call, and decides what of it may be asked before any name is resolved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import httpx

from skills.base import SkillFailure
from skills.contracts import FailureDetails, FaultDetail

DEFAULT_PORTS = {"http": 80, "https": 443}

# What resolvers read as a number and so as an IPv4 address: 127.1, 0x7f.1, 2130706433, 0177.0.0.1.
_NUMBERISH = re.compile(r"\d+|0x[0-9a-f]*")
_NUMERIC_AUTHORITY = re.compile(r"https?://([^/?#@]*\.)?(\d+|0x[0-9a-f]*)\.?(:\d*)?([/?#]|$)", re.IGNORECASE)
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


@dataclass(frozen=True)
class Target:
    """Where a request goes: a URL taken apart by the one parser whose result is also what is dialled."""

    scheme: str
    host: str
    port: int
    path: bytes

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.path.decode('ascii')}"

    @property
    def public_origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def public(self) -> str:
        """The URL with its port and without its query: what may be shown and stored."""
        return self.public_origin + self.path.decode("ascii").partition("?")[0]


NEARBY = "To reach a server of your own nearby, whoever runs AOS names it: AOS_ALLOW_LOCAL_TARGETS=host:port."
"""What to do where a target is refused for the network it is in."""


def blocked(why: str) -> SkillFailure:
    return SkillFailure("BLOCKED_TARGET", why)


def invalid_url(why: str) -> SkillFailure:
    fault = FaultDetail(pointer="/url", code="invalid_url", detail=why)
    return SkillFailure("INVALID_INPUT", f"the URL cannot be used: {why}", details=FailureDetails(errors=[fault]))


def target_of(url: str) -> Target:
    """Read a URL. Raises SkillFailure: INVALID_INPUT where it is no URL, BLOCKED_TARGET where it is one we never call."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        if _NUMERIC_AUTHORITY.match(url):
            raise blocked("the host is an odd spelling of an address") from error
        raise invalid_url("it cannot be read") from error
    if parsed.scheme not in DEFAULT_PORTS:
        raise blocked(f"only http and https are called, not {parsed.scheme or 'a URL without a scheme'}")
    if parsed.userinfo:
        raise blocked("a URL with a user name or password is not called")
    host = canonical_host(parsed.raw_host.decode("ascii").lower())
    port = DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port
    if not 0 < port < 65536:
        raise invalid_url("the port is out of range")
    return Target(parsed.scheme, host, port, parsed.raw_path or b"/")


def canonical_host(host: str) -> str:
    """Return a host in the one spelling we compare and dial: an IP in its short form, a name without its last dot."""
    if ":" in host:
        try:
            return IPv6Address(host).compressed
        except AddressValueError as error:
            raise invalid_url("the host is no IPv6 address") from error
    host = host.removesuffix(".")
    if _NUMBERISH.fullmatch(host.rpartition(".")[2]):
        return _dotted_quad(host)
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise invalid_url("the host is no host name")
    return host


def is_address(host: str) -> bool:
    """Tell whether a canonical host is an IP address and not a name."""
    return ":" in host or _NUMBERISH.fullmatch(host.rpartition(".")[2]) is not None


def _dotted_quad(host: str) -> str:
    try:
        return str(IPv4Address(host))
    except AddressValueError as error:
        raise blocked(f"{host} is an odd spelling of an address") from error


def host_allowed(host: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether a host is named by `example.com`, or lies below by `*.example.com`."""
    return any(host.endswith(pattern[1:].lower()) if pattern.startswith("*.") else host == pattern.lower() for pattern in patterns)


def why_no_host(pattern: str) -> str | None:
    """Say why no call can have this host, `*.` in front allowed; None for one that some call may have."""
    named = pattern.removeprefix("*.")
    try:
        target = target_of(f"http://{named}/")
    except SkillFailure as failure:
        return failure.message
    known = target.host_header.removesuffix(":80")
    return None if known == named.removesuffix(":80") else f"write it as {known}"
