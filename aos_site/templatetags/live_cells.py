"""The tag `{% live %}`: what it surrounds is swapped for what the server says now, as long as something is unfinished."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
LARGE = 200_000
"""Characters of a cell from which on it counts what it takes to compare it."""
_FINISHED = '<div class="aos-cell" data-aos-cell="{}" data-aos-is="{}">{}</div>'
_UNFINISHED = '<div class="aos-cell" data-aos-cell="{}" data-aos-is="{}" data-aos-unfinished>{}</div>'


@register.simple_block_tag(takes_context=True)
def live(context: Any, content: SafeString, name: str, unfinished: bool | None = None) -> SafeString:
    """Make a cell. It is unfinished as the page says, or as long as a run of the reader's tenants is."""
    from aos_site.http.live import digest_of, keep  # noqa: PLC0415 - tags are read before the console's pages can be
    from runs.console.unfinished import is_unfinished  # noqa: PLC0415 - as above

    request = context.get("request")
    goes_on = request is not None and is_unfinished(request) if unfinished is None else bool(unfinished)
    # What is finished and large is a run's waterfall, which changes no more: to read through it again is most of the page's work.
    is_settled = not goes_on and len(content) > LARGE
    digest = "-" if is_settled else digest_of(content) + ("" if goes_on else "-")
    cell = format_html(_UNFINISHED if goes_on else _FINISHED, name, digest, content if content.strip() else "")
    keep(request, cell, digest)
    return cell


@register.simple_tag(takes_context=True)
def live_reader(context: Any) -> str:
    """Return who reads, for the bar that stands above the cells; empty for who is not signed in."""
    from aos_site.http.live import reader_of  # noqa: PLC0415 - as above

    request = context.get("request")
    return reader_of(request) if request is not None and request.user.is_authenticated else ""
