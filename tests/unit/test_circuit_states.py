"""A circuit opens after failures in a row, stays open its time, lets one call try, and goes by how that ends."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.circuit_states import (
    CLOSED,
    HOST_CODES,
    TRIAL_WAIT_MS,
    Bounds,
    Said,
    Standing,
    asked,
    ended,
    said_by,
    state_of,
)
from skills.taxonomy import CODES

BOUNDS = Bounds(failures=3, open_ms=1_000)
NOW = 50_000
TRIAL_MS = 300

COUNTED = Standing(failures=2, last_code="TIMEOUT")
OPEN = Standing(failures=3, openings=1, open_until_ms=NOW + 400, last_code="TIMEOUT")
HALF_OPEN = OPEN._replace(open_until_ms=NOW - 1)
TRYING = HALF_OPEN._replace(trial_until_ms=NOW + TRIAL_MS)

ENDINGS: list[tuple[str, Standing, Said, bool, Standing]] = [
    ("closed, it is down", CLOSED, "down", False, Standing(failures=1, last_code="DNS_FAILURE")),
    ("closed, it is up", CLOSED, "up", False, CLOSED),
    ("counted, it is up", COUNTED, "up", False, COUNTED._replace(failures=0)),
    ("counted, it says nothing", COUNTED, "nothing", False, COUNTED),
    ("counted, the last one", COUNTED, "down", False, Standing(3, 1, NOW + 1_000, None, "DNS_FAILURE")),
    ("open, one from before is down", OPEN, "down", False, OPEN),
    ("open, one from before is up", OPEN, "up", False, OPEN),
    ("open, a lost trial comes back", OPEN, "up", True, OPEN),
    ("half-open, one from before is up", HALF_OPEN, "up", False, HALF_OPEN),
    ("half-open, one from before is down", TRYING, "down", False, TRYING),
    ("the trial is up", TRYING, "up", True, Standing(0, 1, None, None, "TIMEOUT")),
    ("the trial is down", TRYING, "down", True, Standing(4, 2, NOW + 1_000, None, "DNS_FAILURE")),
    ("the trial says nothing", TRYING, "nothing", True, HALF_OPEN),
]


@pytest.mark.parametrize(("before", "said", "was_trial", "after"), [row[1:] for row in ENDINGS], ids=[row[0] for row in ENDINGS])
def test_it_goes_by_the_table_when_a_call_ends(before: Standing, said: Said, was_trial: bool, after: Standing) -> None:
    assert ended(before, said, "DNS_FAILURE", NOW, BOUNDS, was_trial=was_trial) == after


ASKED: list[tuple[str, Standing, Standing, int | None]] = [
    ("closed", CLOSED, CLOSED, None),
    ("counted", COUNTED, COUNTED, None),
    ("open", OPEN, OPEN, 400),
    ("half-open", HALF_OPEN, HALF_OPEN._replace(trial_until_ms=NOW + TRIAL_MS), None),
    ("somebody tries", TRYING, TRYING, TRIAL_MS),
    ("somebody tries for long", TRYING._replace(trial_until_ms=NOW + 60_000), TRYING._replace(trial_until_ms=NOW + 60_000), TRIAL_WAIT_MS),
    ("the trial is lost", TRYING._replace(trial_until_ms=NOW), TRYING, None),
]


@pytest.mark.parametrize(("before", "after", "wait_ms"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
def test_it_goes_by_the_table_when_a_call_is_asked_for(before: Standing, after: Standing, wait_ms: int | None) -> None:
    assert asked(before, NOW, TRIAL_MS) == (after, wait_ms)


def test_it_tells_the_whole_story() -> None:
    circuit, states = CLOSED, []
    for at in (0, 1, 2):
        circuit = ended(circuit, "down", "TIMEOUT", at, BOUNDS, was_trial=False)
        states.append(state_of(circuit, at))
    assert states == ["closed", "closed", "open"]
    assert (asked(circuit, 500, TRIAL_MS)[1], state_of(circuit, 1_002)) == (502, "half_open")
    circuit, wait_ms = asked(circuit, 1_002, TRIAL_MS)
    assert (wait_ms, asked(circuit, 1_003, TRIAL_MS)[1]) == (None, 299)
    circuit = ended(circuit, "down", "TIMEOUT", 1_100, BOUNDS, was_trial=True)
    assert (state_of(circuit, 1_101), circuit.openings, asked(circuit, 1_101, TRIAL_MS)[1]) == ("open", 2, 999)
    circuit, _ = asked(circuit, 2_100, TRIAL_MS)
    circuit = ended(circuit, "up", "", 2_200, BOUNDS, was_trial=True)
    assert (state_of(circuit, 2_201), circuit.failures, asked(circuit, 2_201, TRIAL_MS)) == ("closed", 0, (circuit, None))


SAID: list[tuple[str | None, dict[str, Any], Said]] = [
    *((code, {}, "down") for code in sorted(HOST_CODES)),
    ("HTTP_5XX", {"phase": "acked"}, "down"),
    ("HTTP_4XX", {"phase": "acked"}, "up"),
    ("RATE_LIMITED", {"phase": "acked"}, "up"),
    ("INVALID_RESPONSE", {"phase": "acked"}, "up"),
    ("RATE_LIMITED", {}, "nothing"),
    ("CANCELLED", {"phase": "maybe_sent"}, "nothing"),
    ("SCHEMA_VALIDATION_FAILED", {}, "nothing"),
    ("LEASE_LOST", {"phase": "maybe_sent"}, "nothing"),
    (None, {"phase": "acked"}, "up"),
    (None, {"phase": "acked", "from_cache": True}, "nothing"),
]


@pytest.mark.parametrize(("code", "more", "said"), SAID)
def test_it_hears_of_the_host_and_of_nothing_else(code: str | None, more: dict[str, Any], said: Said) -> None:
    assert said_by(code, **({"phase": "not_sent"} | more)) == said


def test_its_codes_are_codes() -> None:
    assert set(CODES) >= HOST_CODES
