"""The form of API keys and what is kept of them."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from rest_framework.exceptions import NotAuthenticated

from agents.tenancy import SCOPES, Principal, credential_in, prefix_of, principal_of

KEY = "aos_test_abcdefghij23_" + "0123456789abcdef" * 3
# CRC-32 of the above: the form must not change under issued keys.
CHECKED = KEY + "de60f017"


def principal(*scopes: str) -> Principal:
    return Principal(tenant=None, name="p", scopes=frozenset(scopes))  # type: ignore[arg-type]


@pytest.mark.parametrize("scope", SCOPES)
def test_it_lets_admin_and_the_scope_itself_and_nothing_else(scope: str) -> None:
    assert principal(scope).may(scope)
    assert principal("admin").may(scope)
    assert not principal(*(other for other in SCOPES if other not in (scope, "admin"))).may(scope)


HEADERS: dict[str, tuple[dict[str, str], str | None]] = {
    "none": ({}, None),
    "bearer": ({"HTTP_AUTHORIZATION": "Bearer k"}, "k"),
    "bearer in other letters": ({"HTTP_AUTHORIZATION": "bEARER   k "}, "k"),
    "own header": ({"HTTP_X_AOS_KEY": "k"}, "k"),
    "both the same": ({"HTTP_AUTHORIZATION": "Bearer k", "HTTP_X_AOS_KEY": "k"}, "k"),
}


@pytest.mark.parametrize(("headers", "key"), HEADERS.values(), ids=HEADERS.keys())
def test_it_finds_the_one_key_offered(headers: dict[str, str], key: str | None) -> None:
    assert credential_in(headers) == key


@pytest.mark.parametrize(
    "headers",
    [{"HTTP_AUTHORIZATION": "Bearer a", "HTTP_X_AOS_KEY": "b"}, {"HTTP_AUTHORIZATION": "Basic a"}, {"HTTP_AUTHORIZATION": ""}],
    ids=["two different", "another scheme", "empty"],
)
def test_it_does_not_choose_for_the_caller(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"two different keys|not a bearer token"):
        credential_in(headers)


def test_it_reads_the_prefix_of_a_whole_key_only() -> None:
    assert prefix_of(CHECKED) == "abcdefghij23"
    for broken in (KEY, CHECKED[:-1], CHECKED + "0", CHECKED.upper(), CHECKED.replace("test", "live"), " " + CHECKED, CHECKED + "\n", ""):
        assert prefix_of(broken) is None


def test_it_has_at_least_160_random_bits() -> None:
    secret = re.fullmatch(r"aos_test_[a-z2-7]{12}_([0-9a-f]{48})", KEY)
    assert secret is not None
    assert len(secret[1]) * 4 >= 160


@pytest.mark.parametrize("user", [None, "alice", object()])
def test_it_takes_nobody_for_a_caller_who_did_not_sign_in(user: object) -> None:
    with pytest.raises(NotAuthenticated):
        principal_of(SimpleNamespace(user=user))
