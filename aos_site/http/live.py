"""Live cells: a page that is asked again answers with its cells alone, or that nothing changed, or why it shows no more.

A cell is what the tag `{% live %}` surrounds (`aos_site/templatetags/live_cells.py`); `static/aos/live.js` asks. The page's
own view answers, with its roles and its tenants; what is left away is the frame.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

from agents.access.rights import is_platform, roles_of

HEADER = "AOS-Live"
FRAME = "console/live_frame.html"
_CONSOLE = "/admin/"
# After these stands what differs each time a page is made and changes nothing for who reads it: tokens of forms, how long is left,
# since when a link counts. Most cells have none of them, and to search for plain words is a hundred times as fast.
_MARKS = ('name="csrfmiddlewaretoken" value="', 'name="once" value="', "data-aos-until>", "created_at__gte=")
_PASSING = re.compile(rf'({"|".join(map(re.escape, _MARKS))})[^"&<]*')


@dataclass
class Cells:
    """The cells of one answer, in their order, and what each of them is."""

    made: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    @property
    def etag(self) -> str:
        return f'"{".".join(self.states)}"'


def digest_of(content: str) -> str:
    """Return what a cell shows as a short text, the same as long as nothing in it changes."""
    lasting = _PASSING.sub(r"\1", content) if any(mark in content for mark in _MARKS) else content
    return hashlib.blake2b(lasting.encode(), digest_size=6).hexdigest()


def reader_of(request: HttpRequest) -> str:
    """Return who reads and by which rights, as a text that says neither: another one is another reader."""
    rights = (request.user.pk, is_platform(request), sorted((tenant, sorted(held)) for tenant, held in roles_of(request).items()))
    return salted_hmac("aos.live.reader", repr(rights), algorithm="sha256").hexdigest()[:24]


def keep(request: HttpRequest, cell: str, state: str) -> None:
    """Take a cell into the answer, where the cells alone were asked for."""
    cells = getattr(request, "aos_cells", None)
    if cells is not None:
        cells.made.append(cell)
        cells.states.append(state)


class LiveCellsMiddleware:
    """Answers `AOS-Live: <reader>`: 200 with the cells, 304 where none changed, 401 without a session, 403 where the rights changed."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = request.headers.get(HEADER)
        if asked is None or request.method != "GET" or not request.path_info.startswith(_CONSOLE):
            return self.get_response(request)
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        if asked != reader_of(request):
            return HttpResponse(status=403)
        cells = request.aos_cells = Cells()  # type: ignore[attr-defined]
        return _answer(request, self.get_response(request), cells)

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        if hasattr(request, "aos_cells"):
            response.context_data = {**(response.context_data or {}), "aos_frame": FRAME}
        return response


def _answer(request: HttpRequest, page: HttpResponseBase, cells: Cells) -> HttpResponse:
    if page.status_code != 200:
        # A way to somewhere else is no page that could be shown in the place of this one.
        return HttpResponse(status=page.status_code if page.status_code >= 400 else 404)
    if request.headers.get("If-None-Match") == cells.etag:
        answer: HttpResponse = HttpResponseNotModified()
    else:
        answer = HttpResponse("".join(cells.made))
    answer["ETag"], answer["Cache-Control"] = cells.etag, "no-store"
    return answer
