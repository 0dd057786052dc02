"""Installs a hashed requirements file with pip and shows how far it has come: `python ops/install.py requirements/dev.txt`.

Needs the standard library only. What pip says is kept back, and shown where it fails.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_PIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*==", re.MULTILINE)
_STEP = 20


def install(requirements: Path) -> int:
    """Run pip; return its exit code."""
    total = len(_PIN.findall(requirements.read_text(encoding="utf-8")))
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    process = subprocess.Popen(  # noqa: S603 - our own command line
        [*command, "--require-hashes", "-r", str(requirements)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said: list[str] = []
    found = 0
    for line in process.stdout:
        said.append(line)
        found += line.startswith(("Collecting ", "Requirement already satisfied"))
        _show(line, found, total)
    code = process.wait()
    if code:
        sys.stdout.write("".join(said[-40:]))
    return code


def _show(line: str, found: int, total: int) -> None:
    if line.startswith("Installing collected packages"):
        _say(f"all {found} packages are here; installing them")
    elif line.startswith("Collecting ") and found % _STEP == 0:
        _say(f"{found} of at most {total} packages found")


def _say(text: str) -> None:
    sys.stdout.write(f"   {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1])))
