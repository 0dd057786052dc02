"""Any movements of any runs, budgets and days: the ledger answers and counts as a plain model does that knows no database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from agents import ledger
from agents.ledger import Amounts, Crossing, Drawn, RunPurse, Short
from tests.integration.purses import House, a_house, assert_the_books_add_up, at_day, books

DAY_0 = date(2026, 6, 10)
CALLERS: dict[str, tuple[str, ...]] = {"run_1": (), "run_2": (), "run_3": ("run_1",), "run_4": ("run_1", "run_3"), "run_5": ("run_2",)}
AGENTS = {"run_1": 0, "run_2": 1, "run_3": 1, "run_4": 0, "run_5": 1}
MODELS = ("m", "n")
SCOPES = (("tenant", None), ("agent", 0), ("agent", 1), ("model", "m"), ("model", "n"))

LIMITS = st.none() | st.integers(0, 300)
ONE_IN_SIX = st.integers(0, 5).map(lambda number: number == 5)
PARTS = st.dictionaries(st.sampled_from(MODELS), st.integers(0, 60), max_size=2)


@dataclass
class Scope:
    """A scope as the model has it; how far it may stand above its limit is what was absorbed, or left by a lowered limit."""

    limit: int | None = None
    reserved: int = 0
    spent: int = 0
    excess: int = 0
    told: int | None = None

    def over(self) -> int:
        return 0 if self.limit is None else self.reserved + self.spent - self.limit

    def limited(self, limit: int | None) -> None:
        self.limit = limit
        self.excess = max(0, self.over())


@dataclass
class Piece:
    """What was drawn by a reference, of the whole or of a model."""

    reference: str
    model: str
    day: date
    open: int
    spent: int = 0


@dataclass
class Modelled:
    """A run as the model has it."""

    limit: int | None
    pieces: list[Piece] = field(default_factory=list)
    is_closed: bool = False
    said: Amounts = field(default_factory=Amounts)

    def sum_of(self, model: str, *columns: str) -> int:
        return sum(getattr(piece, column) for piece in self.pieces if piece.model == model for column in columns)

    def amounts(self, *columns: str) -> Amounts:
        return Amounts(self.sum_of("", *columns), {model: sum_ for model in MODELS if (sum_ := self.sum_of(model, *columns))})


class Model:
    """What the ledger should say, written down without it."""

    def __init__(self, house: House, limits: dict[str, int | None]) -> None:
        self.house = house
        self.runs = {run: Modelled(limits[run]) for run in CALLERS}
        self.budgets: dict[tuple[str, str], int | None] = {}
        self.scopes: dict[str, Scope] = {}

    def scope(self, label: str) -> Scope:
        """Return a scope, opened if it was not."""
        if label not in self.scopes:
            plain, at, _ = label.rpartition("@")
            key = (plain, "day") if at else (label, "total")
            limit = self.runs[label.partition(":")[2]].limit if label.startswith("run:") else self.budgets.get(key)
            self.scopes[label] = Scope(limit)
        return self.scopes[label]

    def moved_by(self, run: str, model: str, day: date) -> list[str]:
        """Return the labels of the scopes that money of a run moves in."""
        if model:
            return [f"model:{model}", f"model:{model}@{day}"]
        shared = [self.house.label("tenant:T"), self.house.label(f"agent:A{AGENTS[run]}")]
        return [*shared, *(f"{label}@{day}" for label in shared), *(f"run:{each}" for each in (*CALLERS[run], run))]

    def draw(self, run: str, parts: dict[str, int], reference: str, day: date) -> Drawn | set[Short]:
        """Return what is drawn, or what may be said to be short."""
        me = self.runs[run]
        labels = {label: amount for model, amount in parts.items() for label in self.moved_by(run, model, day)}
        for each in (*CALLERS[run], run):
            self.scope(f"run:{each}")
        for label in labels:
            self.scope(label)
        if not parts or any(piece.reference == reference for piece in me.pieces):
            return Drawn(me.amounts("open", "spent"))
        if me.is_closed:
            return {Short(max(labels.values()), f"run:{run}")}
        limited = {label: amount for label, amount in labels.items() if self.scopes[label].limit is not None}
        lacks = {label: lack for label, amount in limited.items() if (lack := self.scopes[label].over() + amount) > 0}
        if lacks:
            return self.shorts(lacks, labels, day)
        me.pieces += [Piece(reference, model, day, amount) for model, amount in parts.items()]
        for label, amount in labels.items():
            scope = self.scopes[label]
            scope.reserved += amount
            scope.excess = 0
            assert scope.over() <= 0
        return Drawn(me.amounts("open", "spent"))

    def shorts(self, lacks: dict[str, int], wanted: dict[str, int], day: date) -> set[Short]:
        for_good = {label: lack for label, lack in lacks.items() if "@" not in label}
        most = max((for_good or lacks).values())
        named = [label for label, lack in (for_good or lacks).items() if lack == most]
        if for_good:
            return {Short(most, label) for label in named}
        midnight = at_day((day - DAY_0).days) + 43_200_000
        fits = {label: wanted[label] <= (self.scopes[label].limit or 0) for label in named}
        return {Short(most, label, "DAILY_LIMIT_EXCEEDED", midnight if fits[label] else None) for label in named}

    def settle(self, run: str, spent: Amounts, day: date, *, is_end: bool) -> set[Crossing]:
        me = self.runs[run]
        for each in (*CALLERS[run], run):
            self.scope(f"run:{each}")
        if me.is_closed:
            return set()
        me.is_closed, grown = is_end, set()
        for model in ("", *MODELS):
            due = (spent.by_model.get(model, 0) if model else spent.total) - me.sum_of(model, "spent")
            for piece in [piece for piece in me.pieces if piece.model == model]:
                taken = min(piece.open, max(0, due))
                due -= taken
                for label in self.moved_by(run, model, piece.day):
                    self.scope(label).reserved -= piece.open
                    self.scope(label).spent += taken
                    grown |= {label} if taken else set()
                piece.spent, piece.open = piece.spent + taken, 0
            if due > 0:
                me.pieces.append(Piece("", model, day, 0, due))
                for label in self.moved_by(run, model, day):
                    scope = self.scope(label)
                    scope.spent += due
                    grown.add(label)
        for label in self.scopes:
            self.scopes[label].excess = max(0, self.scopes[label].over())
        return set(self.crossings(grown))

    def crossings(self, grown: set[str]) -> Iterator[Crossing]:
        for label in grown:
            scope = self.scopes[label]
            if scope.limit is not None and scope.limit != scope.told and scope.spent * 5 >= scope.limit * 4:
                scope.told = scope.limit
                yield Crossing(label, scope.spent, scope.limit)

    def budget(self, plain: str, period: str, limit: int | None, day: date) -> None:
        self.budgets[plain, period] = limit
        self.scope(plain if period == "total" else f"{plain}@{day}")
        for label, scope in self.scopes.items():
            of, at, on = label.rpartition("@")
            if (period == "total" and label == plain) or (period == "day" and at and of == plain and on >= str(day)):
                scope.limited(limit)


class LedgerMachine(RuleBasedStateMachine):
    """Draws, today or tomorrow, gives back, ends, tops up and budgets; often the same thing twice."""

    @initialize(limits=st.fixed_dictionaries(dict.fromkeys(CALLERS, LIMITS)))
    def begin(self, limits: dict[str, int | None]) -> None:
        self.house = a_house(agents=2)
        self.model = Model(self.house, limits)
        self.number, self.keys = 0, 0
        for run in CALLERS:
            self.purse(run).open()
            self.model.scope(f"run:{run}")
        self.model.scope(self.house.label("tenant:T"))  # whose books they are is locked before all else

    def purse(self, run: str) -> RunPurse:
        return self.house.purse(run, self.model.runs[run].limit, *CALLERS[run], agent=AGENTS[run])

    @property
    def day(self) -> date:
        return DAY_0 + timedelta(days=self.number)

    @rule(run=st.sampled_from(list(CALLERS)), total=st.integers(0, 60), by_model=PARTS, reference=st.integers(0, 9), sleeps=st.booleans())
    def draw(self, run: str, total: int, by_model: dict[str, int], reference: int, sleeps: bool) -> None:
        self.number += sleeps
        wanted = Amounts(total, by_model)
        meant = self.model.draw(run, wanted.parts(), str(reference), self.day)
        answer = self.purse(run).draw(wanted, str(reference), at_ms=at_day(self.number))
        assert answer in meant if isinstance(meant, set) else answer == meant

    @rule(run=st.sampled_from(list(CALLERS)), more=st.integers(0, 60), by_model=PARTS, is_end=ONE_IN_SIX, twice=st.booleans())
    def settle(self, run: str, more: int, by_model: dict[str, int], is_end: bool, twice: bool) -> None:
        me = self.model.runs[run]
        grown = {model: me.said.by_model.get(model, 0) + by_model.get(model, 0) for model in MODELS}
        me.said = Amounts(me.said.total + more, grown)
        for _ in range(2 if twice else 1):
            meant = self.model.settle(run, me.said, self.day, is_end=is_end)
            purse = self.purse(run)
            told = (purse.close if is_end else purse.give_back)(me.said, at_ms=at_day(self.number))
            assert (set(told), len(told)) == (meant, len(meant))

    @rule(run=st.sampled_from(list(CALLERS)), amount=st.integers(1, 60), twice=st.booleans())
    def top_up(self, run: str, amount: int, twice: bool) -> None:
        self.keys += 1
        scope = self.model.scope(f"run:{run}")
        scope.limited(None if scope.limit is None else scope.limit + amount)
        for is_repeated in (False, True)[: 2 if twice else 1]:
            raised = self.purse(run).raise_limit(amount, f"key {self.keys}")
            assert (raised.limit_micro_usd, raised.repeated) == (scope.limit, is_repeated)

    @rule(scope=st.sampled_from(SCOPES), period=st.sampled_from(["total", "day"]), limit=LIMITS | st.just("remove"))
    def budget(self, scope: tuple[str, Any], period: str, limit: int | str | None) -> None:
        kind, key = scope
        asked = {"tenant": self.house.tenant, "kind": kind, "period": period, "key": f"agent-{key}" if kind == "agent" else key}
        plain = self.house.label({"tenant": "tenant:T", "agent": f"agent:A{key}", "model": f"model:{key}"}[kind])
        if limit != "remove":
            ledger.set_budget(**asked, limit_micro_usd=limit, at_ms=at_day(self.number))
            self.model.budget(plain, period, limit, self.day)
        elif (plain, period) in self.model.budgets:
            ledger.remove_budget(**asked, at_ms=at_day(self.number))
            self.model.budget(plain, period, None, self.day)
            del self.model.budgets[plain, period]

    @invariant()
    def the_ledger_counts_as_the_model(self) -> None:
        meant = {label: (scope.limit, scope.reserved, scope.spent) for label, scope in self.model.scopes.items()}
        assert books(self.house.tenant) == meant
        for label, scope in self.model.scopes.items():
            assert scope.over() <= scope.excess, label
        for run, me in self.model.runs.items():
            assert self.purse(run).held() == me.amounts("open", "spent")
            assert self.purse(run).spent() == me.amounts("spent")

    @invariant()
    def the_books_add_up(self) -> None:
        assert_the_books_add_up()

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.tenant.delete()


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("db")
def test_it_counts_as_a_plain_model_does() -> None:
    run_state_machine_as_test(LedgerMachine, settings=settings(max_examples=40, stateful_step_count=30))
