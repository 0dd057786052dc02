"""The registry finds the newest version within a range, and lets no two classes share one."""

from __future__ import annotations

import pytest

from skills.base import NoConfig, Skill
from skills.contracts import Effect
from skills.registry import DuplicateSkill, Registry, in_range


def version_of(number: str) -> type[Skill]:
    class Versioned(Skill):
        name = "versioned"
        version = number
        description = "A skill in several versions."
        effect = Effect.NONE
        failure_modes = []
        Params = NoConfig
        Result = NoConfig

    return Versioned


def filled(*versions: str) -> Registry:
    registry = Registry()
    for version in versions:
        registry.add(version_of(version))
    return registry


RANGES = [
    ("1.2.3", None, True),
    ("1.2.3", "*", True),
    ("1.2.3", "1", True),
    ("1.2.3", "1.2", True),
    ("1.2.3", "1.2.3", True),
    ("1.2.3", "1.2.4", False),
    ("10.0.0", "1", False),
    ("1.3.0", "^1.2", True),
    ("1.1.9", "^1.2", False),
    ("2.0.0", "^1.2", False),
    ("2.0.0", ">=1.2", True),
    ("1.1.0", ">= 1.2", False),
]


@pytest.mark.parametrize(("version", "wanted", "within"), RANGES)
def test_a_version_lies_within(version: str, wanted: str | None, within: bool) -> None:
    assert in_range(version, wanted) is within


def test_a_range_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="latest"):
        in_range("1.0.0", "latest")


def test_it_sorts_versions_as_numbers() -> None:
    assert filled("1.9.0", "1.10.0", "1.2.0").versions("versioned") == ["1.10.0", "1.9.0", "1.2.0"]


def test_it_resolves_the_newest_within_a_range() -> None:
    registry = filled("1.0.0", "1.5.0", "2.0.0")
    found = [registry.resolve("versioned", wanted) for wanted in (None, "1", "^1.0", "3")]
    assert [skill and skill.version for skill in found] == ["2.0.0", "1.5.0", "1.5.0", None]


def test_it_knows_nothing_of_a_stranger() -> None:
    assert (filled().resolve("nobody"), filled().metadata("nobody"), filled().versions("nobody")) == (None, None, [])


def test_it_keeps_the_metadata_of_each_version() -> None:
    registry = filled("1.0.0", "2.0.0")
    digests = {registry.metadata("versioned", wanted).digest for wanted in ("1", "2")}  # type: ignore[union-attr]
    assert len(digests) == 2


def test_two_classes_may_not_share_a_version() -> None:
    registry, cls = filled(), version_of("1.0.0")
    registry.add(cls)
    registry.add(cls)
    with pytest.raises(DuplicateSkill):
        registry.add(version_of("1.0.0"))
