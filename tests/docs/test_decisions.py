"""Every rule the machine decides by has words, in the code and on its page; a new rule without them fails here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from catalog.contracts import Source
from runs.engine import decisions
from runs.engine.outcomes import FORMS
from runs.shell.reading.decided import RULES, in_words

PROJECT = Path(__file__).resolve().parents[2]
ENGINE = PROJECT / "runs/engine"
PAGE = PROJECT / "docs/reference/decisions.md"
KINDS = {name for name, found in vars(decisions).items() if isinstance(found, type) and issubclass(found, decisions.Decision)}
# Where the rule stands among the arguments of what passes it on.
PLACES = dict.fromkeys(KINDS, 0) | {
    "deny": 4,
    "abort": 2,
    "_skip": 2,
    "_unrendered": 4,
    "_ask_for_more": 1,
    "resolve": 4,
    "finish": 2,
    "RetryDecision": 0,
    "Disposition": 1,
}
# What passes on a rule that stands elsewhere, and the rules it may be.
PASSED_ON = {"rule", "why", "decision.rule", "chosen.rule", "source", "waits_for"}
BY_PATTERN = {
    "f'on_exhausted_{how}'": {"on_exhausted_fail", "on_exhausted_finish_cheap"},
    "f'{waited.reason}_expired'": {f"{waits}_expired" for waits in FORMS},
    "f'run_{how}'": {"run_cancelled", "run_failed"},
}
BESIDE = {*FORMS, "step_policy", "category_default", *(f"advice_{source}" for source in get_args(Source))}


def calls() -> Iterator[tuple[str, ast.expr]]:
    """Yield where the engine names a rule, and how."""
    for path in sorted(ENGINE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
                if name in PLACES and len(node.args) > PLACES[name]:
                    yield f"{path.name}:{node.lineno} {name}", node.args[PLACES[name]]


def assigned() -> set[str]:
    """Return the rules that are chosen first and passed on by a name, and why facts are ignored."""
    found: set[str] = set()
    for path in sorted(ENGINE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and any("rule" in ast.unparse(target) for target in node.targets):
                found |= _texts(node.value)
    facts = ast.parse((ENGINE / "facts.py").read_text(encoding="utf-8"))
    gates = ast.parse((ENGINE / "gates.py").read_text(encoding="utf-8"))
    asks = next(node for node in gates.body if isinstance(node, ast.FunctionDef) and node.name == "why_ask")
    for node in (*ast.walk(facts), *ast.walk(asks)):
        if isinstance(node, ast.Return) and node.value is not None:
            found |= _texts(node.value)
    return {text for text in found if re.fullmatch(r"[a-z_]+", text)} - NO_RULES


NO_RULES = {"rate", "circuit", "action", "always", "waiting"}
"""Words beside rules: what a step waits for, what a plan asks, a field of a form."""


def _texts(value: ast.expr) -> set[str]:
    return {node.value for node in ast.walk(value) if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value}


def rules() -> set[str]:
    found = assigned() | BESIDE
    for where, named in calls():
        if isinstance(named, ast.Constant):
            found.add(str(named.value))
        else:
            text = ast.unparse(named)
            assert text in PASSED_ON or text in BY_PATTERN, f"{where}: say in this test which rules {text} may be"
            found |= BY_PATTERN.get(text, set())
    return found


def test_it_has_words_for_every_rule_of_the_engine() -> None:
    assert sorted(rules() - RULES.keys()) == []


def test_it_has_words_for_no_rule_that_is_gone() -> None:
    assert sorted(RULES.keys() - rules() - {"run_is_over", "unknown_action"}) == []


def test_its_page_says_what_the_code_says() -> None:
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    kinds = {found.__struct_config__.tag for name, found in vars(decisions).items() if name in KINDS and name != "Decision"}
    assert {name: words for name, words in rows.items() if name in RULES} == RULES
    assert kinds <= rows.keys(), "every kind of decision is on the page"


@pytest.mark.parametrize("rule", ["some_old_rule"])
def test_it_shows_a_rule_of_an_older_version_by_its_name(rule: str) -> None:
    assert in_words(rule) == "some old rule"
