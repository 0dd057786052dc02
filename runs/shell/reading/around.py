"""What stands around a run in the database, as the explanation of a run reads it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Holder(NamedTuple):
    """The session that holds a run: where it works, and how long it is believed."""

    name: str
    lease_until_ms: int
    is_live: bool


class Queue(NamedTuple):
    """How a queued run stands: how many of its tenant's runs come before it (at most `counted`), and how many may run."""

    ahead: int = 0
    counted: int = 0
    tenant_running: int = 0
    tenant_limit: int | None = None
    agent_running: int = 0
    agent_limit: int | None = None
    agent: str = ""


class Ice(NamedTuple):
    """A freeze that stands: who froze what and why, and whether only the operator of the installation may lift it."""

    freeze_id: str
    label: str
    reason: str
    by: str
    since_ms: int
    is_everywhere: bool


class Around(NamedTuple):
    """The database's facts about a run at an instant. `status`, `wake_at_ms` and `crashes` are what its row says, which is
    behind its journal while a worker holds it."""

    at_ms: int
    status: str
    created_by: str = ""
    workers: int = 0
    holder: Holder | None = None
    queue: Queue = Queue()
    wake_at_ms: int | None = None
    crashes: int = 0
    max_crashes: int = 0
    ice: Mapping[str, Ice] = {}
    circuits: Mapping[str, tuple[int, int]] = {}
    missing: Mapping[tuple[str, str], tuple[str, ...]] = {}
