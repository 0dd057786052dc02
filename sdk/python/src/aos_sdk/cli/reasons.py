"""Reasons of decisions: whoever sits at a terminal is asked for one, a script is told that it must give one before anything is sent."""

from __future__ import annotations

import sys

import click

from aos_sdk.cli.refusals import Refusal

LEAST_REASON = 10
"""In characters, as the server has it."""

REASON = click.option("--reason", metavar="WHY", help=f"At least {LEAST_REASON} characters; asked for at a terminal.")


def why(reason: str | None) -> str:
    """Return a reason that says enough. Raises Refusal where there is none and nobody can be asked."""
    found = (reason or "").strip()
    while len(found) < LEAST_REASON:
        if not sys.stdin.isatty():
            raise Refusal(
                "REASON_TOO_SHORT", f"say why, in {LEAST_REASON} characters at least", exit_code=2, tries=["the same with --reason WHY"]
            )
        found = str(click.prompt(f"why? ({LEAST_REASON} characters at least)", err=True)).strip()
    return found
