"""Processes that draw, give back and close, and are killed while they do: COMMAND, and after it the order.

Each writes down what it has done, as a journal does, and does again only what it had not written down: the ledger may
have done that already. Killed ones are followed by others until all is done.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from agents.ledger import Amounts, Drawn, RunPurse

COMMAND = (sys.executable, "-c", "import django; django.setup(); from tests.integration.mortal_purses import main; main()")
AMOUNT = 7
KILLING_SECONDS = 2.0


def spent_by(number: int) -> int:
    """Return what a run spends in the end: nothing, part of what it drew, all of it, or more."""
    return (number * 37) % (AMOUNT + 3)


class Journal:
    """What one worker has done, by run and deed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        # A line without an end was being written when its writer was killed.
        self.done = dict(line.rstrip("\n").split("=") for line in lines if line.endswith("\n"))
        # Replaced as a whole: whoever is killed in the middle of writing it anew would forget what was done.
        whole = path.with_suffix(".whole")
        whole.write_text("".join(line for line in lines if line.endswith("\n")))
        whole.replace(path)

    def note(self, deed: str, answer: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{deed}={answer}\n")
        self.done[deed] = answer


def work(order: dict[str, Any], place: int) -> None:
    """Do what is left of a worker's share."""
    journal = Journal(Path(order["folder"]) / f"worker-{place}")
    for number in range(place, order["attempts"], order["workers"]):
        if order["what"] == "reserve":
            reserve(order, journal, number)
        elif journal.done[f"admit:{number}"] == "drawn":
            spend(order, journal, number)


def reserve(order: dict[str, Any], journal: Journal, number: int) -> None:
    if f"admit:{number}" not in journal.done:
        answer = purse_of(order, number).draw(Amounts(AMOUNT, {"m": AMOUNT}), "admit")
        journal.note(f"admit:{number}", "drawn" if isinstance(answer, Drawn) else "short")


def spend(order: dict[str, Any], journal: Journal, number: int) -> None:
    """Park, draw again what there is, and end; a third of the runs just ends."""
    purse, spent = purse_of(order, number), spent_by(number)
    if number % 3 == 0 and f"park:{number}" not in journal.done:
        purse.give_back(Amounts(min(3, spent), {"m": min(3, spent)}))
        journal.note(f"park:{number}", "done")
    if number % 3 == 0 and f"extend:{number}" not in journal.done:
        answer = purse.draw(Amounts(2, {"m": 2}), "extend:1")
        journal.note(f"extend:{number}", "drawn" if isinstance(answer, Drawn) else "short")
    if f"close:{number}" not in journal.done:
        purse.close(Amounts(spent, {"m": spent}))
        journal.note(f"close:{number}", "done")


def purse_of(order: dict[str, Any], number: int) -> Any:
    agents = order["agents"]
    return RunPurse(order["tenant"], agents[number % len(agents)], f"run_{number}", None)


def oversee(order: dict[str, Any]) -> dict[str, Any]:
    """Start the workers, kill them by turns, start others in their place, and wait until all is done."""
    dice = random.Random(order["what"])  # noqa: S311 - spreads the kills, guards nothing
    killed = 0
    alive = {begin(order, place): place for place in range(order["workers"])}
    until = time.monotonic() + KILLING_SECONDS
    while alive:
        if time.monotonic() < until:
            time.sleep(dice.uniform(0, 0.05))
            os.kill(dice.choice(list(alive)), signal.SIGKILL)
        pid, status = os.waitpid(-1, 0 if time.monotonic() >= until else os.WNOHANG)
        if pid:
            place = alive.pop(pid)
            if os.WIFSIGNALED(status):
                killed += 1
                alive[begin(order, place)] = place
            elif status:
                raise SystemExit(f"worker {place} failed")
    return {"killed": killed, **told(order)}


def begin(order: dict[str, Any], place: int) -> int:
    """Fork a worker. This process has no connection, so the worker shares none."""
    pid = os.fork()
    if pid == 0:
        try:
            work(order, place)
        except BaseException:  # noqa: BLE001 - told on its error stream; nothing of the parent's may run on in here
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return pid


def told(order: dict[str, Any]) -> dict[str, Any]:
    """Return what all workers wrote down of their draws."""
    done: dict[str, str] = {}
    for place in range(order["workers"]):
        done |= Journal(Path(order["folder"]) / f"worker-{place}").done
    admitted = {int(deed.partition(":")[2]): answer for deed, answer in done.items() if deed.startswith("admit:")}
    return {"answers": Counter(admitted.values()), "drawn": [number for number, answer in admitted.items() if answer == "drawn"]}


def main() -> None:
    json.dump(oversee(json.loads(sys.argv[1])), sys.stdout)
