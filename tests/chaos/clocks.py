"""Clocks that jump: a file says by how much, and every process that was started so reads it whenever it asks for the time."""

from __future__ import annotations

from pathlib import Path

from runs.shell.clock import SystemClock

HOUR_MS = 3_600_000


class ShiftedClock(SystemClock):
    """The clock of a host, the clock of the database, or both, set wrong by what a file says. The steady clock stays steady."""

    def __init__(self, shift: Path) -> None:
        self._shift = shift

    def now_ms(self) -> int:
        return super().now_ms() + self._shifts()[0]

    def database_now_ms(self, vendor: str) -> str:
        return f"({super().database_now_ms(vendor)} + ({self._shifts()[1]}))"

    def _shifts(self) -> tuple[int, int]:
        host, database = self._shift.read_text().split()
        return int(host), int(database)


def set_clocks(shift: Path, *, host_ms: int = 0, database_ms: int = 0) -> None:
    """Have the clocks jump to so much before or after the right time, at once for everybody who reads the file."""
    written = shift.with_suffix(".new")
    written.write_text(f"{host_ms} {database_ms}")
    written.replace(shift)
