"""Tells replays to people, each from the very JSON the API answers."""

from __future__ import annotations

import json
from typing import Any

from runs.contracts.proof import DeterminismReport
from runs.contracts.simulation import BulkReplay
from runs.management.printing import Paper, clean
from runs.management.telling import tell_simulation
from skills.wording import awaited, duration, money

MOST_DECISIONS = 20
LONGEST = 40
_MODE_WORDS = {"verify": "verify", "tape": "tape", "live": "live", "what_if": "what-if"}


def tell_replay(report: dict[str, Any], paper: Paper) -> None:
    """Print which promises held, where behaviour first differed if it did, and the hashes; of a what-if, what would change."""
    if report["status"] == "running":
        waits = f": waits for {awaited(report['waiting_for'])}" if report["waiting_for"] else ""
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


def tell_rerun(preview: dict[str, Any], paper: Paper) -> None:
    """Print what doing a run again would mean: what is kept, what is called with which versions, what happens once more, at what cost."""
    if preview["carried"]:
        paper.line(clean(f"kept: {', '.join(preview['carried'])}"), "grey")
    paper.line(clean(f"called again: {', '.join(preview['again']) or 'whatever a planner proposes'}"))
    if preview["version_changes"]:
        rows = [
            (each["step_id"], each["skill"], each["then"], each["now"] or "not registered", "; ".join(each["changes"]) or "the same")
            for each in preview["version_changes"]
        ]
        paper.table(("step", "skill", "then", "now", "what differs"), rows)
    for each in preview["effects_again"]:
        paper.line(clean(f"⚠ {each['step_id']} ({each['skill']}): {each['detail']}"), "amber")
    simulation = preview["simulation"]
    if simulation is not None:
        tell_simulation(simulation, paper)


def tell_bom(report: dict[str, Any], paper: Paper) -> None:
    """Print what a run was made with, and what is not as it was in the run it is held against."""
    bom, planner = report["bom"], report["bom"]["planner"]
    made = " ".join(filter(None, (planner["name"], planner["version"], planner["model"])))
    paper.pairs(
        [
            ("run", bom["run_id"]),
            ("release", bom["release"] or "unknown"),
            ("planner", made),
            ("plan", bom["plan_hash"] or "none"),
            ("policies", bom["policies_hash"]),
            ("inputs", bom["inputs_hash"]),
            ("all of it", bom["bom_hash"]),
        ]
    )
    marks = {"same": "as registered", "changed": "another is registered", "not_registered": "not registered"}
    if bom["skills"]:
        rows = [(each["step_id"], each["skill"], each["version"], each["digest"][:12], marks[each["now"]]) for each in bom["skills"]]
        paper.table(("step", "skill", "version", "digest", "today"), rows)
    for each in bom["advice"]:
        by = each["candidate"] or (f"entry {each['entry']}" if each["entry"] else each["source"])
        paper.line(clean(f"advice on {each['code']} in {each['step_id']}: {each['mode']}, by {by}"), "grey")
    for each in bom["prices"]:
        paper.line(clean(f"price {each['pricing_version']}" + (f" of {each['model']}" if each["model"] else "")), "grey")
    _tell_against(report, paper)


def _tell_against(report: dict[str, Any], paper: Paper) -> None:
    against = report["against"]
    if against is None:
        if report["detail"]:
            paper.line(clean(report["detail"]), "amber")
        return
    how = {"named": "", "same_plan": " (the last success of the same plan)", "same_goal": " (the last success of the same goal)"}
    paper.heading(f"Since {against['run_id']}{how[against['found_by']]}")
    if against["changes"]:
        paper.table(
            ("what", "before", "now", ""), [(c["what"], _short(c["before"]), _short(c["after"]), c["detail"]) for c in against["changes"]]
        )
    else:
        paper.line(against["detail"], "green")


def tell_diff(found: dict[str, Any], paper: Paper) -> None:
    """Print where two runs first part, and in what they and their steps differ."""
    parting = found["divergence"]
    if parting is not None:
        paper.line(
            clean(f"first difference (events {_short(parting['seq'])} and {_short(found['other_seq'])}): {parting['detail']}"), "red"
        )
    rows = [("the run", each["what"], _short(each["first"]), _short(each["second"]), _counts(each)) for each in found["aspects"]]
    for step in found["steps"]:
        if step["within"] != "both":
            rows.append(
                (step["step_id"], "is there", str(step["within"] == "first").lower(), str(step["within"] == "second").lower(), "yes")
            )
        rows += [(step["step_id"], each["what"], _short(each["first"]), _short(each["second"]), _counts(each)) for each in step["aspects"]]
        if step["content"] == "differs":
            rows.append((step["step_id"], "result", "", "", "no"))
    if rows:
        paper.table(("step", "what", "first", "second", "counts"), rows)
    for change in found["made_of"]:
        paper.line(clean(f"made of: {change['detail']}"), "amber")
    if not found["complete"]:
        paper.line("one of them goes on; they are compared as far as they have come", "amber")
    paper.line("they behave alike" if found["same"] else "they do not behave alike", "green" if found["same"] else "red")


def _counts(aspect: dict[str, Any]) -> str:
    return "yes" if aspect["counts"] else "no"


def _short(value: Any) -> str:
    text = "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
