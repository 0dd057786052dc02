"""Writes the rows of a waterfall as markup: a long run has thousands, and a template takes three times as long over each."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.utils.html import format_html

from runs.console.run.folding import Ways
from skills.wording import Look

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from runs.console.run.waterfall import Row

_HOW = '<span class="aos-{colour}"><span aria-hidden="true">{icon}</span> {word}</span>'
_BAR = (
    '<svg class="aos-bar" role="img" aria-label="{{label}}: {{length}}">'
    '<rect class="{bar}" x="{{start}}" y="2" width="{{width}}" height="12" rx="2"></rect></svg>'
)
_NAME = "<span>{{label}}</span>"
_WAY = '<a href="{{way}}">{{label}}</a>'
"""A step leads to its row in the table of steps, a run that was called to its page."""
_ROW = (
    '<tr class="aos-row aos-depth-{depth}" aria-level="{level}" role="row"{{place}}>'
    '<td class="aos-what" role="rowheader">%s <span class="aos-dim">{{note}}</span></td>'
    '<td class="aos-how" role="gridcell">%s</td><td class="aos-when aos-{colour}" role="gridcell">%s</td>'
    '<td class="aos-long aos-number" role="gridcell">{{length}}</td></tr>'
)


_MORE = (
    '<tr class="aos-row aos-depth-{}" aria-level="{}" role="row"><td class="aos-what aos-more" role="rowheader" colspan="4">'
    '<a href="{}">{}</a></td></tr>'
)


def drawn(row: Row, ways: Ways = Ways()) -> SafeString:  # noqa: B008 - a value that never changes
    """Return one line of the waterfall; whatever a plan or a page may have chosen in it is escaped."""
    if row.kind == "more":
        return format_html(_MORE, row.depth, row.depth + 1, ways.to(row.opens), row.label)
    layout = _layout(row.depth, row.kind, row.look, row.is_open, bool(row.width), bool(row.opens))
    way = f"#step-{quote(row.opens, safe='')}" if row.kind == "step" else row.opens
    place = format_html(' id="{}" tabindex="-1"', ways.place) if row.is_place else ""
    return format_html(layout, place=place, way=way, label=row.label, note=row.note, start=row.start, width=row.width, length=row.length)


@lru_cache(maxsize=256)
def _layout(depth: int, kind: str, look: Look, is_open: bool, has_bar: bool, leads: bool) -> SafeString:
    """Return what rows of one look have in common, with room for the rest; there are a few dozen."""
    has_word = kind != "queue" and bool(look.word)
    bar = f"aos-{kind} aos-open" if is_open else f"aos-{kind}"
    # A word with braces in it (a status nobody knows) is no room for anything.
    word, colour = (text.replace("{", "{{").replace("}", "}}") for text in look[1:])
    template = _ROW % (_WAY if leads else _NAME, _HOW if has_word else "", _BAR if has_bar else "")
    return format_html(template, depth=depth, level=depth + 1, icon=look.icon, word=word, colour=colour, bar=bar)
