"""How long things are kept, as the environment says it: numbers of days or for ever, in an order that makes sense."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from aos_site.settings import retention_days

GOOD = {"payload": "90", "event": "365", "effect": "1095", "run": "", "operational": "7"}


def test_it_reads_days_and_for_ever() -> None:
    assert retention_days(GOOD) == {"payload": 90, "event": 365, "effect": 1_095, "run": None, "operational": 7}


def test_it_keeps_all_for_ever_when_told_so() -> None:
    assert set(retention_days(dict.fromkeys(GOOD, "")).values()) == {None}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"payload": "0"}, "AOS_RETENTION_PAYLOAD_DAYS must be a number", id="none at all"),
        pytest.param({"payload": "-1"}, "AOS_RETENTION_PAYLOAD_DAYS must be a number", id="negative"),
        pytest.param({"operational": "week"}, "it is 'week'", id="a word"),
        pytest.param({"effect": "1.5"}, "AOS_RETENTION_EFFECT_DAYS must be a number", id="a fraction"),
        pytest.param({"event": "89"}, "EVENT_DAYS must not be less than AOS_RETENTION_PAYLOAD_DAYS", id="event before payload"),
        pytest.param({"payload": ""}, "AOS_RETENTION_EVENT_DAYS must not be less", id="payload for ever, events not"),
        pytest.param({"effect": "364"}, "EFFECT_DAYS must not be less than AOS_RETENTION_EVENT_DAYS", id="effect before event"),
        pytest.param({"run": "1094"}, "RUN_DAYS must not be less than AOS_RETENTION_EFFECT_DAYS", id="run before effect"),
    ],
)
def test_it_refuses_what_makes_no_sense(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        retention_days({**GOOD, **wrong})
