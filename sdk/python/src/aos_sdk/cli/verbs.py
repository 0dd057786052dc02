"""What every verb has: its form of output, its client, its settings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from aos_sdk import AOS, ConfigurationError
from aos_sdk._pages import Pages
from aos_sdk._transport import checked_base_url
from aos_sdk.cli.printing import Column, Paper
from aos_sdk.cli.refusals import Refusal, usage
from aos_sdk.cli.settings import Settings, resolve

F = TypeVar("F", bound=Callable[..., Any])
MOST_A_PAGE = 200


class Session:
    """One command: how it prints, and with whom it speaks."""

    def __init__(self, given: Mapping[str, Any], form: str) -> None:
        self.given = given
        self.paper = Paper(form)

    @functools.cached_property
    def settings(self) -> Settings:
        return resolve(self.given.get("url"), self.given.get("profile"))

    @functools.cached_property
    def client(self) -> AOS:
        """Return a client. Raises Refusal without a key, before anything is sent."""
        found = self.settings
        try:
            address = checked_base_url(found.url)
            if not found.key:
                why = f"there is no key for {address} (profile '{found.profile}')"
                raise Refusal("NO_KEY", why, exit_code=4, tries=["aos login", "export AOS_API_KEY=…"])
            return AOS(found.key, address)
        except ConfigurationError as error:
            raise Refusal("USAGE", error.message, exit_code=2, tries=["aos config list"]) from None

    def show(self, pages: Pages[Any], *, name: str, columns: Sequence[Column], limit: int, whole: bool) -> None:
        """Print a list, as far as it was asked for."""
        entries: list[Any] = []
        cursor = None
        for page in pages.pages():
            entries += page.data
            for lost in page.body.get("unreadable") or ():
                self.paper.note(f"left out {lost.run_id} ({', '.join(lost.step_ids)}), whose journal cannot be read: {lost.detail}")
            cursor = page.next_cursor
            if not whole and len(entries) >= limit:
                break
        shown = entries if whole else entries[:limit]
        self.paper.many(shown, name=name, columns=columns, next_cursor=cursor if len(shown) == len(entries) else cursor or "")


def verb(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options every verb has, and its session as first argument."""

    @click.option("--json", "form", flag_value="json", default=None, help="Print one JSON document.")
    @click.option("--jsonl", "form", flag_value="jsonl", help="Print a JSON document a line.")
    @click.option("-q", "--quiet", "form", flag_value="ids", help="Print ids only.")
    @click.pass_context
    @functools.wraps(function)
    def command(ctx: click.Context, /, form: str | None, **options: Any) -> Any:
        session = Session(ctx.obj or {}, form or "text")
        _refuse_blank(ctx, options)
        try:
            return function(session, **options)
        finally:
            if "client" in session.__dict__:
                session.client.close()

    return command


def _refuse_blank(ctx: click.Context, options: Mapping[str, Any]) -> None:
    """Raise Refusal where an argument, or what names an agent, is empty: a variable of a script that nobody has set."""
    for param in ctx.command.params:
        value = options.get(str(param.name))
        if isinstance(value, str) and not value.strip() and (isinstance(param, click.Argument) or param.name == "agent"):
            name = param.human_readable_name.strip("[]") if isinstance(param, click.Argument) else param.opts[0]
            raise usage(f"{name} is empty", f"{ctx.command_path} --help")


def paging(function: F) -> F:
    """Give a command the options of a list."""
    whole = click.option("--all", "whole", is_flag=True, help="All of them, however many.")
    return whole(click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")(function))


def column(*names: str) -> list[Column]:
    """Return columns that show members as they are."""
    return [(name.replace("_", " "), functools.partial(_member, name)) for name in names]


def _member(name: str, value: Mapping[str, Any]) -> Any:
    return value.get(name)


def page_size(limit: int, *, whole: bool) -> int:
    """Return how many to ask for at a time."""
    return MOST_A_PAGE if whole else min(limit, MOST_A_PAGE)
