"""`manage.py demo` from outside: what it says is so, it touches nobody's data, and it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CLAIMS = (
    "✓ the plan was found feasible before it ran",
    "✓ “Fetch Bitcoin price and summarize” succeeded",
    "✓ exactly one TIMEOUT, and it was retried",
    "✓ the failure is in the catalog's records, its recovery noted as having worked",
    "✓ the replay behaves exactly as recorded",
)

pytestmark = pytest.mark.acceptance


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    # A database nobody could open: the demo must not even try.
    own = {"TMPDIR": str(folder), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "AOS_LOG_LEVEL": "DEBUG"}
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    command = [sys.executable, "manage.py", "demo", *arguments]
    process = subprocess.Popen(command, cwd=PROJECT, env=kept | own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def mentioning(folder: Path) -> list[str]:
    """Return the command lines of the live processes that were started for this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            started_for = str(folder).encode() in (process / "environ").read_bytes()
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if started_for and line:
            found.append(line)
    return found


def test_it_shows_a_failure_recovered_and_proves_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    begun = time.monotonic()
    with demo(tmp_path) as process:
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, out + errors
    assert time.monotonic() - begun < 60
    assert errors == ""
    for claim in CLAIMS:
        assert claim in out
    assert "fetch failed with TIMEOUT" in out
    assert "result: The price of BTC is 67000.12 USD." in out
    assert "How prices are made" in out
    assert "every claim held" in out
    assert "\x1b" not in out, "colour belongs to terminals"
    assert list(tmp_path.iterdir()) == []
    assert mentioning(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_it_ends_all_it_started_when_it_is_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "a worker started" in line:
                break
        process.send_signal(number)
        _, errors = process.communicate(timeout=40)
    assert process.returncode == 130, errors
    assert "everything the demo started is ended" in errors
    assert list(tmp_path.iterdir()) == []
    assert mentioning(tmp_path) == []


def test_it_fails_when_a_claim_does_not_hold(tmp_path: Path) -> None:
    """A live exchange that does not answer is no success, whatever else went well."""
    with demo(tmp_path, "--live", "http://127.0.0.1:9/price") as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "✕ “Fetch Bitcoin price and summarize” succeeded: NOT SO" in out
    assert "every claim held." not in out


def test_it_takes_no_address_that_is_none(tmp_path: Path) -> None:
    with demo(tmp_path, "--live", "prices") as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "error[INVALID_INPUT]: --live takes the URL" in errors
