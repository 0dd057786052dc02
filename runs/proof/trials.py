"""Plays one plan many times in the *script* world, each time with everything in another order: `python -m runs.proof.trials`.

The outcomes of all calls are the same every time. What differs is what must not matter: the order of dictionaries, how long
calls take, and how many workers there are to make them, so that parallel steps end in another order. A job comes in as JSON on
standard input, what came of it goes out; the hash seed is the process's own. Needs neither Django nor a database.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

import msgspec

from runs.engine import events as e
from runs.engine.decisions import Admit, AskApproval, AskPerson, CallPlanner, Decision, StartStep
from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.events import Fact, Pin, RunAccepted, Terms
from runs.engine.script import Outcome, ScriptWorld
from runs.engine.state import State
from runs.engine.virtual import Entry, drive
from runs.shell.codec import decode, encode

T = TypeVar("T")

LONGEST_MS = 400
"""How long a call takes at the most, beside what its outcome says."""
SOMEBODY = "somebody"


class Job(msgspec.Struct):
    """A plan to play, what its calls come to, and which of all trials this process plays."""

    plan: dict[str, Any]
    inputs: dict[str, Any]
    memory: dict[str, Any]
    terms: Terms
    pins: dict[str, Pin]
    script: dict[str, list[Outcome]]
    answers: dict[str, Any]
    advice: dict[str, dict[str, Any]]
    bounds: dict[str, int]
    workers: list[int]
    first: int
    times: int


class Trial(msgspec.Struct):
    """One way in which the plan behaved: how often, with how many workers, and the journal of the first that did."""

    behaviour_hash: str
    content_hash: str
    status: str
    times: int
    workers: dict[int, int]
    journal: list[str]

    def entries(self) -> list[Entry]:
        """Return the journal as it was played."""
        records = [decode(text, seq=seq) for seq, text in enumerate(self.journal, start=1)]
        return [Entry(record.fact, record.decisions) for record in records]


class CrowdedWorld(ScriptWorld):
    """A script world with so many workers: a call begins when one of them is free, and takes a time of its own."""

    def __init__(self, job: Job, random: Random, workers: int) -> None:
        super().__init__(
            shuffled(job.plan, random),
            shuffled(job.script, random),
            pins=shuffled(job.pins, random),
            advice=shuffled(job.advice, random),
            bounds=shuffled(job.bounds, random),
        )
        self._pinned = shuffled(job.pins, random)
        self._given = job.answers
        self._random = random
        self._free_at = [0] * workers

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        if isinstance(wish, AskApproval):
            return [e.ApprovalDecided(state.now_ms + 1, wish.step, wish.action_hash, approved=True, by=SOMEBODY)]
        if isinstance(wish, AskPerson):
            return [self._said_by_somebody(state, wish)]
        return super().answer(state, wish)

    def _said_by_somebody(self, state: State, wish: AskPerson) -> Fact:
        asked = state.steps[wish.step]
        value = self._given.get(asked.node) if asked.reason == "input" else {"action": "skip" if asked.reason == "escalation" else "abort"}
        return e.AnswerGiven(state.now_ms + 1, wish.step, value, by=SOMEBODY)

    def facts_of(self, state: State, wish: StartStep | CallPlanner | Admit, said: Outcome) -> list[Fact]:
        if not isinstance(wish, StartStep):
            return super().facts_of(state, wish, said)
        place = min(range(len(self._free_at)), key=self._free_at.__getitem__)
        begins = max(state.now_ms, self._free_at[place])
        took = said.after_ms + self._random.randrange(LONGEST_MS)
        self._free_at[place] = begins + took
        return super().facts_of(state, wish, msgspec.structs.replace(said, after_ms=begins + took - state.now_ms))

    def _admitted(self, at: int, state: State, attempt: int) -> Fact:
        admitted = super()._admitted(at, state, attempt)
        assert isinstance(admitted, e.RunAdmitted)
        return msgspec.structs.replace(admitted, pins=dict(self._pinned))


def shuffled(value: T, random: Random) -> T:
    """Return a value whose dictionaries, at every depth, are in another order. Lists stay as they are: their order has a meaning."""
    if isinstance(value, Mapping):
        items = [(key, shuffled(each, random)) for key, each in value.items()]
        random.shuffle(items)
        return dict(items)  # type: ignore[return-value]
    if isinstance(value, list):
        return [shuffled(each, random) for each in value]  # type: ignore[return-value]
    return value


def play_trials(job: Job) -> list[Trial]:
    """Play the job's trials; return the ways in which the plan behaved, the first one first."""
    found: dict[tuple[str, str], Trial] = {}
    for number in range(job.first, job.first + job.times):
        workers = job.workers[number % len(job.workers)]
        state, journal = _played(job, number, workers)
        hashes = behaviour_hash(state), content_hash(state)
        trial = found.get(hashes)
        if trial is None:
            trial = found[hashes] = Trial(*hashes, state.status, 0, {}, [encode(entry.fact, entry.decisions) for entry in journal])
        trial.times += 1
        trial.workers[workers] = trial.workers.get(workers, 0) + 1
    return list(found.values())


def _played(job: Job, number: int, workers: int) -> tuple[State, Sequence[Entry]]:
    random = Random(number)  # noqa: S311 - only the order of things is left to chance, the same for the same number
    world = CrowdedWorld(job, random, workers)
    first = RunAccepted(
        0,
        "trial",
        job.terms,
        seed="trial",
        inputs=shuffled(job.inputs, random),
        memory=shuffled(job.memory, random),
        plan=world.plan,
    )
    return drive(first, world)


def main() -> None:
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(play_trials(job)))


if __name__ == "__main__":
    main()
