"""Console pages of runs: the list, the page of one run, and the outbox. All read-only."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe
from unfold.decorators import display

from agents.access.operating import may_operate
from agents.access.rights import is_platform, may, may_everywhere, roles_of
from agents.console.base import TenantScopedAdmin
from agents.roles import CAUSE_ROLES, COST_ROLES, EVERY_ROLE, HEALTH_ROLES, MASK_ROLES, OPERATING_ROLES, PAYLOAD_ROLES
from agents.tenancy import operator_principal
from runs import services
from runs.console.agents.agents_view import resting
from runs.console.money import charges_page  # noqa: F401 - pages register themselves
from runs.console.money.topping_up import lack_of, top_up
from runs.console.run import cancelling
from runs.console.run.called_runs import called_by
from runs.console.run.decisions_view import Wanted
from runs.console.run.folding import OPEN, address_to_open
from runs.console.run.proof_page import again_of, proof_view, tabs_of
from runs.console.run.request_view import request_of
from runs.console.run.run_page import run_page
from runs.console.run.undoing import undoing
from runs.console.run.waterfall import instant_ms
from runs.console.runs.many_runs import many_of_list
from runs.console.runs.runs_list import PRESERVED, STAGES, decision_needed, filters_in, neighbour_of, tabs_of_list, title_of, way_back
from runs.console.runs.runs_search import COST_FIELDS, PAYLOAD_FIELDS, named_by
from runs.models import TERMINAL_STATUSES, Outbox, Run, RunStatus
from runs.selectors import blocked_by, read_run
from skills.console_base import chip
from skills.refusal import Refusal
from skills.wording import UNKNOWN, awaited, duration, money

# The queue's own tables hold signed pickles and nothing an operator could use; what is due stands in the run table.
for _queue_model in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(_queue_model):
        admin.site.unregister(_queue_model)


class Operation(NamedTuple):
    """Something an operator may do to a run, with its consequences in words."""

    name: str
    title: str
    consequence: str
    call: Callable[..., Any]
    asks_amount: bool = False


OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation(
            "cancel",
            "Cancel",
            "It ends for good; what was done stays done.",
            services.cancel_run,
        ),
        Operation(
            "pause", "Pause", "Steps that run go on to their end; nothing new starts until somebody resumes the run.", services.pause_run
        ),
        Operation("resume", "Resume", "The run goes on where it stands.", services.resume_run),
        Operation("top-up", "Top up", "Its limit is raised by that much, and it goes on where it stopped.", top_up, asks_amount=True),
    )
}


class StageFilter(admin.SimpleListFilter):
    """What an operator looks for, each a question an index answers."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, title_of(name)) for name in STAGES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        return queryset.filter(STAGES.get(self.value() or "", Q()))


@admin.register(Run)
class RunAdmin(TenantScopedAdmin):
    view_roles = EVERY_ROLE
    list_display = ("run", "state", "decision", "planned_by", "progress", "took", "cost", "created", "tenant")
    list_before_template = "console/runs_tabs.html"
    change_list_template = "console/live_runs.html"
    list_filter = (StageFilter, "status")
    # Named for a page of runs at a time: joined, they lead PostgreSQL to look through the runs of each agent.
    list_select_related = ()
    search_fields = ("=public_id", "^trace_id", "=failure_code")
    ordering = ("-created_at",)
    lookup_roles = {**dict.fromkeys(PAYLOAD_FIELDS, PAYLOAD_ROLES), **dict.fromkeys(COST_FIELDS, COST_ROLES)}
    sortable_by = ("created",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Leave out what the person may not read in even one of their tenants: a column is for all rows or for none."""
        hidden = set() if may_everywhere(request, COST_ROLES) else {"cost"}
        if not is_platform(request) and len(roles_of(request)) == 1:
            hidden.add("tenant")
        shown = [name for name in self.list_display if name not in hidden]
        first = "run" if may_everywhere(request, PAYLOAD_ROLES) else "run_only"
        return (*(("pick",) if may(request, OPERATING_ROLES) else ()), first, *shown[1:])

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> tuple[str, ...]:
        return tuple(name for name in list_display if name in ("run", "run_only"))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a run by row id or by the id everybody else uses (`run_…`)."""
        return super().get_object(request, object_id, "public_id" if object_id.startswith("run_") else from_field)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Run], search_term: str) -> tuple[QuerySet[Run], bool]:
        return queryset.filter(named_by(search_term)), False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        prefetch_related_objects(changes.result_list, "agent", "tenant")
        return changes

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        if isinstance(answer, TemplateResponse) and answer.context_data and "cl" in answer.context_data:
            answer.context_data["aos_tabs"] = tabs_of_list(answer.context_data["cl"], request.GET.get("stage", ""))
            answer.context_data["aos_many"] = many_of_list(request, answer.context_data["cl"])
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, unquote(object_id))
        try:
            read = read_run(tenant=run.tenant, run_id=run.public_id)
        except Refusal as refusal:
            # Its journal was touched, or is of another version: the page says where, instead of the run.
            told = {"aos_tabs": tabs_of(request, run), "aos_run_id": run.public_id, "aos_refusal": refusal}
            return self.page(request, "console/proof.html", run, told)
        # A run that ended meanwhile is not offered to be cancelled below the words that it ended.
        run = read.run
        context = run_page(
            read.trace,
            round(time.time() * 1_000),
            shows_payloads=may(request, PAYLOAD_ROLES, run.tenant_id),
            shows_costs=may(request, COST_ROLES, run.tenant_id),
            shows_targets=may(request, CAUSE_ROLES, run.tenant_id),
            shows_masks=may(request, MASK_ROLES, run.tenant_id),
            blocked_by=blocked_by(read),
            called=called_by(run),
            inputs={key: step.params for key, step in read.state.steps.items()} if read.state else {},
            wanted=Wanted(request.GET.get("decision", ""), request.GET.get("of", "")),
            opened=request.GET.get(OPEN, ""),
            address=address_to_open(request.GET),
        )
        context["aos_operations"] = self._operations(request, run)
        context["aos_cancelling"] = cancelling.foreseen(read.trace["steps"])
        context["aos_lack"] = lack_of(run) if may(request, COST_ROLES, run.tenant_id) else None
        context["aos_once"] = uuid4().hex
        context["aos_is_unfinished"] = not run.is_terminal
        context |= undoing(request, read)
        context["aos_tabs"] = tabs_of(request, run)
        context["aos_again"] = again_of(request, run)
        context["aos_resting"] = resting(read.run.agent)
        context["aos_list"] = way_back(request, run)
        if context["aos_shows_payloads"]:
            context["aos_request"] = request_of(read.trace, request.build_absolute_uri("/").rstrip("/"), priority=run.priority)
        return self.page(request, "console/run.html", run, context)

    def neighbour_view(self, request: HttpRequest, object_id: str, which: str) -> HttpResponse:
        """Go to the run above or below in the list this one was opened from. Reads only."""
        run, filters = self.get_object(request, unquote(object_id)), filters_in(request)
        if which not in ("previous", "next"):
            raise Http404("there is no such neighbour")
        found = neighbour_of(self, request, run, which)
        if found is None:
            messages.info(request, f"There is no {which} run in this list.")
        address = reverse("admin:runs_run_change", args=[(found or run).public_id])
        return redirect(f"{address}?{urlencode({PRESERVED: filters})}" if filters else address)

    def get_urls(self) -> list[URLPattern]:
        operate = require_POST(self.admin_site.admin_view(self.operate_view))
        proof = self.admin_site.admin_view(partial(proof_view, self))
        neighbour = require_safe(self.admin_site.admin_view(self.neighbour_view))
        return [
            path("<str:object_id>/operate/<str:operation>/", operate, name="runs_run_operate"),
            path("<str:object_id>/proof/<str:what>/", proof, name="runs_run_proof"),
            path("<str:object_id>/<str:which>/of-the-list/", neighbour, name="runs_run_neighbour"),
            *super().get_urls(),
        ]

    def has_operate_permission(self, request: HttpRequest, run: Run, operation: Operation | None = None) -> bool:
        """Tell whether the person operates the run; to give it money takes more than that its agent is theirs."""
        if operation is not None and operation.asks_amount:
            return may(request, OPERATING_ROLES, run.tenant_id)
        return may_operate(request, run.agent)

    def _operations(self, request: HttpRequest, run: Run) -> list[Operation]:
        """Return what may be done to the run as it stands, by this person."""
        if run.is_terminal or not self.has_operate_permission(request, run):
            return []
        # Held back by a freeze it is paused too, and goes on when that is lifted.
        paused = run.waiting_for == "paused" and not run.blocked_by
        lacks_its_own = run.waiting_for == "budget" and run.blocked_by == f"run:{run.public_id}"
        names = (*(("top-up",) if lacks_its_own else ()), "cancel", "resume" if paused else "pause")
        return [OPERATIONS[name] for name in names if self.has_operate_permission(request, run, OPERATIONS[name])]

    def operate_view(self, request: HttpRequest, object_id: str, operation: str) -> HttpResponse:
        """Send the run the operator's wish, by the same service as the API, and go back to its page."""
        run, chosen = self.get_object(request, unquote(object_id)), OPERATIONS.get(operation)
        if chosen is None:
            raise Http404(f"there is no operation {operation}")
        if not self.has_operate_permission(request, run, chosen):
            raise PermissionDenied
        person = operator_principal(run.tenant, request.user.get_username())
        form = ("amount", "once") if chosen.asks_amount else ("reason",)
        try:
            done = chosen.call(principal=person, run_id=run.public_id, **{name: request.POST.get(name, "")[:500] for name in form})
            said = f" {cancelling.told(done)}" if operation == "cancel" else ""
            messages.success(request, f"{chosen.title}: the run has been told.{said}")
        except Refusal as refusal:
            messages.error(request, f"{refusal.code}: {refusal.detail}")
        return redirect("admin:runs_run_change", run.public_id)

    @display(description="Pick")
    def pick(self, run: Run) -> SafeString:
        box = '<input type="checkbox" class="aos-pick" form="aos-picked" name="pick" value="{}" aria-label="Pick {}">'
        return format_html(box, run.pk, run.public_id)

    @display(description="Run")
    def run(self, run: Run) -> SafeString:
        said = run.summary or run.goal[:120]
        return format_html('<code class="aos-id" data-aos-copy>{}</code><span class="aos-sub">{}</span>', run.public_id, said)

    @display(description="Run")
    def run_only(self, run: Run) -> SafeString:
        return format_html('<code class="aos-id" data-aos-copy>{}</code>', run.public_id)

    @display(description="Status")
    def state(self, run: Run) -> SafeString:
        waits = run.status == RunStatus.WAITING and run.waiting_for
        reason = "frozen" if run.waiting_for == "paused" and run.blocked_by else run.waiting_for
        remark = f"for {awaited(reason)}" if waits else run.failure_code
        shown = chip(run.status, f"run {run.public_id}")
        return format_html('{}<span class="aos-sub">{}</span>', shown, remark) if remark else shown

    @display(description="Agent")
    def planned_by(self, run: Run) -> SafeString:
        return format_html('{}<span class="aos-sub">{}</span>', run.agent, run.planner)

    @display(description="Decision")
    def decision(self, run: Run) -> str | SafeString:
        needed = decision_needed(run)
        return format_html('<span class="aos-amber">{}</span>', needed) if needed else UNKNOWN

    @display(description="Progress")
    def progress(self, run: Run) -> str | SafeString:
        done = f"{run.steps_done}/{run.steps_total}" if run.steps_total else UNKNOWN
        words = "1 retry" if run.retries == 1 else f"{run.retries} retries"
        return format_html('{}<span class="aos-sub">{}</span>', done, words) if run.retries else done

    @display(description="Cost")
    def cost(self, run: Run) -> str:
        return money(run.spent_micro_usd)

    @display(description="Created", ordering="created_at")
    def created(self, run: Run) -> SafeString:
        return format_html('{}<span class="aos-sub">{}</span>', f"{run.created_at:%Y-%m-%d}", f"{run.created_at:%H:%M:%S} UTC")

    @display(description="Duration")
    def took(self, run: Run) -> str:
        begun, ended = instant_ms(run.created_at), instant_ms(run.finished_at)
        if begun is None or (ended is None and run.status in TERMINAL_STATUSES):
            return UNKNOWN
        return duration((ended or round(time.time() * 1_000)) - begun)


@admin.register(Outbox)
class OutboxAdmin(TenantScopedAdmin):
    view_roles = HEALTH_ROLES | PAYLOAD_ROLES
    list_display = ("id", "tenant", "run_link", "topic", "created_at", "delivered_at")
    list_select_related = ("tenant", "run")
    ordering = ("-id",)
    lookup_roles = {"data": PAYLOAD_ROLES}

    def get_fields(self, request: HttpRequest, obj: Outbox | None = None) -> list[str]:
        names = ["tenant", "run", "topic", "created_at", "delivered_at"]
        return [*names, "data"] if obj is not None and may(request, PAYLOAD_ROLES, obj.tenant_id) else names

    @display(description="Run")
    def run_link(self, row: Outbox) -> str | SafeString:
        if row.run is None:
            return UNKNOWN
        address = reverse("admin:runs_run_change", args=[row.run.public_id])
        return format_html('<a class="aos-id" href="{}">{}</a>', address, row.run.public_id)
