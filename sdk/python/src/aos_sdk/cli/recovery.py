"""`aos recovery`: what to do about a failure, and candidates that have to earn their confidence."""

from __future__ import annotations

import click

from aos_sdk.cli.reasons import REASON, why
from aos_sdk.cli.refusals import usage
from aos_sdk.cli.verbs import Session, column, page_size, paging, verb


@click.group()
def recovery() -> None:
    """Ask what to do about a failure; decide on candidates."""


@recovery.command()
@click.option("--state", type=click.Choice(["open", "approved", "rejected", "withdrawn"]))
@click.option("--policy", type=click.Choice(["none", "shadow", "active"]))
@click.option("--code", metavar="CODE")
@paging
@verb
def candidates(session: Session, /, *, state: str | None, policy: str | None, code: str | None, limit: int, whole: bool) -> None:
    """List candidates."""
    pages = session.client.recovery.candidates.list(state=state, policy=policy, code=code, limit=page_size(limit, whole=whole))
    columns = column("id", "state", "policy", "code", "skill", "host", "mode", "confidence", "occurrences")
    session.show(pages, name="id", columns=columns, limit=limit, whole=whole)


@recovery.command()
@click.argument("candidate_id", metavar="CANDIDATE")
@verb
def get(session: Session, /, *, candidate_id: str) -> None:
    """Show CANDIDATE with its evidence."""
    session.paper.one(session.client.recovery.candidates.get(candidate_id), name="id")


@recovery.command()
@click.argument("candidate_id", metavar="CANDIDATE")
@click.option("--reason", metavar="WHY")
@verb
def approve(session: Session, /, *, candidate_id: str, reason: str | None) -> None:
    """Let CANDIDATE be tried in shadow."""
    session.paper.one(session.client.recovery.candidates.approve(candidate_id, reason=reason), name="id")


@recovery.command()
@click.argument("candidate_id", metavar="CANDIDATE")
@click.option("--reason", metavar="WHY")
@verb
def activate(session: Session, /, *, candidate_id: str, reason: str | None) -> None:
    """Let CANDIDATE act."""
    session.paper.one(session.client.recovery.candidates.activate(candidate_id, reason=reason), name="id")


@recovery.command()
@click.argument("candidate_id", metavar="CANDIDATE")
@REASON
@verb
def reject(session: Session, /, *, candidate_id: str, reason: str | None) -> None:
    """Refuse CANDIDATE."""
    session.paper.one(session.client.recovery.candidates.reject(candidate_id, why(reason)), name="id")


@recovery.command()
@click.argument("candidate_id", metavar="CANDIDATE")
@REASON
@verb
def withdraw(session: Session, /, *, candidate_id: str, reason: str | None) -> None:
    """Take CANDIDATE back."""
    session.paper.one(session.client.recovery.candidates.withdraw(candidate_id, why(reason)), name="id")


@recovery.command()
@click.argument("code", required=False)
@click.option("--match", "match_id", metavar="ID", help="About this failure, of `aos failures list`.")
@click.option("--skill", metavar="SKILL", help="For this skill.")
@verb
def suggest(session: Session, /, *, code: str | None, match_id: str | None, skill: str | None) -> None:
    """Tell what would be done about CODE, or about one failure, and why."""
    if (code is None) == (match_id is None):
        raise usage("give a code or --match, and not both", "aos recovery suggest TIMEOUT")
    context = None if skill is None else {"skill": skill}
    found = session.client.recovery.suggest(code=code, match_id=match_id, context=context)
    rows = [(name, found.get(name)) for name in ("code", "skill", "mode", "because", "confidence", "confidence_label", "n", "parameters")]
    session.paper.one(found, name="mode", rows=[(name, value) for name, value in rows if value not in (None, {})])
