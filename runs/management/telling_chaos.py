"""Tells a report about faults to people, from the very JSON the API answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runs.console.simulator.chaos_view import (
    CASE_COLUMNS,
    COLUMNS,
    case_row,
    fault_row,
    look_of_fault,
    look_of_report,
    pairs_gone_wrong,
    pairs_of,
    sentence_of,
    went_wrong,
)
from runs.management.printing import Paper, clean, table_lines

CASES_SHOWN = 20


def tell_chaos(report: dict[str, Any], paper: Paper) -> None:
    """Print a report: the verdict in words, a row a fault, what went wrong, what was taken for granted or left out."""
    look = look_of_report(report)
    paper.line(f"{look.icon} {look.word}: {clean(sentence_of(report))}", look.colour)
    if report["faults"]:
        paper.line()
        looks = [look_of_fault(fault) for fault in report["faults"]]
        rows = [[f"{look.icon} {row[0]}", *row[1:]] for look, row in zip(looks, map(fault_row, report["faults"]), strict=True)]
        _coloured(paper, COLUMNS, rows, [look.colour for look in looks])
    wrong = [*went_wrong(report), *pairs_gone_wrong(report)]
    if wrong:
        paper.heading("What went wrong")
        _coloured(paper, CASE_COLUMNS, [case_row(case) for case in wrong[:CASES_SHOWN]], ["red"] * min(len(wrong), CASES_SHOWN))
        if len(wrong) > CASES_SHOWN:
            paper.line(f"and {len(wrong) - CASES_SHOWN} more: --json tells them all", "grey")
    _tell_what_else(report, paper)


def _tell_what_else(report: dict[str, Any], paper: Paper) -> None:
    paper.line()
    pairs = pairs_of(report)
    if pairs is not None:
        paper.line(pairs, "grey")
    for assumed in report["assumed"]:
        paper.line(clean(f"taken for granted: {assumed}"), "grey")
    if report["unreached"]:
        paper.line(clean(f"never called, so not tried: {', '.join(report['unreached'])}"), "grey")
    if report["limited"] is not None:
        paper.line(clean(f"! {report['limited']['detail']}"), "amber")


def _coloured(paper: Paper, columns: Sequence[str], rows: Sequence[Sequence[Any]], colours: Sequence[str]) -> None:
    head, rule, *lines = table_lines(columns, rows)
    paper.line(head, "bold")
    paper.line(rule, "grey")
    for line, colour in zip(lines, colours, strict=True):
        paper.line(line, colour)
