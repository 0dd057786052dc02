"""Signs of life: who falls silent in the middle of something is found, and nobody else."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from runs.shell import lifesigns
from runs.shell.lifesigns import LifeSigns, Watch

PATIENCE_S = 10.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signs(monkeypatch: pytest.MonkeyPatch) -> Iterator[LifeSigns]:
    made = LifeSigns()
    monkeypatch.setattr(lifesigns, "signs", made)
    yield made
    made.close()


@pytest.fixture
def watch(signs: LifeSigns, clock: Clock) -> Watch:
    return Watch(signs, PATIENCE_S, clock)


def silent_after(watch: Watch, clock: Clock, seconds: float) -> list[int]:
    """Look every second for so long; return who is silent at the end."""
    found: list[int] = []
    for _ in range(round(seconds)):
        clock.now += 1
        found = watch.silent()
    return found


def test_it_finds_who_fell_silent(watch: Watch, clock: Clock) -> None:
    lifesigns.show()
    assert silent_after(watch, clock, PATIENCE_S) == []
    assert silent_after(watch, clock, 2) == [os.getpid()]


def test_it_finds_nobody_who_shows_itself(watch: Watch, clock: Clock) -> None:
    for _ in range(5):
        lifesigns.show()
        assert silent_after(watch, clock, PATIENCE_S) == []


def test_it_finds_nobody_who_has_nothing_to_do(watch: Watch, clock: Clock) -> None:
    with lifesigns.watched():
        pass
    assert silent_after(watch, clock, 5 * PATIENCE_S) == []


def test_it_finds_who_does_not_come_back(watch: Watch, clock: Clock) -> None:
    with lifesigns.watched():
        assert silent_after(watch, clock, PATIENCE_S + 2) == [os.getpid()]


def test_it_judges_nobody_when_it_was_away_itself(watch: Watch, clock: Clock) -> None:
    lifesigns.show()
    assert silent_after(watch, clock, 1) == []
    clock.now += 100 * PATIENCE_S
    assert watch.silent() == []
    assert silent_after(watch, clock, PATIENCE_S) == []
    assert silent_after(watch, clock, 2) == [os.getpid()]


def test_it_never_blocks_who_shows_itself(signs: LifeSigns) -> None:
    for _ in range(50_000):
        signs.show()
    assert len(list(signs.seen())) < 50_000


def test_it_is_silent_where_nobody_watches() -> None:
    assert lifesigns.signs is None
    with lifesigns.watched():
        lifesigns.show()
