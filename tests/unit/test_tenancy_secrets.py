"""Secrets are a tenant's own, read from a file when asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.secrets import FileSecrets


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"acme": {"TOKEN": "t0p"}, "rival": {"OTHER": "x"}}))
    return str(file)


def test_it_reveals_a_tenants_own_secret(path: str) -> None:
    assert FileSecrets("acme", path).reveal("TOKEN") == "t0p"


def test_it_sees_a_rotated_file_at_once(path: str) -> None:
    secrets = FileSecrets("acme", path)
    assert secrets.reveal("TOKEN") == "t0p"
    Path(path).write_text(json.dumps({"acme": {"TOKEN": "new"}}))
    assert secrets.reveal("TOKEN") == "new"


@pytest.mark.parametrize(("tenant", "name"), [("acme", "OTHER"), ("rival", "TOKEN"), ("nobody", "TOKEN"), ("acme", "")])
def test_it_knows_no_other(path: str, tenant: str, name: str) -> None:
    with pytest.raises(KeyError):
        FileSecrets(tenant, path).reveal(name)


def test_it_knows_none_where_no_file_is_set() -> None:
    with pytest.raises(KeyError):
        FileSecrets("acme", "").reveal("TOKEN")
