"""Built-in skills come in by the plugins' door; a plugin that cannot be loaded is put aside with its reason."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from skills.plugins import GROUP, load
from skills.registry import Registry

GOOD = """
from skills.base import NoConfig, Skill, skill
from skills.contracts import Effect

@skill(name="plugged", version="0.1.0", description="From outside.", effect=Effect.NONE, failure_modes=[])
class Plugged(Skill):
    Params = NoConfig
    Result = NoConfig
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed distributions, as the import system sees one."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def install(site: Path, name: str, source: str | None) -> None:
    """Install a distribution with one module `name` and one entry point to it."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}\n")
    if source is not None:
        (site / f"{name}.py").write_text(source)
    sys.modules.pop(name, None)


def test_it_loads_the_built_ins() -> None:
    registry = Registry()
    assert load(registry, with_plugins=False) == []
    assert {"http_call", "json_transform", "llm_invoke"} <= set(registry.names())


def test_it_loads_a_plugin(site: Path) -> None:
    install(site, "aos_test_plugin_good", GOOD)
    registry = Registry()
    assert load(registry, with_plugins=True) == []
    assert registry.resolve("plugged") is not None


def test_it_loads_no_plugin_unless_asked(site: Path) -> None:
    install(site, "aos_test_plugin_unasked", GOOD)
    registry = Registry()
    load(registry, with_plugins=False)
    assert registry.resolve("plugged") is None


BROKEN = {
    "missing": (None, "ModuleNotFoundError"),
    "raising": ("raise RuntimeError('no')", "RuntimeError: no"),
    "empty": ("", "LookupError"),
    "incomplete": (GOOD.replace(', description="From outside."', ""), "missing declaration description"),
    "misspelt": (GOOD.replace("effect=", "efect="), "unknown declaration efect"),
    "a second http_call": (GOOD.replace('"plugged", version="0.1.0"', '"http_call", version="1.1.0"'), "DuplicateSkill"),
}


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_it_puts_aside_a_plugin_that_is(site: Path, source: str | None, reason: str) -> None:
    name = f"aos_test_plugin_{abs(hash(reason))}"
    install(site, name, source)
    install(site, f"{name}_good", GOOD)
    registry = Registry()
    [refused] = load(registry, with_plugins=True)
    assert refused.source == name
    assert reason in refused.reason
    assert registry.resolve("plugged") is not None, "a broken plugin stops nobody else"


def test_it_loads_the_modules_the_operator_names(site: Path) -> None:
    (site / "aos_test_named_module.py").write_text(GOOD)
    registry = Registry()
    assert load(registry, with_plugins=False, modules=["aos_test_named_module"]) == []
    assert registry.resolve("plugged") is not None


def test_it_stops_the_start_for_a_named_module_that_is_not_there() -> None:
    with pytest.raises(ModuleNotFoundError):
        load(Registry(), with_plugins=False, modules=["aos_test_no_such_module"])
