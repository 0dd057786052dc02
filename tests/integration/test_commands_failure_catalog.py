"""`manage.py failure_catalog`: lists with measured confidence, exports, imports all or none, and tells an entry's history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.models import Tenant
from catalog.entries import create_entry
from catalog.models import CatalogEntry
from tests.integration.test_commands_of_the_runtime import command

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def a_file(folder: Path, *entries: Any) -> str:
    path = folder / "catalog.json"
    path.write_text(json.dumps({"entries": entries}))
    return str(path)


def test_it_lists_what_was_measured_beside_what_is_assumed(acme: Tenant) -> None:
    CatalogEntry.objects.filter(code="TIMEOUT", skill="").update(confidence=0.83, applied=40, succeeded=37)
    code, out, _ = command("failure_catalog", "--code", "TIMEOUT")
    assert code == 0
    assert "0.83 measured, 37 of 40 worked" in out
    assert "assumed" in out


def test_it_imports_what_it_exported(acme: Tenant, tmp_path: Path) -> None:
    code, out, _ = command("failure_catalog", "export", "--shared")
    assert code == 0
    file = tmp_path / "all.json"
    file.write_text(out)
    code, out, _ = command("failure_catalog", "import", str(file), "--reason", "for Acme alone", "--json")
    assert (code, json.loads(out)["changed"]) == (0, CatalogEntry.objects.filter(tenant=None).count())
    assert CatalogEntry.objects.filter(tenant=acme).count() == json.loads(out)["changed"]


def test_a_dry_run_says_what_would_change(acme: Tenant, tmp_path: Path) -> None:
    create_entry(tenant=acme, document={"code": "TIMEOUT", "mode": "SKIP"}, by="alice", reason="at first")
    file = a_file(tmp_path, {"code": "TIMEOUT", "mode": "ABORT"}, {"code": "TLS_FAILURE"})
    code, out, _ = command("failure_catalog", "import", file, "--reason", "harder", "--dry-run")
    assert code == 0
    assert "edited: TIMEOUT of every skill" in out
    assert "/mode: SKIP → ABORT" in out
    assert "2 of 2 entries would change" in out
    assert CatalogEntry.objects.get(tenant=acme).mode == "SKIP"


def test_it_tells_the_history_of_an_entry(acme: Tenant, tmp_path: Path) -> None:
    row = create_entry(tenant=acme, document={"code": "TIMEOUT", "mode": "SKIP"}, by="alice", reason="at first")
    command("failure_catalog", "import", a_file(tmp_path, {"code": "TIMEOUT", "mode": "ABORT"}), "--reason", "harder")
    code, out, _ = command("failure_catalog", "history", str(row.pk))
    newest, oldest = out.index("version 2: imported by shell:"), out.index("version 1: created by alice")
    assert (code, newest < oldest) == (0, True)
    assert "/mode: SKIP → ABORT" in out
    code, out, _ = command("failure_catalog", "history", str(row.pk), "--against", "2", "--json")
    assert [len(version["changes"]) for version in json.loads(out)["data"]] == [0, 1]


BAD = [
    pytest.param(["history", "none"], 3, "no such catalog entry", id="no such entry"),
    pytest.param(["import", "/nowhere.json", "--reason", "why not"], 2, "No such file", id="no such file"),
    pytest.param(["--code", "TIMEOT"], 2, "TIMEOUT", id="a code that is misspelt"),
]


@pytest.mark.parametrize(("words", "code", "said"), BAD)
def test_it_says_what_is_wrong(acme: Tenant, words: list[str], code: int, said: str) -> None:
    found, out, err = command("failure_catalog", *words)
    assert (found, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        pytest.param([{"code": "TIMEOUT"}, {"code": "TLS_FALURE"}], "/entries/1/code", id="an unknown code"),
        pytest.param([{"code": "TIMEOUT"}, {"code": "TIMEOUT"}], "/entries/1", id="an entry twice"),
        pytest.param([7], "/entries/0", id="no entry"),
    ],
)
def test_it_imports_all_or_nothing(acme: Tenant, tmp_path: Path, entries: list[Any], said: str) -> None:
    code, _, err = command("failure_catalog", "import", a_file(tmp_path, *entries), "--reason", "why not")
    assert code == 2
    assert said in err
    assert not CatalogEntry.objects.filter(tenant=acme).exists()
