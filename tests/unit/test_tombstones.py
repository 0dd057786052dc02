"""What stays of an event without its payload: every field is decided about, and nothing that was written gets through."""

from __future__ import annotations

import hashlib
from typing import Any, get_args

import msgspec
import pytest

from runs.engine.decisions import AnyDecision, AskPerson, Finish, StartStep
from runs.engine.events import AnswerGiven, AnyFact, RunAccepted, StepFailed, StepSucceeded, Terms
from runs.shell.codec import decode, encode
from runs.shell.journal import Row
from runs.shell.tombstones import PAYLOAD_OF_DECISIONS, PAYLOAD_OF_FACTS, bury, first_removal, is_tombstone, read
from skills.refusal import Refusal

CANARY = "canary-of-a-customer"
# What stays: numbers, codes, names of the plan, who decided and why. A new field fails below until somebody decides.
KEPT_OF_FACTS = frozenset(
    {
        "action_hash",
        "advice",
        "amount_micro_usd",
        "answer",
        "approved",
        "at_ms",
        "attempt",
        "by",
        "cache_hit",
        "circuit",
        "circuit_until_ms",
        "code",
        "cost_micro_usd",
        "crash_count",
        "degraded",
        "edited_hash",
        "fallback",
        "from_step",
        "grant",
        "granted_by_model",
        "granted_micro_usd",
        "latency_ms",
        "limit",
        "limit_micro_usd",
        "missing_micro_usd",
        "model",
        "phase",
        "pins",
        "plan_hash",
        "planner",
        "planner_free",
        "planner_version",
        "pricing",
        "pricing_version",
        "reason",
        "release",
        "retry_after_ms",
        "retry_at_ms",
        "run_id",
        "scope",
        "seed",
        "side_effects",
        "simulated",
        "step",
        "target",
        "terms",
        "usage",
        "verdict",
        "versions",
        "worst_micro_usd",
    }
)
KEPT_OF_DECISIONS = frozenset(
    {
        "action_hash",
        "alternatives",
        "answer",
        "attempt",
        "barrier",
        "because",
        "by",
        "by_micro_usd",
        "by_model_micro_usd",
        "code",
        "cost_micro_usd",
        "delay_ms",
        "due_at_ms",
        "effect",
        "expires_at_ms",
        "granted_micro_usd",
        "idempotency_key",
        "limit_micro_usd",
        "max_cost_micro_usd",
        "mode",
        "model",
        "number",
        "reason",
        "restores",
        "rule",
        "scope",
        "skill",
        "spent_micro_usd",
        "status",
        "step",
        "target",
        "timeout_ms",
        "version",
        "way",
        "worst_micro_usd",
    }
)


@pytest.mark.parametrize(
    ("kinds", "kept", "payload"),
    [
        pytest.param(AnyFact, KEPT_OF_FACTS, PAYLOAD_OF_FACTS, id="facts"),
        pytest.param(AnyDecision, KEPT_OF_DECISIONS, PAYLOAD_OF_DECISIONS, id="decisions"),
    ],
)
def test_it_decides_about_every_field(kinds: Any, kept: frozenset[str], payload: frozenset[str]) -> None:
    fields = {name for kind in get_args(kinds) for name in kind.__struct_fields__}
    assert sorted(fields - kept - payload) == [], "say whether this is payload"
    assert sorted((kept | payload) - fields) == [], "nothing has these fields"
    assert kept & payload == frozenset()


WRITTEN = [
    RunAccepted(1, "run_1", Terms(), goal=CANARY, inputs={"a": CANARY}, memory={"a": CANARY}, means={"a": CANARY}, plan={"goal": CANARY}),
    StepSucceeded(1, "a", 1, result={CANARY: CANARY}, cost_micro_usd=7),
    StepFailed(1, "a", 1, "TIMEOUT", message=CANARY, details={"a": CANARY}, suggestions=[CANARY], alternatives=[{"a": CANARY}]),
    AnswerGiven(1, "a", CANARY, by="bob"),
]


@pytest.mark.parametrize("fact", WRITTEN, ids=lambda fact: fact.__struct_config__.tag)
def test_it_keeps_nothing_of_what_was_written(fact: Any) -> None:
    decisions = (AskPerson("skill_asks", "a", question=CANARY, form={"a": CANARY}), Finish("ended", message=CANARY))
    stone = bury(encode(fact, decisions), at_ms=5, rule="payload")
    assert CANARY not in stone
    assert read(stone).fact["kind"] == fact.__struct_config__.tag


def test_it_keeps_what_the_rules_count() -> None:
    effect = {"type": "FILE_APPEND", "target": "ledger.txt", "effect": "write", "phase": "acked"}
    data = encode(StepSucceeded(1, "a", 2, "x", cost_micro_usd=7, side_effects=[effect]), (StartStep("ready", "b", skill="say"),))
    kept = read(bury(data, at_ms=5, rule="payload"))
    assert kept.fact == {"kind": "step_succeeded", "at_ms": 1, "step": "a", "attempt": 2, "cost_micro_usd": 7, "side_effects": [effect]}
    assert msgspec.convert(kept.decisions, list[AnyDecision]) == [StartStep("ready", "b", skill="say")]


def test_it_says_when_by_which_rule_and_what_was_there() -> None:
    data = encode(StepSucceeded(1, "a", 1, "ü"), ())
    removed = read(bury(data, at_ms=5, rule="payload")).removed
    assert (removed.at_ms, removed.rule) == (5, "payload")
    assert (removed.sha256, removed.bytes) == (hashlib.sha256(data.encode()).hexdigest(), len(data.encode()))


def test_it_buries_once() -> None:
    stone = bury(encode(StepSucceeded(1, "a", 1, "x"), ()), at_ms=5, rule="payload")
    assert bury(stone, at_ms=6, rule="payload") == stone


def test_it_is_never_taken_for_an_event() -> None:
    data = encode(StepSucceeded(1, "a", 1, "x"), ())
    assert not is_tombstone(data)
    with pytest.raises(Refusal, match="event 3 has format 0"):
        decode(bury(data, at_ms=5, rule="payload"), seq=3)


@pytest.mark.parametrize("damaged", ["", "no json", '{"v":1,"fact":7}', '["v"]'])
def test_it_buries_what_cannot_be_read_whole(damaged: str) -> None:
    kept = read(bury(damaged, at_ms=5, rule="payload"))
    assert (kept.fact, kept.decisions, kept.removed.bytes) == ({}, [], len(damaged))


def test_it_finds_the_first_removal_of_a_journal_that_is_half_taken() -> None:
    whole = encode(StepSucceeded(1, "a", 1, "x"), ())
    rows = [Row(seq, "step_succeeded", "a", 1, 1, bury(whole, at_ms=seq, rule="payload") if seq < 3 else whole) for seq in (1, 2, 3)]
    assert first_removal(rows) == read(rows[0].data).removed
    assert first_removal(rows[2:]) is None
