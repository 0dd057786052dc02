"""What was spent as a file: the days, agents, skills and models of the page's time and filters, and an entry in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone

from agents import audit
from agents.access.rights import may, tenants_for
from agents.console.forms import typed
from agents.roles import SUM_ROLES
from runs.money.usage import MOST_ROWS, UsageQuery, usage
from skills.refusal import Refusal
from skills.requests import parse_query
from skills.table_files import FORMATS, headers_of

if TYPE_CHECKING:
    from agents.models import Tenant

GROUPS = ("day", "agent", "skill", "model")
COLUMNS = ("tenant", "by", "name", "calls", "cost_micro_usd", "retry_waste_micro_usd", "loop_waste_micro_usd")
_FILTERS = ("from", "to", "agent", "skill", "model")


def cost_export(request: HttpRequest) -> StreamingHttpResponse:
    """Answer with a tenant's cost of a time as a file; the sums are those of the page. Where there are more days, agents, skills or
    models than a file holds, it has those of each that cost most, and name and header say so."""
    if not may(request, SUM_ROLES):
        raise PermissionDenied
    kind = FORMATS.get(typed(request.POST, "format"))
    tenant = tenants_for(request, SUM_ROLES).filter(slug=typed(request.POST, "tenant")).first()
    if kind is None or tenant is None:
        raise Http404("there is no such file")
    asked = {name: value for name in _FILTERS if (value := typed(request.POST, name))}
    try:
        answers = {by: _answer(tenant, asked, by) for by in GROUPS}
    except Refusal as refusal:
        raise Http404(refusal.detail) from None
    rows = [row for by, answer in answers.items() for row in _rows(tenant, by, answer)]
    is_cut_off = any(answer["left_off"] for answer in answers.values())
    with transaction.atomic():
        after = {"filter": asked, "format": kind.ending, "rows": len(rows), "cut_off": is_cut_off}
        audit.record(tenant, "cost.export", by=request.user.get_username(), after=after)
    headers = headers_of(kind, f"cost-{tenant.slug}", timezone.now(), first=MOST_ROWS if is_cut_off else 0)
    return StreamingHttpResponse(kind.lines(COLUMNS, rows), content_type=kind.content_type, headers=headers)


def _answer(tenant: Tenant, asked: dict[str, str], by: str) -> dict[str, Any]:
    return usage(tenants=[tenant], query=parse_query(UsageQuery, {**asked, "group_by": by, "limit": str(MOST_ROWS)}))


def _rows(tenant: Tenant, by: str, answer: dict[str, Any]) -> Iterator[list[Any]]:
    for row in answer["data"]:
        wasted = [row[f"{kind}_waste"]["cost_micro_usd"] for kind in ("retry", "loop")]
        yield [tenant.slug, by, str(row[by]), row["calls"], row["cost_micro_usd"], *wasted]
