"""The people around the system: they submit, change their minds, decide what waits for them, and now and then get no answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from runs import services
from runs.engine.state import State, StepState
from runs.models import Run
from runs.shell.reading.history import read_state
from skills.refusal import Refusal
from tests.integration.workshop import SAID_WHY, Workshop
from tests.simulation.plans import INPUTS, WRITING, Weather, plan_of
from tests.simulation.ports import at_virtual_now
from tests.simulation.schedule import SECOND, Process, Schedule
from tests.simulation.skills import Witness

VERDICTS = {
    "approval": ("approve", "approve", "approve", "reject"),
    "input": ("answer",),
    "escalation": ("retry", "modify", "skip", "skip", "abort"),
    "in_doubt": ("happened",) * 4 + ("did_not_happen",) * 4 + ("probe_again",),
}


class Crowd:
    """Acts through the services, as the API does. What it was told counts; what it was not told may or may not have happened."""

    def __init__(self, schedule: Schedule, workshop: Workshop, weather: Weather, witness: Witness) -> None:
        self._schedule = schedule
        self._random = schedule.random
        self._workshop = workshop
        self._weather = weather
        self._witness = witness
        self.accepted: list[str] = []
        self.keys: dict[str, str] = {}
        self.answers: Counter[str] = Counter()
        self.faults: list[str] = []
        self._to_come = 0

    def come(self) -> None:
        """Schedule everything people will do of themselves."""
        span = self._weather.busy_seconds * SECOND
        for number in range(self._weather.runs):
            plan, key = plan_of(self._random), f"key-{number}" if number % 2 else None
            for _ in range(2 if key and self._schedule.chance(0.4) else 1):
                self._at(self._random.random() * span * 0.6, partial(self._submit, plan, key), again=key is not None)
        for number in range(self._weather.wishes):
            self._at(self._random.random() * span, partial(self._wish, number))

    def is_done(self) -> bool:
        """Tell whether nobody will come any more of himself."""
        return self._to_come == 0

    def _at(self, delay_us: float, act: Callable[[], None], *, again: bool = False) -> None:
        """Make a request after a while; one that gets no answer is made again where that is safe."""
        self._to_come += 1

        def come() -> None:
            self._to_come -= 1
            if not self._ask(act) and again:
                self._at(self._random.random() * SECOND, act, again=True)

        self._schedule.after(delay_us, "client", come)

    def _ask(self, act: Callable[[], None]) -> bool:
        """Make a request in a process of its own; False where it died half-way."""
        at_virtual_now(self._schedule)
        client = Process("client")
        with self._schedule.within(client):
            try:
                act()
            except Refusal as refusal:
                self.answers[refusal.code] += 1
            except Exception as error:  # noqa: BLE001 - reported as what the seed has found
                self.faults.append(f"a client was answered {error!r}")
        return client.is_alive

    # Asking

    def _submit(self, plan: dict[str, Any], key: str | None) -> None:
        run, is_new = services.submit(
            principal=self._workshop.alice,
            agent_ref=self._workshop.agent.public_id,
            plan=plan,
            inputs=INPUTS,
            priority=len(plan["steps"]) % 2,
            idempotency_key=key,
        )
        self.answers["accepted" if is_new else "known"] += 1
        if key is not None and self.keys.setdefault(key, run.public_id) != run.public_id:
            self.faults.append(f"{key} answered two runs")
        if run.public_id not in self.accepted:
            self.accepted.append(run.public_id)

    def interject(self) -> None:
        """Ask for something in the middle of what a worker does."""
        self._ask(partial(self._wish, self._random.randrange(1_000)))

    def _wish(self, number: int) -> None:
        if not self.accepted:
            return
        run_id = self._random.choice(self.accepted)
        wish = self._random.choice(["cancel", "pause", "resume", "top_up", "top_up_twice", "stale"])
        bob: dict[str, Any] = {"principal": self._workshop.bob, "run_id": run_id}
        if wish == "cancel":
            services.cancel_run(**bob)
        elif wish == "pause":
            services.pause_run(**bob)
        elif wish == "resume":
            services.resume_run(**bob)
        elif wish == "stale":
            services.decide_step(**bob, step_id="s0", verdict="approve", action_hash="no such action")
        else:
            for _ in range(2 if wish == "top_up_twice" else 1):
                services.top_up_run(**bob, amount_micro_usd=500, idempotency_key=f"top-{number}")
        self.answers[wish] += 1

    # Deciding

    def attend(self, willing: float) -> None:
        """Look at what waits for a person and decide some of it."""
        waiting = Run.objects.filter(status="waiting").exclude(waiting_for__in=("timer", "retry")).order_by("pk")
        for run in waiting:
            if self._schedule.chance(willing):
                self._ask(partial(self._decide, run))

    def _decide(self, run: Run) -> None:
        state = read_state(run)
        bob: dict[str, Any] = {"principal": self._workshop.bob, "run_id": run.public_id}
        if state.paused:
            services.resume_run(**bob)
        elif state.waiting_for == "budget":
            services.top_up_run(**bob, amount_micro_usd=1_000) if self._schedule.chance(0.7) else services.cancel_run(**bob)
        else:
            for key in list(state.waiting):
                step = state.steps[key]
                if step.reason in VERDICTS or step.status == "in_doubt":
                    self._judge(state, step, bob)

    def _choose(self, verdicts: tuple[str, ...]) -> str:
        return self._random.choice(verdicts)

    def _judge(self, state: State, step: StepState, bob: dict[str, Any]) -> None:
        reason = step.reason if step.reason in VERDICTS else "in_doubt"
        verdict = self._choose(VERDICTS[reason])
        value: Any = None
        happened = self._witness.effects[step.idempotency_key] > 0
        if reason == "in_doubt" and not self._weather.liars and verdict != "probe_again":
            verdict = "happened" if happened else "did_not_happen"
        if reason == "escalation":
            if verdict == "retry" and happened and state.nodes[step.node].skill in WRITING:
                verdict = "skip"  # it was done; asking for it again would be asking for it twice
            value = {"params": {"acts": ["ok"]}} if verdict == "modify" else None
        if reason == "input":
            value = "this one"
        for _ in range(2 if self._schedule.chance(0.1) else 1):
            services.decide_step(
                **bob, step_id=step.key, verdict=verdict, action_hash=step.action_hash or None, value=value, reason=SAID_WHY
            )
            self.answers[verdict] += 1


class Errand(Crowd):
    """One run, asked for until it is accepted; whoever is asked says the first thing that comes to mind, which is the truth."""

    plan: dict[str, Any]

    def come(self) -> None:
        self._at(0, partial(self._submit, self.plan, "errand"), again=True)

    def _choose(self, verdicts: tuple[str, ...]) -> str:
        return verdicts[0]
