"""Writes of skills: which versions this installation has run with."""

from __future__ import annotations

from skills.models import SkillVersion
from skills.registry import Registry


def record_versions(registry: Registry) -> int:
    """Note the registered skill versions that are not noted yet; return how many. A version whose metadata changed
    without a new number gets a row of its own, told by its digest."""
    described = [registry.metadata(name, version) for name in registry.names() for version in registry.versions(name)]
    known = set(SkillVersion.objects.values_list("name", "version", "digest"))
    fresh = [found for found in described if found is not None and (found.name, found.version, found.digest) not in known]
    SkillVersion.objects.bulk_create(
        (SkillVersion(name=m.name, version=m.version, digest=m.digest, metadata=m.model_dump(mode="json")) for m in fresh),
        ignore_conflicts=True,
    )
    return len(fresh)
