"""Settings that would lose work do not start."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from aos_site.checks import database_faults, queue_faults

QUEUES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "as shipped": ({}, []),
    "redelivery before the time-out": ({"retry": 10, "timeout": 10}, ["aos.E001"]),
    "one worker": ({"workers": 1}, ["aos.E002"]),
    "attempts of the queue's own": ({"max_attempts": 0}, ["aos.E003"]),
    "failures left unacknowledged": ({"ack_failures": False}, ["aos.E004"]),
}


@pytest.mark.parametrize(("change", "faults"), QUEUES.values(), ids=QUEUES.keys())
def test_it_judges_the_queue(change: dict[str, Any], faults: list[str]) -> None:
    assert [fault.id for fault in queue_faults(settings.Q_CLUSTER | change)] == faults


WAL = "PRAGMA journal_mode = WAL; PRAGMA synchronous=FULL;"


@pytest.mark.parametrize(
    ("database", "faults"),
    [
        ({"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": WAL}}, []),
        ({"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"init_command": WAL}}, ["aos.E005"]),
        ({"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "IMMEDIATE"}}, ["aos.E007"]),
        ({"ENGINE": "django.db.backends.postgresql"}, []),
    ],
    ids=["sqlite as shipped", "sqlite with deferred transactions", "sqlite without a write-ahead log", "postgresql"],
)
def test_it_judges_the_database(database: dict[str, Any], faults: list[str]) -> None:
    assert [fault.id for fault in database_faults(database)] == faults
