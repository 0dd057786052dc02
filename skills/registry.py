"""The one table of skills: name → versions. Built-ins come in by the same door as strangers (`skills.plugins`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from skills.base import Skill
from skills.contracts import CostModel, SkillMetadata


class DuplicateSkill(ValueError):
    """Two different classes claim the same name and version."""


@dataclass
class Registry:
    """Skills by name and version. Metadata is computed once, when a skill is added."""

    _skills: dict[str, dict[str, Skill]] = field(default_factory=dict)
    _newest: dict[str, Skill] = field(default_factory=dict)
    _metadata: dict[tuple[str, str], SkillMetadata] = field(default_factory=dict)

    def add(self, cls: type[Skill]) -> None:
        """Add a skill class. Raises DuplicateSkill where another class holds its name and version, ValueError where what
        it says of its costs makes no sense."""
        check_costs(cls)
        versions = self._skills.setdefault(cls.name, {})
        held = versions.get(cls.version)
        if held is not None and type(held) is not cls:
            raise DuplicateSkill(f"{cls.name} {cls.version} is already {type(held).__qualname__}")
        versions[cls.version] = cls()
        self._newest[cls.name] = versions[self.versions(cls.name)[0]]
        self._metadata[cls.name, cls.version] = cls.describe()

    def names(self) -> list[str]:
        return sorted(self._skills)

    def versions(self, name: str) -> list[str]:
        """Return the versions of a skill, newest first; empty where the name is unknown."""
        return sorted(self._skills.get(name, {}), key=version_key, reverse=True)

    def resolve(self, name: str, version_range: str | None = None) -> Skill | None:
        """Return the newest version within the range (`1`, `1.2`, `1.2.3`, `^1.2`, `>=1.2`, None = any)."""
        if version_range is None:
            return self._newest.get(name)
        exactly = self._skills.get(name, {}).get(version_range)
        if exactly is not None:
            return exactly
        for version in self.versions(name):
            if in_range(version, version_range):
                return self._skills[name][version]
        return None

    def metadata(self, name: str, version_range: str | None = None) -> SkillMetadata | None:
        found = self.resolve(name, version_range)
        return None if found is None else self._metadata[found.name, found.version]


def check_costs(cls: type[Skill]) -> None:
    """Raise ValueError where what a skill declares of its costs is no cost model, or was made past its checks."""
    if not isinstance(cls.cost_model, CostModel):
        raise ValueError(f"{cls.__name__}: cost_model is a {type(cls.cost_model).__name__}, not a CostModel")
    CostModel.model_validate(vars(cls.cost_model))


def version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def in_range(version: str, version_range: str | None) -> bool:
    """Tell whether a version lies in a range. Raises ValueError for a range that cannot be read."""
    if version_range in (None, "", "*"):
        return True
    assert version_range is not None
    have = version_key(version)
    if version_range.startswith(">="):
        return have >= version_key(version_range[2:].strip())
    if version_range.startswith("^"):
        floor = version_key(version_range[1:])
        return have[0] == floor[0] and have >= floor
    wanted = version_key(version_range)
    return have[: len(wanted)] == wanted


registry = Registry()
