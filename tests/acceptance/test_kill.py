"""kill -9 in the middle: the run goes on, nothing committed is done twice, and an effect in doubt waits for a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Site
from tests.fakes.skills import witnessed
from tests.processes import children, eventually

pytestmark = pytest.mark.acceptance


def five_steps(witness: Path) -> list[dict[str, Any]]:
    """Return a chain of reads with a dawdling write in the middle."""
    read = {"skill": "sleepy", "params": {"ms": 20, "witness": str(witness)}}
    write = {"skill": "append_line", "params": {"witness": str(witness), "after_ms": 1_500}}
    steps = [{"step_id": f"s{n}", **(write if n == 3 else read)} for n in range(1, 6)]
    return [{**each, "depends_on": [f"s{n}"] if n else []} for n, each in enumerate(steps)]


@pytest.mark.parametrize("victim", ["workers", "everything"])
def test_it_goes_on_after_a_kill_and_repeats_nothing(site: Site, tmp_path: Path, victim: str) -> None:
    witness = tmp_path / "witness"
    family = site.worker.family()
    run_id = site.submit(*five_steps(witness))
    eventually(lambda: "s3 1" in witnessed(witness), "the write")
    if victim == "workers":
        for process in family.workers:
            process.kill()
        _goes_on(site, run_id, witness)
    else:
        site.worker.kill()
        eventually(lambda: not children(site.worker.pid) and not any(m.is_alive() for m in family.members()), "the end of all")
        with site.start_worker():
            _goes_on(site, run_id, witness)


def _goes_on(site: Site, run_id: str, witness: Path) -> None:
    site.until(run_id, "waiting")
    assert site.step(run_id, "s3")["status"] == "in_doubt"
    first, *behind = [blocker["what"] for blocker in site.get(f"runs/{run_id}/explain")["blocked_by"]]
    assert (first, set(behind)) == ("in_doubt", {"dependency"})
    site.post(f"runs/{run_id}/decide", {"step_id": "s3", "verdict": "happened", "reason": "the file says so"})
    assert site.until(run_id)["status"] == "succeeded"
    assert witnessed(witness) == ["s1 1", "s2 1", "s3 1", "s4 1", "s5 1"]
    site.assert_replays(run_id)
