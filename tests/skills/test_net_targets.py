"""A URL becomes a target in one spelling, or nothing."""

from __future__ import annotations

import pytest

from skills.base import SkillFailure
from skills.net.targets import host_allowed, target_of

REFUSED = {
    "file": ("file:///etc/passwd", "BLOCKED_TARGET"),
    "gopher": ("gopher://example.com/", "BLOCKED_TARGET"),
    "no scheme": ("//example.com/", "BLOCKED_TARGET"),
    "empty": ("", "BLOCKED_TARGET"),
    "user name": ("http://user@example.com/", "BLOCKED_TARGET"),
    "user name that looks like a host": ("http://example.com@127.0.0.1/", "BLOCKED_TARGET"),
    "backslash before the user name": ("http://a\\@127.0.0.1/", "BLOCKED_TARGET"),
    "hexadecimal": ("http://0x7f000001/", "BLOCKED_TARGET"),
    "hexadecimal parts": ("http://0x7f.0.0.0x1/", "BLOCKED_TARGET"),
    "decimal": ("http://2130706433/", "BLOCKED_TARGET"),
    "octal": ("http://0177.0.0.1/", "BLOCKED_TARGET"),
    "octal without dots": ("http://017700000001/", "BLOCKED_TARGET"),
    "short": ("http://127.1/", "BLOCKED_TARGET"),
    "short with a last dot": ("http://127.1./", "BLOCKED_TARGET"),
    "too many parts": ("http://1.2.3.4.5/", "BLOCKED_TARGET"),
    "wide digits": ("http://１２７.0.0.1/", "BLOCKED_TARGET"),
    "circled digits": ("http://①②⑦.⓪.⓪.①/", "INVALID_INPUT"),
    "no host": ("http:///path", "INVALID_INPUT"),
    "two dots": ("http://a..b/", "INVALID_INPUT"),
    "space": ("http://exa mple.com/", "INVALID_INPUT"),
    "line end": ("http://example.com/\r\nX: y", "INVALID_INPUT"),
    "port too high": ("http://example.com:99999/", "INVALID_INPUT"),
    "port zero": ("http://example.com:0/", "INVALID_INPUT"),
    "bad IPv6": ("http://[::zz]/", "INVALID_INPUT"),
}


@pytest.mark.parametrize(("url", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses(url: str, code: str) -> None:
    with pytest.raises(SkillFailure) as refused:
        target_of(url)
    assert (refused.value.code, refused.value.phase) == (code, "not_sent")


READ = {
    "plain": ("https://Example.com/a?b=c#d", ("https", "example.com", 443), "https://example.com/a?b=c"),
    "last dot": ("http://example.com./", ("http", "example.com", 80), "http://example.com/"),
    "port": ("http://example.com:8080/x", ("http", "example.com", 8080), "http://example.com:8080/x"),
    "IPv6": ("http://[2606:4700:0:0::1]/", ("http", "2606:4700::1", 80), "http://[2606:4700::1]/"),
    "mapped IPv6": ("http://[::ffff:127.0.0.1]/", ("http", "::ffff:7f00:1", 80), "http://[::ffff:7f00:1]/"),
    "international name": ("http://bücher.example/", ("http", "xn--bcher-kva.example", 80), "http://xn--bcher-kva.example/"),
}


@pytest.mark.parametrize(("url", "origin", "canonical"), READ.values(), ids=READ.keys())
def test_it_reads(url: str, origin: tuple[str, str, int], canonical: str) -> None:
    target = target_of(url)
    assert (target.origin, target.url) == (origin, canonical)


def test_its_public_form_has_the_port_and_no_query() -> None:
    assert target_of("https://example.com/a?token=x").public == "https://example.com:443/a"


PATTERNS = {
    "exact": ("example.com", "example.com", True),
    "exact is not below": ("api.example.com", "example.com", False),
    "below": ("api.example.com", "*.example.com", True),
    "far below": ("a.b.example.com", "*.example.com", True),
    "below is not itself": ("example.com", "*.example.com", False),
    "only looks alike": ("evilexample.com", "*.example.com", False),
    "capitals in the pattern": ("example.com", "Example.COM", True),
}


@pytest.mark.parametrize(("host", "pattern", "allowed"), PATTERNS.values(), ids=PATTERNS.keys())
def test_a_host_pattern_allows(host: str, pattern: str, allowed: bool) -> None:
    assert host_allowed(host, (pattern,)) is allowed
