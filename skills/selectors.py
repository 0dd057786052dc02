"""Reads what is registered: `describe_skill`, one of the six interfaces."""

from __future__ import annotations

from typing import Any

from skills.refusal import Refusal
from skills.registry import registry


def describe_skill(name: str | None = None, version: str | None = None) -> dict[str, Any]:
    """Return the metadata of a skill, or of all under `data`. Raises Refusal SKILL_NOT_FOUND."""
    if name is None:
        return {"data": [describe_skill(known) for known in registry.names()]}
    try:
        metadata = registry.metadata(name, version)
    except ValueError:
        raise Refusal("INVALID_INPUT", f"'{version}' is no version range") from None
    if metadata is None:
        raise Refusal("SKILL_NOT_FOUND", "there is no such skill", suggestions=[f"Registered are {', '.join(registry.names())}."])
    return metadata.model_dump(mode="json")
