"""The README's demo is a transcript between two marks, replaced as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
TOOL = PROJECT / "ops/demo_section.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops/demo_section.py").write_bytes(TOOL.read_bytes())
    (tmp_path / "README.md").write_bytes((PROJECT / "README.md").read_bytes())
    return tmp_path


def paste(checkout: Path, transcript: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "ops/demo_section.py")]
    return subprocess.run(command, input=transcript, capture_output=True, text=True, check=False)


def test_it_replaces_an_older_transcript(checkout: Path) -> None:
    assert paste(checkout, "first line\n").returncode == 0
    assert paste(checkout, "second line\n").returncode == 0
    page = (checkout / "README.md").read_text(encoding="utf-8")
    assert "first line" not in page
    assert page.count("$ make demo\nsecond line\n```") == 1
    assert "## What is true today" in page


def test_it_leaves_the_page_alone_when_the_demo_printed_nothing(checkout: Path) -> None:
    before = (checkout / "README.md").read_bytes()
    assert paste(checkout, "\n").returncode != 0
    assert (checkout / "README.md").read_bytes() == before


def test_it_refuses_a_page_without_marks(checkout: Path) -> None:
    (checkout / "README.md").write_text("# AOS\n", encoding="utf-8")
    done = paste(checkout, "a line\n")
    assert done.returncode != 0
    assert "no demo marks" in done.stderr
