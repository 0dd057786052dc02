"""The list of runs as a file: the rows of its filter, the columns of the person's roles, and an entry in the audit log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone

from agents import audit
from agents.access.rights import may, may_everywhere, tenants_for
from agents.console.forms import typed
from agents.roles import COST_ROLES, EVERY_ROLE, PAYLOAD_ROLES
from runs.console.runs.runs_list import PRESERVED, list_as, narrowed_by
from runs.models import Run
from skills.instants import instant_or_none
from skills.table_files import FORMATS, headers_of

MOST_ROWS = 10_000
AT_ONCE = 500


class Column(NamedTuple):
    """A column of the file: its name, and the field of a run it is read from."""

    name: str
    field: str


_ALL = (
    Column("run_id", "public_id"),
    Column("tenant", "tenant__slug"),
    Column("status", "status"),
    Column("waiting_for", "waiting_for"),
    Column("failure_code", "failure_code"),
    Column("agent", "agent__name"),
    Column("planner", "planner"),
    Column("steps_done", "steps_done"),
    Column("steps_total", "steps_total"),
    Column("retries", "retries"),
    Column("created_at", "created_at"),
    Column("started_at", "started_at"),
    Column("finished_at", "finished_at"),
    Column("parent_run_id", "parent__public_id"),
    Column("relation", "relation"),
    Column("trace_id", "trace_id"),
)
_COSTS = (
    Column("spent_micro_usd", "spent_micro_usd"),
    Column("reserved_micro_usd", "reserved_micro_usd"),
    Column("limit_micro_usd", "limit_micro_usd"),
)
_PAYLOADS = (Column("goal", "goal"), Column("summary", "summary"))


def columns_for(request: HttpRequest) -> tuple[Column, ...]:
    """Return the columns a person may read in all of their tenants: a column is for all rows or for none."""
    costs = _COSTS if may_everywhere(request, COST_ROLES) else ()
    payloads = _PAYLOADS if may_everywhere(request, PAYLOAD_ROLES) else ()
    return (*_ALL, *costs, *payloads)


def runs_export(request: HttpRequest) -> StreamingHttpResponse:
    """Answer with the rows of a filter of the list as a file, at most so many; where some were cut off, name and header say so."""
    if not may(request, EVERY_ROLE):
        raise PermissionDenied
    kind = FORMATS.get(typed(request.POST, "format"))
    if kind is None:
        raise Http404("there is no such kind of file")
    page: Any = admin.site._registry[Run]
    try:
        changes = list_as(page, request, typed(request.POST, PRESERVED))
    except (IncorrectLookupParameters, DisallowedModelAdminLookup):
        raise Http404("this is no filter of the list of runs") from None
    # Their numbers first: what is written down as taken out is what is in the file, however long that takes.
    found = list(changes.queryset.order_by("-created_at", "-pk").values_list("pk", "tenant")[: MOST_ROWS + 1])
    taken, is_cut_off = found[:MOST_ROWS], len(found) > MOST_ROWS
    _write_down(request, Counter(tenant for _, tenant in taken), {"filter": narrowed_by(changes), "format": kind.ending}, is_cut_off)
    columns = columns_for(request)
    headers = headers_of(kind, "runs", timezone.now(), first=MOST_ROWS if is_cut_off else 0)
    lines = kind.lines([column.name for column in columns], _rows([number for number, _ in taken], columns))
    return StreamingHttpResponse(lines, content_type=kind.content_type, headers=headers)


def _write_down(request: HttpRequest, taken: Counter[int], what: dict[str, Any], is_cut_off: bool) -> None:
    """Write down who took what out: in the log of each tenant whose runs are among it, and where there are none, of each they see."""
    with transaction.atomic():
        for tenant in tenants_for(request, EVERY_ROLE).order_by("pk"):
            if taken[tenant.pk] or not taken:
                after = {**what, "rows": taken[tenant.pk], "cut_off": is_cut_off}
                audit.record(tenant, "run.export", by=request.user.get_username(), after=after)


def _rows(numbers: Sequence[int], columns: Sequence[Column]) -> Iterator[list[Any]]:
    fields = [column.field for column in columns]
    for begin in range(0, len(numbers), AT_ONCE):
        some = numbers[begin : begin + AT_ONCE]
        found = {row[0]: row[1:] for row in Run.objects.filter(pk__in=some).values_list("pk", *fields)}
        # One that retention removed meanwhile is left out.
        yield from ([_told(value) for value in found[number]] for number in some if number in found)


def _told(value: Any) -> Any:
    return instant_or_none(value) if isinstance(value, datetime) else value
