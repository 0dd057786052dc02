"""Which keys the environment may give for signing what leaves the machine: long ones, and a refusal never shows them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from aos_site.settings import signing_keys


@pytest.mark.parametrize("keys", [[], ["a" * 32], ["a" * 32, "b" * 64]], ids=["none", "one", "two while they change"])
def test_it_takes_long_keys(keys: list[str]) -> None:
    assert signing_keys(keys) == keys


@pytest.mark.parametrize("keys", [["hunter2"], ["a" * 32, "hunter2"]], ids=["the first", "another"])
def test_it_refuses_a_short_key_and_does_not_show_it(keys: list[str]) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"key {len(keys)} must have at least 32 characters; it has 7") as refused:
        signing_keys(keys)
    assert "hunter2" not in str(refused.value)
