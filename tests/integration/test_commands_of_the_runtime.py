"""`manage.py resource_contract`, `failure_catalog` and `execute`: what people read, and what they get wrong."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from tests.integration.workshop import Workshop, a_worker, over, step


def command(*words: str) -> tuple[int, str, str]:
    """Return a command's exit code and what it printed on stdout and stderr."""
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command(*words, stdout=out, stderr=errors)
    except SystemExit as stopped:
        return int(str(stopped.code)), out.getvalue(), errors.getvalue()
    return 0, out.getvalue(), errors.getvalue()


def test_it_prints_what_a_run_may_use(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say"))
    with a_worker():
        over(run)
    code, out, _ = command("resource_contract", run.public_id)
    assert code == 0
    assert "budget" in out
    assert "say" in out


def test_it_prints_what_the_catalog_says_about_a_code(workshop: Workshop) -> None:
    code, out, _ = command("failure_catalog", "--code", "LLM_REFUSED")
    assert code == 0
    assert "LLM_REFUSED" in out


def test_it_executes_a_skill_and_tells_by_its_exit_code(workshop: Workshop) -> None:
    with a_worker():
        code, out, _ = command("execute", "say", "--param", "said=hello")
        assert (code, '"success": true' in out) == (0, True)
        code, out, _ = command("execute", "raises")
        assert (code, '"INTERNAL_ERROR"' in out) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["resource_contract", "run_none"], 3, "NOT_FOUND", id="no such run"),
        pytest.param(["failure_catalog", "--code", "nope!"], 2, "/code", id="no code"),
        pytest.param(["execute", "no_such_skill"], 5, "/plan/steps/0/skill", id="no such skill"),
        pytest.param(["execute", "http_call", "--param", "url=http://127.0.0.1:9/"], 5, "BLOCKED_TARGET", id="a blocked target"),
        pytest.param(["execute", "say", "--params", "/nowhere.json"], 2, "No such file", id="no such file"),
    ],
)
def test_it_says_in_one_line_what_is_wrong(workshop: Workshop, words: list[str], code: int, said: str) -> None:
    found, out, err = command(*words)
    assert (found, out) == (code, "")
    assert said in err
    assert "Traceback" not in err
