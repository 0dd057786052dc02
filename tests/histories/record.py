"""Records histories by a real worker: `python -m tests.histories.record KIND…`, or `all` that are not there yet.

A history that is there is never written over: those are what later versions must still behave like.
"""

# ruff: noqa: PLC0415 - what needs Django comes after it is told which database to use
from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
SUMS = HERE / "SHA256SUMS"


def main(wanted: list[str]) -> None:
    with TemporaryDirectory() as folder:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "aos_site.settings", "DATABASE_URL": f"sqlite:///{folder}/aos.sqlite3"}
        _record(wanted)


def _record(wanted: list[str]) -> None:
    import django

    django.setup()

    import pytest
    from django.conf import settings
    from django.core.management import call_command

    from runs.proof.histories import export_history, text_of
    from tests.histories.kinds import KINDS, played
    from tests.integration.conftest import set_up
    from tests.integration.workshop import a_worker

    names = [name for name in (KINDS if wanted == ["all"] else wanted) if not (HERE / f"{name}.json").exists()]
    unknown = [name for name in names if name not in KINDS]
    if unknown or not names:
        sys.exit(f"not a kind: {', '.join(unknown)}" if unknown else "all of these are recorded already, and are never written over")
    call_command("migrate", verbosity=0)
    with pytest.MonkeyPatch.context() as patch:
        workshop = set_up(patch, settings)
        with a_worker():
            runs = played(workshop, {name: KINDS[name] for name in names})
    for name, (run,) in runs.items():
        told = export_history(principal=workshop.alice, run_id=run.public_id, kind=name, description=KINDS[name].words)
        (HERE / f"{name}.json").write_text(text_of(told), encoding="utf-8")
        sys.stdout.write(f"{name}: {run.status}, {len(told['events'])} events\n")
    SUMS.write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(HERE.glob("*.json"))))


if __name__ == "__main__":
    main(sys.argv[1:] or ["all"])
