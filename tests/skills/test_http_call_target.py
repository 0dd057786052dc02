"""Where a call goes is told before it is made, so that rates of a host can be kept; nobody gets past them by hiding the host."""

from __future__ import annotations

from typing import Any

import pytest

from skills.base import ANYWHERE
from skills.library.http_call import HttpCall
from skills.library.json_transform import JsonTransform

TARGETS = [
    ("https://api.example.com/v1?x=1", "api.example.com:443"),
    ("http://API.Example.com./v1", "api.example.com:80"),
    ("https://api.example.com:8443", "api.example.com:8443"),
    ("http://127.0.0.1:9/", "127.0.0.1:9"),
    ("http://[0:0::1]:9/", "[::1]:9"),
    ("https://hooks.example.com/${secrets.HOOK}", "hooks.example.com:443"),
    ("https://example.com?key=${secrets.KEY}", "example.com:443"),
    ("${secrets.HOOK}", ANYWHERE),
    ("https://${secrets.HOST}/v1", ANYWHERE),
    ("https://example.com${secrets.REST}", ANYWHERE),
    ("https://example.com:${secrets.PORT}/", ANYWHERE),
    ("${unknown}", ANYWHERE),
    ("ftp://example.com/", None),
    ("http://a b/", None),
    ("", None),
]


@pytest.mark.parametrize(("url", "target"), TARGETS)
def test_it_names_the_host_of_a_url(url: str, target: str | None) -> None:
    assert HttpCall().target_of({"url": url}) == target


@pytest.mark.parametrize("params", [{}, {"url": None}, {"url": 7}])
def test_it_names_no_host_where_there_is_no_url(params: dict[str, Any]) -> None:
    assert HttpCall().target_of(params) is None


def test_a_skill_that_calls_nobody_has_no_target() -> None:
    assert JsonTransform().target_of({"url": "http://example.com"}) is None
