"""Results on standard output, progress on standard error; tables and colours on a terminal only."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any

import click

from aos_sdk.cli.refusals import plain, usage

COLOURS = {
    "succeeded": "green",
    "active": "green",
    "running": "blue",
    "queued": "blue",
    "waiting": "yellow",
    "partial": "yellow",
    "in_doubt": "yellow",
    "failed": "red",
    "dead_lettered": "red",
    "cancelled": "bright_black",
}
Column = tuple[str, Callable[[Mapping[str, Any]], Any]]
_CONTROL = dict.fromkeys([*range(0x20), 0x7F, *range(0x80, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "·")


def clean(text: Any) -> str:
    """Return a text that cannot move the cursor: what comes from a server is data."""
    return str(text).translate(_CONTROL)


def wants_colour(stream: IO[str]) -> bool:
    """Tell whether colours are wanted where this stream goes."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def shown(value: Any) -> str:
    """Return a value as a cell shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return clean(json.dumps(value, ensure_ascii=False))
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(each) for each in value)
    return clean(value)


def money(micro_usd: int | None) -> str:
    """Return an amount as people read it."""
    return "" if micro_usd is None else f"${micro_usd / 1_000_000:.4f}"


def duration(ms: float | None) -> str:
    """Return a time as people read it."""
    if ms is None:
        return ""
    return f"{ms:.0f} ms" if ms < 1_000 else f"{ms / 1_000:.1f} s" if ms < 120_000 else f"{ms / 60_000:.0f} min"


class PipeClosed(Exception):
    """Whoever read the results has gone."""


class Paper:
    """Writes results in the form that was asked for."""

    def __init__(self, form: str = "text") -> None:
        self.form = form
        self.is_terminal = sys.stdout.isatty()

    def line(self, text: str = "") -> None:
        """Print a line of the result. Raises PipeClosed where nobody reads any more, and Refusal where it cannot be written."""
        try:
            click.echo(text, color=None if wants_colour(sys.stdout) else False)
        except OSError as error:
            # What is still buffered would be tried again at the very end, and complain there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                raise PipeClosed from None
            raise usage(f"standard output cannot be written: {plain(error)}") from None

    def note(self, text: str, colour: str | None = None) -> None:
        """Tell progress, on standard error."""
        click.echo(click.style(clean(text), fg=colour), err=True, color=None if wants_colour(sys.stderr) else False)

    def document(self, value: Any) -> None:
        """Print JSON: in one line for `--jsonl`, else indented."""
        flat = self.form == "jsonl"
        self.line(json.dumps(value, ensure_ascii=False, indent=None if flat else 2, separators=(",", ":") if flat else None))

    def one(self, value: Mapping[str, Any], *, name: str, rows: Sequence[tuple[str, Any]] | None = None) -> None:
        """Print one thing: as JSON, by its id alone, or as pairs."""
        if self.form in ("json", "jsonl"):
            self.document(value)
        elif self.form == "ids":
            self.line(shown(value.get(name)))
        else:
            self.pairs(rows if rows is not None else [(key, member) for key, member in value.items() if member not in (None, [], {}, "")])

    def many(self, values: Iterable[Mapping[str, Any]], *, name: str, columns: Sequence[Column], next_cursor: Any = None) -> None:
        """Print a list: as one JSON document, a line each, ids alone, or a table."""
        if self.form == "json":
            self.document({"data": list(values), "next_cursor": next_cursor})
        elif self.form in ("jsonl", "ids"):
            for value in values:
                self.document(value) if self.form == "jsonl" else self.line(shown(value.get(name)))
        else:
            self.table([title for title, _ in columns], [[shown(cell(value)) for _, cell in columns] for value in values])
            if next_cursor is not None:
                self.note("there are more: --all, or --limit N", "bright_black")

    def pairs(self, rows: Sequence[tuple[str, Any]]) -> None:
        width = max((len(key) for key, _ in rows), default=0)
        for key, value in rows:
            told = self._coloured(shown(value))
            self.line(f"{click.style(key.ljust(width), fg='bright_black')}  {told}" if self.is_terminal else f"{key}\t{told}")

    def section(self, title: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table under a title of its own, where there are rows."""
        if rows:
            self.line()
            self.line(click.style(title, bold=True))
            self.table(titles, rows)

    def table(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows: aligned under headings on a terminal, separated by tabs elsewhere."""
        if not self.is_terminal:
            for row in rows:
                self.line("\t".join(row))
            return
        if not rows:
            self.note("nothing", "bright_black")
            return
        widths = [max(len(title), *(len(row[at]) for row in rows)) for at, title in enumerate(titles)]
        lines = [click.style("  ".join(title.ljust(width) for title, width in zip(titles, widths, strict=True)).rstrip(), bold=True)]
        lines += ["  ".join(self._padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        if os.environ.get("PAGER") and len(lines) > os.get_terminal_size().lines:
            click.echo_via_pager("\n".join(lines), color=wants_colour(sys.stdout))
        else:
            self.line("\n".join(lines))

    def _padded(self, cell: str, width: int) -> str:
        return self._coloured(cell) + " " * (width - len(cell))

    def _coloured(self, cell: str) -> str:
        return click.style(cell, fg=COLOURS[cell]) if cell in COLOURS else cell
