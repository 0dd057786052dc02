"""Tells replays to people, each from the very JSON the API answers."""

from __future__ import annotations

from typing import Any

from runs.contracts import BulkReplay
from runs.contracts_proof import DeterminismReport
from runs.management.printing import Paper, clean
from skills.wording import duration, money

MOST_DECISIONS = 20
_MODE_WORDS = {"verify": "verify", "tape": "tape", "live": "live", "what_if": "what-if"}


def tell_replay(report: dict[str, Any], paper: Paper) -> None:
    """Print which promises held, where behaviour first differed if it did, and the hashes; of a what-if, what would change."""
    if report["status"] == "running":
        waits = f": waits for {report['waiting_for'].replace('_', ' ')}" if report["waiting_for"] else ""
        paper.line(
            f"◷ {report['child_run_id']} goes on{waits}; ask again: manage.py diff {report['run_id']} {report['child_run_id']}", "amber"
        )
        return
    if report["what_if"] is not None:
        _tell_what_if(report, report["what_if"], paper)
        return
    _tell_promises(report, paper)
    _tell_gaps(report["missing"], paper)
    found = report["divergence"]
    if found is not None:
        where = ", ".join(f"{name} {found[key]}" for name, key in (("event", "seq"), ("step", "step_id")) if found[key] is not None)
        paper.line(f"first difference at {where or 'the end'}: {clean(found['detail'])}", "red")
        paper.pairs([("expected", found["expected"]), ("found", found["actual"])])
    if report["content"] is not None:
        paper.line(f"results: {clean(report['content'])}, which is no promise", "grey")
    paper.pairs([("behaviour", report["behaviour_hash"]), ("recorded", report["recorded_behaviour_hash"])])
    said = "behaves exactly as recorded" if report["matched"] else "does not behave as recorded"
    paper.line(f"{report['events']} events replayed ({_MODE_WORDS[report['mode']]}): {said}", "green" if report["matched"] else "red")


def _tell_promises(report: dict[str, Any], paper: Paper) -> None:
    for invariant in report["invariants"]:
        detail = f" ({invariant['detail']})" if invariant["detail"] else ""
        paper.check(invariant["name"].replace("_", " ") + detail, invariant["held"])


def _tell_gaps(gaps: list[dict[str, Any]], paper: Paper) -> None:
    for gap in gaps:
        paper.line(clean(f"⚠ {gap['step_id']}: {gap['detail']}"), "amber")


_COMPARED = ("status", "code", "waiting_for", "cost_micro_usd", "calls", "retries", "duration_ms")


def _tell_what_if(report: dict[str, Any], told: dict[str, Any], paper: Paper) -> None:
    before, after = told["before"], told["after"]
    rows = [
        (name.removesuffix("_micro_usd").removesuffix("_ms").replace("_", " "), _said(name, before), _said(name, after))
        for name in _COMPARED
    ]
    paper.table(("", "as it was", "as it would be"), rows)
    decided = told["decisions"][:MOST_DECISIONS]
    if decided:
        paper.heading("Decided otherwise")
        paper.table(
            ("step", "as it was", "as it would be"), [(d["step_id"] or "the run", _rule(d["was"]), _rule(d["would_be"])) for d in decided]
        )
        if len(told["decisions"]) > MOST_DECISIONS:
            paper.line(f"… and {len(told['decisions']) - MOST_DECISIONS} more", "grey")
    for each in told["assumed"]:
        paper.line(clean(f"taken for granted: {each['step_id']}, attempt {each['attempt']}: {each['what']}"), "amber")
    if told["unknown"]:
        paper.line(clean(f"not known beyond: {told['unknown']}"), "amber")
    paper.line(
        "nothing would have been otherwise" if report["matched"] else "it would have gone another way",
        "green" if report["matched"] else "blue",
    )


def _name(name: str) -> str:
    return name.removesuffix("_micro_usd").removesuffix("_ms").replace("_", " ")


def _said(name: str, ending: dict[str, Any]) -> str:
    value = ending[name]
    if value is None:
        return "–"
    return money(value) if name == "cost_micro_usd" else duration(value) if name == "duration_ms" else str(value)


def _rule(decision: dict[str, Any] | None) -> str:
    if decision is None:
        return "–"
    delay = f" after {duration(decision['delay_ms'])}" if decision.get("delay_ms") else ""
    return f"{decision['kind']} ({decision['rule']}){delay}"


def tell_bulk_replay(report: BulkReplay, paper: Paper) -> None:
    """Print the runs that do not behave as recorded, and how many do."""
    if report.runs:
        rows = [(each.run_id, each.seq if each.seq is not None else "", each.step_id or "", each.detail) for each in report.runs]
        paper.table(("run", "event", "step", "what differs"), rows)
        if report.diverged > len(report.runs):
            paper.line(f"… and {report.diverged - len(report.runs):,} more", "grey")
    if report.gone:
        paper.line(f"{report.gone:,} could not be replayed: retention removed their payload", "grey")
    rate = f"{report.events:,} events in {duration(report.took_ms)}"
    said = f"{report.matched:,} of {report.replayed:,} runs behave as recorded ({report.mode}, {rate})"
    paper.line(("✓ " if not report.diverged else "✕ ") + said, "red" if report.diverged else "green")


def tell_determinism(report: DeterminismReport, paper: Paper) -> None:
    """Print each way in which a plan behaved, how often by hash seed and workers, and where the first two part."""
    columns = ("behaviour", "ends", "times", *(f"seed {seed}" for seed in report.hash_seeds), *(f"{n} workers" for n in report.workers))
    rows = [
        (
            way.behaviour_hash[:16],
            way.status,
            way.times,
            *(way.by_hash_seed.get(seed, 0) for seed in report.hash_seeds),
            *(way.by_workers.get(number, 0) for number in report.workers),
        )
        for way in report.behaviours
    ]
    paper.table(columns, rows)
    if report.divergence is not None:
        where = f" at step {report.divergence.step_id}" if report.divergence.step_id else ""
        paper.line(clean(f"they part{where}: {report.divergence.detail}"), "red")
    said = "behaves the very same every time" if report.identical else f"behaves in {len(report.behaviours)} ways"
    paper.line(f"{report.times:,} times played in {duration(report.took_ms)}: {said}", "green" if report.identical else "red")
