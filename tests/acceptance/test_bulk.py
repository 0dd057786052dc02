"""Many runs at once with a real worker: what somebody begins over HTTP, the worker's process works off."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Site
from tests.integration.workshop import step
from tests.processes import eventually

pytestmark = pytest.mark.acceptance

MANY = 24


def test_a_worker_cancels_all_runs_of_a_filter(site: Site) -> None:
    runs = [site.submit(step("long", "sleepy", ms=60_000)) for _ in range(MANY)]
    wanted = {"action": "cancel", "filter": {"agent": "worker"}}
    seen = site.post("bulk-operations/preview", wanted)
    assert (seen["total"], seen["needs_expected"]) == (MANY, True)
    wish = {**wanted, "filter": seen["filter"], "reason": "nobody needs them any more", "expected": MANY}
    begun = site.post("bulk-operations", wish, **{"Idempotency-Key": "once"})

    def is_over() -> bool:
        return bool(site.get(f"bulk-operations/{begun['bulk_id']}")["state"] != "running")

    eventually(is_over, f"the end of {begun['bulk_id']}\n{site.worker.log.read_text()[-3_000:]}", 30)
    told = site.get(f"bulk-operations/{begun['bulk_id']}")
    assert (told["state"], told["succeeded"], told["refused"], told["left"]) == ("finished", MANY, 0, 0)
    assert {site.until(run_id)["status"] for run_id in runs} == {"cancelled"}
