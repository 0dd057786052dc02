"""How a supervisor is asked to end, and what it makes of signals that come twice, late or never."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from runs.shell.processes.supervision import AT_ONCE_SECONDS, BEYOND_GRACE_SECONDS, SAME_WISH_SECONDS, Ending, Wish, pressed
from runs.shell.processes.wakeups import Pulse, SignalPulse, forget_signals, wait_for_any
from tests.conftest import PROJECT

GRACE = 10.0

PRESSED = {
    "nobody asked": (Ending.NOT, 1_000.0, Ending.NOT),
    "within the grace": (Ending.IN_ORDER, GRACE, Ending.IN_ORDER),
    "past the grace": (Ending.IN_ORDER, GRACE + BEYOND_GRACE_SECONDS, Ending.AT_ONCE),
    "a moment to leave at once": (Ending.AT_ONCE, AT_ONCE_SECONDS - 0.1, Ending.AT_ONCE),
    "still there": (Ending.AT_ONCE, AT_ONCE_SECONDS, Ending.BY_FORCE),
    "nothing beyond force": (Ending.BY_FORCE, 1_000.0, Ending.BY_FORCE),
}


@pytest.mark.parametrize(("asked", "for_s", "then"), PRESSED.values(), ids=PRESSED.keys())
def test_it_presses_who_does_not_follow_in_time(asked: Ending, for_s: float, then: Ending) -> None:
    assert pressed(asked, for_s, GRACE) is then


HEARD = {
    "one": ([(0.0, signal.SIGTERM)], Ending.IN_ORDER),
    "one that was delivered twice": ([(0.0, signal.SIGTERM), (0.2, signal.SIGINT)], Ending.IN_ORDER),
    "a second": ([(0.0, signal.SIGINT), (1.5, signal.SIGINT)], Ending.AT_ONCE),
    "a third": ([(0.0, signal.SIGTERM), (1.5, signal.SIGTERM), (3.0, signal.SIGTERM)], Ending.BY_FORCE),
    "one more than that": ([(t, signal.SIGTERM) for t in (0.0, 1.5, 3.0, 4.5)], Ending.BY_FORCE),
    "the end of a child": ([(0.0, signal.SIGCHLD)], Ending.NOT),
}


@pytest.mark.parametrize(("signals", "then"), HEARD.values(), ids=HEARD.keys())
def test_it_counts_wishes_to_end(signals: list[tuple[float, int]], then: Ending, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    wish = Wish()
    for now[0], number in signals:
        wish.heard(number)
    assert wish.ending is then


def test_it_gives_the_next_wish_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    wish = Wish()
    wish.heard(signal.SIGTERM)
    seen = []
    for now[0] in (101.0, 112.5, 116.0, 118.0):
        seen.append(wish.now(GRACE))
    assert seen == [Ending.IN_ORDER, Ending.AT_ONCE, Ending.AT_ONCE, Ending.BY_FORCE]
    assert SAME_WISH_SECONDS < AT_ONCE_SECONDS, "a person can be faster than the clock"


# What processes wait for


# In a program of its own: a test run has threads, beside which nothing should be forked.
FLAG_OVER_A_FORK = """
import os
from runs.shell.processes.wakeups import Flag, wait_for_any

flag, seen = Flag(), Flag()
child = os.fork()
if child == 0:
    wait_for_any((flag,), 20)
    if flag.is_raised():
        seen.hoist()
    os._exit(0)
assert not flag.is_raised()
flag.hoist()
os.waitpid(child, 0)
assert flag.is_raised() and seen.is_raised()
"""


def test_a_flag_is_seen_by_a_process_forked_before_it_was_raised() -> None:
    subprocess.run([sys.executable, "-c", FLAG_OVER_A_FORK], cwd=PROJECT, check=True)


def test_pulses_count_as_one_until_somebody_looks() -> None:
    pulse = Pulse()
    for _ in range(100_000):  # more than a pipe holds
        pulse.send()
    wait_for_any((pulse,), 20)
    pulse.forget()
    begun = time.monotonic()
    wait_for_any((pulse,), 0.05)
    assert time.monotonic() - begun >= 0.04
    pulse.close()


def test_a_signal_wakes_who_waits() -> None:
    heard: list[int] = []
    before = signal.getsignal(signal.SIGUSR1)
    pulse = SignalPulse(signal.SIGUSR1, handle=heard.append)
    try:
        sender = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
        sender.start()
        begun = time.monotonic()
        pulse.wait(20)
        assert time.monotonic() - begun < 10
        assert heard == [signal.SIGUSR1]
    finally:
        forget_signals()
        signal.signal(signal.SIGUSR1, before)
        pulse.close()
        sender.join()
