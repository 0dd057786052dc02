"""Documents point at what exists: links between pages, and the files the README of each app names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
APPS = ("aos_site", "runs", "catalog", "agents", "skills")
LAST_LINE = "When this page and the code disagree, the code and its tests win."
_GENERATED = frozenset({".venv", "node_modules", ".git", ".pytest_cache", "var"})
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_NAMED = re.compile(r"`([\w./*-]+)`")
_FILE_TYPES = (".py", ".json", ".md", ".toml", ".txt", ".html")


def pages() -> list[Path]:
    found = PROJECT.rglob("*.md")
    return sorted(path for path in found if _GENERATED.isdisjoint(path.relative_to(PROJECT).parts))


def broken_links(page: Path) -> list[str]:
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    return [link for link in links if "://" not in link and not link.startswith("mailto:") and not (page.parent / link).exists()]


def named_files(text: str) -> set[str]:
    """Return what is written as code and looks like a file or a folder."""
    return {name for name in _NAMED.findall(text) if name.endswith(_FILE_TYPES) or (name.endswith("/") and len(name) > 1)}


def exists(name: str, app: str) -> bool:
    return any(True for root in (PROJECT / app, PROJECT) for _ in root.glob(name.rstrip("/")))


def test_it_has_no_broken_link() -> None:
    assert {str(page.relative_to(PROJECT)): broken_links(page) for page in pages() if broken_links(page)} == {}


@pytest.mark.parametrize("app", APPS)
def test_it_names_files_that_exist(app: str) -> None:
    text = (PROJECT / app / "README.md").read_text(encoding="utf-8")
    assert sorted(name for name in named_files(text) if not exists(name, app)) == []


@pytest.mark.parametrize("app", APPS)
def test_it_maps_every_module_of_the_app(app: str) -> None:
    text = (PROJECT / app / "README.md").read_text(encoding="utf-8")
    modules = {path.name for path in (PROJECT / app).glob("*.py") if path.name not in ("__init__.py", "apps.py")}
    packages = {f"{path.name}/" for path in (PROJECT / app).iterdir() if (path / "__init__.py").is_file() and path.name != "migrations"}
    assert sorted((modules | packages) - named_files(text)) == [], "the map has holes"


@pytest.mark.parametrize("app", APPS)
def test_it_ends_honestly(app: str) -> None:
    assert (PROJECT / app / "README.md").read_text(encoding="utf-8").rstrip().endswith(LAST_LINE)
