"""AOS does not start with a catalog that leaves a code without an answer."""

from __future__ import annotations

from catalog.checks import check_shipped_catalog, uncovered
from catalog.contracts import EntryDocument
from skills.taxonomy import CODES


def test_it_finds_nothing_wrong_with_what_is_shipped() -> None:
    assert check_shipped_catalog() == []


def test_it_names_each_code_without_an_entry() -> None:
    held = [EntryDocument(code=code, skill="http_call" if code == "TIMEOUT" else "") for code in CODES if code != "FROZEN"]
    assert [error.msg.split()[-1] for error in uncovered(held)] == ["TIMEOUT", "FROZEN"]
