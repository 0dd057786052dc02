"""What a run's calls cost, one row each."""

from __future__ import annotations

from typing import Any


def charges_of(*args: Any) -> list[Any]:
    return []


def write_charges(rows: list[Any]) -> None:
    return


def news_of_crossing(run: Any, crossing: Any) -> Any:
    raise RuntimeError
