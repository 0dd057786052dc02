"""The skill versions a run was made with, against those that are registered: what is gone, and what differs, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Literal

from runs.contracts.proof import VersionChange
from runs.contracts.simulation import VersionGap
from runs.engine.events import Pin
from runs.engine.state import State
from skills.contracts import SkillMetadata
from skills.registry import registry

Standing = Literal["same", "changed", "not_registered"]

_TOLD = ("description", "effect", "probe", "reversible_by", "key_strategy", "stability", "deterministic")


def standing_of(pin: Pin) -> Standing:
    """Return whether exactly this version is registered, as it was: a newer one within a range is another one."""
    here = _registered(pin.skill, pin.version)
    if here is None:
        return "not_registered"
    return "same" if here.digest == pin.digest else "changed"


def version_gaps(state: State) -> list[VersionGap]:
    """Return the skill versions of a run that are not here as they were: a replay needs none of them, a rerun all."""
    found = [(key, pin, standing_of(pin)) for key, pin in state.pins.items()]
    return [
        VersionGap(step_id=key, skill=pin.skill, version=pin.version, why=standing, detail=_gap_in_words(pin, standing))
        for key, pin, standing in found
        if standing != "same"
    ]


def _gap_in_words(pin: Pin, standing: Standing) -> str:
    if standing == "changed":
        return f"{pin.skill} {pin.version} is another now than the run was made with: its digest differs"
    here = registry.versions(pin.skill)
    return f"{pin.skill} {pin.version} is not registered" + (f"; {', '.join(here)} is" if here else "")


def version_changes(state: State, steps: Collection[str], *, pinned: bool) -> list[VersionChange]:
    """Return, for the steps that are called again, the version each was made with and the one it would be called with."""
    wanted = {step["step_id"]: step.get("version") for step in (state.plan or {"steps": []})["steps"]}
    return [
        _change(key, pin, pin.version if pinned else wanted.get(key), exactly=pinned)
        for key, pin in state.pins.items()
        if key.partition("!")[0] in steps
    ]


def _change(key: str, pin: Pin, version_range: str | None, *, exactly: bool) -> VersionChange:
    then = _registered(pin.skill, pin.version)
    now = then if exactly else registry.metadata(pin.skill, version_range)
    return VersionChange(
        step_id=key,
        skill=pin.skill,
        then=pin.version,
        now=now.version if now else None,
        is_registered=now is not None,
        changes=list(_differences(pin, then, now)),
    )


def _registered(name: str, version: str) -> SkillMetadata | None:
    return registry.metadata(name, version) if version in registry.versions(name) else None


def _differences(pin: Pin, then: SkillMetadata | None, now: SkillMetadata | None) -> Iterator[str]:
    if now is None:
        yield f"{pin.skill} {pin.version} is not registered"
        return
    if now.digest == pin.digest:
        return
    if then is None or then.digest != pin.digest:
        yield "what the version of then was, is known by its digest alone"
        return
    for name, words in (("input_schema", "parameter"), ("output_schema", "result field"), ("config_schema", "setting")):
        yield from _schema_differences(words, getattr(then, name), getattr(now, name))
    for name in _TOLD:
        was, is_now = getattr(then, name), getattr(now, name)
        if was != is_now:
            yield f"{name.replace('_', ' ')}: {was} → {is_now}" if name != "description" else "another description"
    if then.constraints != now.constraints:
        yield "other constraints"
    if then.cost_model != now.cost_model:
        yield "another cost model"


def _schema_differences(words: str, then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    had, has = then.get("properties", {}), now.get("properties", {})
    for name in sorted({*had, *has}):
        if name not in had:
            needed = " (required)" if name in now.get("required", ()) else ""
            yield f"{words} {name} is new{needed}"
        elif name not in has:
            yield f"{words} {name} is gone"
        elif had[name] != has[name]:
            yield f"{words} {name} is another"
