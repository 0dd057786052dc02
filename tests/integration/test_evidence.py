"""A run's evidence in one file: whatever is changed in it is found, by its own script and by the product, and nothing secret is in it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from agents.models import Tenant
from agents.tenancy import SCOPES
from runs.models import Run
from runs.proof import verify_evidence as script
from runs.proof.bundle import pack, sha256_of
from runs.proof.evidence import SCRIPT, evidence_of, verify_evidence
from skills.refusal import Refusal
from tests.api.cast import Caller, make_caller
from tests.integration.workshop import Workshop, a_worker, now, over, parked, step, step_of

Files = dict[str, bytes]


@pytest.fixture
def run(workshop: Workshop) -> Run:
    """A run that cost, failed once, wrote after an approval, and ended."""
    run = workshop.submit(
        step("look", "costly", worst=40, cost=30),
        step("try", "fails", "look", code="TIMEOUT", until_attempt=2, retry={"max_attempts": 2, "backoff_ms": 5}),
        step("write", "append_line", "try", witness="/dev/null", approval="always"),
        inputs={"note": "a password=hunter2 in a note"},
    )
    with a_worker():
        parked(run, "approval")
        hashed = step_of(run, "write")["action_hash"]
        workshop.decide(run, "write", "approve", action_hash=hashed, reason="checked with the customer")
        return over(run)


def unzipped(content: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "evidence.zip"
    path.write_bytes(content)
    return path


def listed(files: Files) -> Files:
    """Return the files with a manifest that fits them, as somebody would make who wants a change not to show."""
    manifest = json.loads(files["manifest.json"])
    rest = {name: content for name, content in files.items() if name != "manifest.json"}
    manifest["files"] = {name: {"sha256": sha256_of(content), "bytes": len(content)} for name, content in sorted(rest.items())}
    return rest | {"manifest.json": json.dumps(manifest).encode()}


def test_it_holds_what_is_recorded(run: Run, workshop: Workshop) -> None:
    files = unzipped(evidence_of(principal=workshop.alice, run_id=run.public_id))
    told = {name.removesuffix(".json"): json.loads(content) for name, content in files.items() if name.endswith(".json")}
    assert told["plan"]["steps"][0]["step_id"] == "look"
    assert [effect["step_id"] for effect in told["effects"]] == ["write"]
    asked, said = told["approvals"]
    assert (asked["what"], said["what"], said["by"], said["reason"]) == (
        "approval asked",
        "approval",
        "bob",
        "checked with the customer",
    )
    assert asked["action_hash"] == said["action_hash"]
    assert (told["costs"]["charged_micro_usd"], run.spent_micro_usd) == (30, 30)
    assert (told["hashes"]["behaviour_hash"], told["hashes"]["journal_head"]) == (run.behaviour_hash, run.journal_head)
    assert {skill["skill"] for skill in told["bom"]["skills"]} == {"costly", "fails", "append_line"}
    assert len(files["journal.jsonl"].splitlines()) == run.last_seq
    kinds = [json.loads(line)["kind"] for line in files["decisions.jsonl"].splitlines()]
    assert {"retry", "ask_approval", "finish"} <= set(kinds)


def test_the_same_run_gives_the_same_bytes_and_stays_as_it_is(run: Run, workshop: Workshop) -> None:
    first, again = (evidence_of(principal=workshop.alice, run_id=run.public_id) for _ in range(2))
    assert first == again
    assert (now(run).last_seq, now(run).journal_head) == (run.last_seq, run.journal_head)


def test_what_was_not_touched_is_found_unchanged(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    path = written(tmp_path, evidence_of(principal=workshop.alice, run_id=run.public_id))
    assert script.check(str(path)) == script.check(str(path), run.journal_head) == []
    found = verify_evidence(path, run.journal_head)
    assert (found["unchanged"], found["replayed"], found["signed"], found["complete"]) == (True, True, False, True)
    with zipfile.ZipFile(path) as bundle:
        bundle.extract(SCRIPT, tmp_path)
    done = subprocess.run([sys.executable, "-I", SCRIPT, path.name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.startswith("unchanged")) == (0, True), done.stderr


# What was touched: the lines of a journal, with a manifest that was made to fit


def lines_of(files: Files) -> list[bytes]:
    return files["journal.jsonl"].splitlines(keepends=True)


LINES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "a line changed": (lambda lines: [*lines[:2], lines[2].replace(b'"at_ms":1', b'"at_ms":2'), *lines[3:]], "line 4"),
    "the first line changed": (lambda lines: [lines[0].replace(b"hunter2", b"hunter3"), *lines[1:]], "line 2"),
    "the last line changed": (lambda lines: [*lines[:-1], lines[-1].replace(b"at_ms", b"at_mz", 1)], "does not end as the manifest says"),
    "a line removed": (lambda lines: [*lines[:3], *lines[4:]], "line 4"),
    "the first line removed": (lambda lines: lines[1:], "line 1"),
    "the last line removed": (lambda lines: lines[:-1], "does not end as the manifest says"),
    "a line added": (lambda lines: [*lines[:3], lines[2], *lines[3:]], "line 4"),
    "two lines swapped": (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "line 4"),
    "no line left": (lambda lines: [], "does not end as the manifest says"),
    "a line that is no JSON": (lambda lines: [*lines[:2], b"{\n", *lines[3:]], "cannot be read"),
}


def test_every_harm_to_the_journal_is_found_at_its_line(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    files = unzipped(evidence_of(principal=workshop.alice, run_id=run.public_id))
    for name, (harm, words) in LINES.items():
        path = written(tmp_path, pack(listed(files | {"journal.jsonl": b"".join(harm(lines_of(files)))})))
        problems = script.check(str(path))
        assert any(words in problem for problem in problems), (name, problems)
        assert not verify_evidence(path)["unchanged"], name


def test_a_flipped_byte_is_found_wherever_it_is(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    files = unzipped(evidence_of(principal=workshop.alice, run_id=run.public_id))
    for name, content in files.items():
        if name == "manifest.json":
            continue
        place = len(content) // 2
        flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        path = written(tmp_path, pack(files | {name: flipped}))
        assert f"{name}: was changed" in script.check(str(path))


def test_a_flipped_byte_of_the_file_itself_is_found(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    content = evidence_of(principal=workshop.alice, run_id=run.public_id)
    whole = unzipped(content)
    for place in range(40, len(content), 211):
        path = written(tmp_path, content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
        problems = script.check(str(path))
        # A byte nobody reads, such as a time of day, changes nothing that is told.
        assert problems or unzipped(path.read_bytes()) == whole, place


FILES: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a file added": (lambda files: files | {"note.txt": b"trust me"}, "note.txt: was added"),
    "a file removed": (lambda files: {n: c for n, c in files.items() if n != "costs.json"}, "costs.json: was removed"),
    "the manifest removed": (lambda files: {n: c for n, c in files.items() if n != "manifest.json"}, "cannot be read"),
    "the journal removed": (lambda files: {n: c for n, c in files.items() if n != "journal.jsonl"}, "cannot be read"),
    "a manifest of another shape": (lambda files: files | {"manifest.json": b"[]"}, "cannot be read"),
}


def test_every_harm_to_the_files_is_found(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    files = unzipped(evidence_of(principal=workshop.alice, run_id=run.public_id))
    for name, (harm, words) in FILES.items():
        path = written(tmp_path, pack(harm(files)))
        assert any(words in problem for problem in script.check(str(path))), name
        assert not verify_evidence(path)["unchanged"], name


def test_a_name_that_is_there_twice_is_found(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    path = written(tmp_path, evidence_of(principal=workshop.alice, run_id=run.public_id))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as bundle:
        bundle.writestr("costs.json", "{}")
    assert "costs.json: is there more than once" in script.check(str(path))


def test_costs_that_do_not_follow_from_the_journal_are_found_by_the_product(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    files = unzipped(evidence_of(principal=workshop.alice, run_id=run.public_id))
    path = written(tmp_path, pack(listed(files | {"costs.json": files["costs.json"].replace(b"30", b"29")})))
    assert script.check(str(path)) == []
    assert verify_evidence(path)["problems"] == ["costs.json: does not follow from the journal"]


def test_a_bundle_made_up_as_a_whole_is_found_by_a_head_noted_before(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    path = written(tmp_path, evidence_of(principal=workshop.alice, run_id=run.public_id))
    assert script.check(str(path), "0" * 64) == ["journal.jsonl: does not end as the head you gave says"]


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04" + b"\x00" * 40], ids=["nothing", "text", "a torn zip"])
def test_what_is_no_bundle_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Refusal, match="is no evidence bundle"):
        verify_evidence(written(tmp_path, content))


@pytest.mark.parametrize("name", ["../out.json", "/etc/passwd", "a/b.json"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refusal, match="no name of a file in a bundle"):
        verify_evidence(written(tmp_path, pack({name: b"{}"})))


# Without payloads, signed, other tenants


def test_without_payloads_the_chain_still_holds(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    path = written(tmp_path, evidence_of(principal=workshop.alice, run_id=run.public_id, without_payloads=True))
    files = unzipped(path.read_bytes())
    assert b"hunter2" not in b"".join(files.values()) and json.loads(files["plan.json"]) is None
    removed = json.loads(files["redactions.json"])["removed_payloads"]
    assert len(removed) == run.last_seq
    found = verify_evidence(path, run.journal_head)
    assert (found["unchanged"], found["replayed"]) == (True, False)


def test_a_signature_says_who_let_it_out(run: Run, workshop: Workshop, tmp_path: Path, settings: Any) -> None:
    with pytest.raises(Refusal, match="no key to sign with"):
        evidence_of(principal=workshop.alice, run_id=run.public_id, signed=True)
    settings.SIGNING_KEYS = ["k" * 32]
    path = written(tmp_path, evidence_of(principal=workshop.alice, run_id=run.public_id, signed=True))
    assert verify_evidence(path)["signed"] is True and script.check(str(path)) == []
    settings.SIGNING_KEYS = ["o" * 32]
    assert verify_evidence(path)["problems"] == ["manifest.sig: is by no key known here"]


def test_a_run_that_goes_on_is_told_so_far(workshop: Workshop, tmp_path: Path) -> None:
    run = workshop.submit(step("write", "append_line", witness="/dev/null", approval="always"))
    with a_worker():
        parked(run, "approval")
    found = verify_evidence(written(tmp_path, evidence_of(principal=workshop.alice, run_id=run.public_id)))
    assert (found["unchanged"], found["complete"]) == (True, False)


def test_it_is_given_to_programs_of_the_tenant_alone(run: Run, workshop: Workshop) -> None:
    alice = make_caller(workshop.tenant, "alice", SCOPES)
    path = f"/api/v1/runs/{run.public_id}/evidence"
    answer = alice.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert run.public_id in answer["Content-Disposition"]
    assert unzipped(answer.content)["manifest.json"]
    stranger: Caller = make_caller(Tenant.objects.create(slug="other", name="Other"), "eve", SCOPES)
    assert (stranger.get(path).status_code, alice.get(path + "?payload=no").status_code) == (404, 400)


def test_the_command_writes_and_checks(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    path, out = tmp_path / "e.zip", io.StringIO()
    call_command("evidence", run.public_id, "-o", str(path), stdout=out, stderr=io.StringIO())
    call_command("evidence", "--verify", str(path), "--head", run.journal_head, stdout=out, stderr=io.StringIO())
    assert "✓ unchanged" in out.getvalue()
    with pytest.raises(SystemExit) as stopped:
        call_command("evidence", run.public_id, "-o", str(path), stdout=out, stderr=io.StringIO())
    assert stopped.value.code == 2, "never over a file that is there"
    path.write_bytes(pack(unzipped(path.read_bytes()) | {"more.txt": b"more"}))
    with pytest.raises(SystemExit) as stopped:
        call_command("evidence", "--verify", str(path), stdout=out, stderr=io.StringIO())
    assert stopped.value.code == 1 and "more.txt: was added" in out.getvalue()


def test_the_script_is_short_and_needs_nothing_but_python() -> None:
    text = Path(script.__file__).read_text()
    assert len(text.splitlines()) <= 40
    imported = {line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)
