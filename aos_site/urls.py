"""Every address of the site, in one list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

import agents.api.access
import agents.api.agents
import agents.api.audit
import agents.api.freezes
import catalog.api.analytics
import catalog.api.catalog
import catalog.api.circuits
import catalog.api.drift
import runs.api.again
import runs.api.approvals
import runs.api.budgets
import runs.api.bulk
import runs.api.chaos
import runs.api.comparison
import runs.api.effects
import runs.api.events
import runs.api.evidence
import runs.api.first_sdk
import runs.api.grants
import runs.api.people
import runs.api.recovery
import runs.api.replay
import runs.api.runs
import runs.api.runtime
import runs.api.schemas
import runs.api.usage
import runs.api.webhooks
import skills.api
from agents.console.access_page import access_page
from agents.console.break_glass_page import break_glass_page
from agents.console.members_page import members_page
from agents.sign_in import oidc, password
from aos_site import (
    errors,
    health,
    metrics,
    openapi,  # noqa: F401 - tells the generator of the description how keys are sent
)
from aos_site.console import navigation
from aos_site.palette import palette
from runs.console.agents.agents_page import agent_edit_page, agent_page, agent_versions_page, agents_page
from runs.console.agents.skills_page import skill_page, skills_page
from runs.console.failures.dead_letters_page import dead_letters_page, requeue_view
from runs.console.failures.drift_page import drift_page
from runs.console.failures.failures_page import failures_page, group_page
from runs.console.failures.in_doubt_page import in_doubt_page, one_in_doubt_page
from runs.console.failures.recovery_page import candidate_page, recovery_page
from runs.console.money.budgets_page import budgets_page
from runs.console.money.cost_export import cost_export
from runs.console.money.cost_page import cost_page
from runs.console.operation.invariants_page import invariants_page
from runs.console.operation.runtime_page import runtime_page
from runs.console.operation.workers_page import workers_page
from runs.console.people.approvals_page import approvals_page, one_approval_page
from runs.console.people.editing_page import editing_page
from runs.console.people.grants_page import grant_page, grants_page
from runs.console.people.link_page import decide_by_link
from runs.console.people.questions_page import one_question_page, questions_page
from runs.console.people.together_page import together_page
from runs.console.run.undoing import undo_view
from runs.console.runs.bulk_page import bulk_page, new_bulk_page, one_bulk_page
from runs.console.runs.runs_export import runs_export
from runs.console.simulator.simulator_page import simulator_page
from runs.console.webhooks.webhooks_page import delivery_page, webhook_page, webhooks_page

# Every page of the console by model, before its addresses are asked for below.
admin.autodiscover()

handler400 = errors.handle_bad_request
handler403 = errors.handle_forbidden
handler404 = errors.handle_not_found
handler500 = errors.handle_defect

api_v1: list[URLPattern | URLResolver] = [
    *skills.api.urlpatterns,
    *agents.api.access.urlpatterns,
    *agents.api.agents.urlpatterns,
    *agents.api.audit.urlpatterns,
    *agents.api.freezes.urlpatterns,
    *catalog.api.catalog.urlpatterns,
    *catalog.api.analytics.urlpatterns,
    *catalog.api.drift.urlpatterns,
    *catalog.api.circuits.urlpatterns,
    *runs.api.runs.urlpatterns,
    *runs.api.grants.urlpatterns,
    *runs.api.approvals.urlpatterns,
    *runs.api.people.urlpatterns,
    *runs.api.events.urlpatterns,
    *runs.api.evidence.urlpatterns,
    *runs.api.webhooks.urlpatterns,
    *runs.api.runtime.urlpatterns,
    *runs.api.schemas.urlpatterns,
    *runs.api.usage.urlpatterns,
    *runs.api.budgets.urlpatterns,
    *runs.api.bulk.urlpatterns,
    *runs.api.effects.urlpatterns,
    *runs.api.again.urlpatterns,
    *runs.api.comparison.urlpatterns,
    *runs.api.recovery.urlpatterns,
    *runs.api.replay.urlpatterns,
    *runs.api.chaos.urlpatterns,
]

# The description of the API names no tenant's data, so it needs no key.
OPEN: dict[str, Any] = {"authentication_classes": [], "permission_classes": []}

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("api/v1/", include(api_v1)),
    path("api/schema/", SpectacularJSONAPIView.as_view(**OPEN), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema", **OPEN), name="docs"),
    path("api/<path:rest>", errors.no_such_route),
    path("errors", errors.all_errors, name="errors"),
    path("errors/<str:code>", errors.one_error, name="error"),
    path("healthz", health.healthz, name="healthz"),
    path("health", health.healthz, name="health"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    *runs.api.first_sdk.urlpatterns,
    path("decide/<str:link_id>/<str:secret>/", decide_by_link, name="decide-by-link"),
    path("admin/runtime/", admin.site.admin_view(runtime_page), name="console-runtime"),
    path("admin/simulator/", admin.site.admin_view(simulator_page), name="console-simulator"),
    path("admin/failure-analytics/", admin.site.admin_view(failures_page), name="console-failures"),
    path("admin/failure-analytics/<str:signature>/", admin.site.admin_view(group_page), name="console-failure-group"),
    path("admin/drift/", admin.site.admin_view(drift_page), name="console-drift"),
    path("admin/cost/export/", require_POST(admin.site.admin_view(cost_export)), name="console-cost-export"),
    path("admin/cost/", admin.site.admin_view(cost_page), name="console-cost"),
    path("admin/budgets/", admin.site.admin_view(budgets_page), name="console-budgets"),
    path("admin/approvals/", admin.site.admin_view(require_safe(approvals_page)), name="console-approvals"),
    path("admin/approvals/together/", admin.site.admin_view(together_page), name="console-approvals-together"),
    path("admin/approvals/<str:run_id>/<str:step_id>/edit/", admin.site.admin_view(editing_page), name="console-approval-edit"),
    path("admin/grants/", admin.site.admin_view(grants_page), name="console-grants"),
    path("admin/grants/<str:grant_id>/", admin.site.admin_view(grant_page), name="console-grant"),
    path("admin/approvals/<str:run_id>/<str:step_id>/", admin.site.admin_view(one_approval_page), name="console-approval"),
    path("admin/questions/", admin.site.admin_view(require_safe(questions_page)), name="console-questions"),
    path("admin/questions/<str:run_id>/<str:step_id>/", admin.site.admin_view(one_question_page), name="console-question"),
    path("admin/in-doubt/", admin.site.admin_view(require_safe(in_doubt_page)), name="console-in-doubt"),
    path("admin/in-doubt/<str:run_id>/<str:step_id>/", admin.site.admin_view(one_in_doubt_page), name="console-in-doubt-one"),
    path("admin/dead-letters/", admin.site.admin_view(require_safe(dead_letters_page)), name="console-dead-letters"),
    path("admin/dead-letters/<str:run_id>/requeue/", require_POST(admin.site.admin_view(requeue_view)), name="console-dead-letter-requeue"),
    path("admin/undo/<str:run_id>/<str:step_id>/", require_POST(admin.site.admin_view(undo_view)), name="console-undo"),
    path("admin/invariants/", admin.site.admin_view(invariants_page), name="console-invariants"),
    path("admin/bulk/", admin.site.admin_view(require_safe(bulk_page)), name="console-bulk"),
    path("admin/bulk/new/", admin.site.admin_view(new_bulk_page), name="console-bulk-new"),
    path("admin/bulk/<str:bulk_id>/", admin.site.admin_view(one_bulk_page), name="console-bulk-one"),
    path("admin/runs-export/", require_POST(admin.site.admin_view(runs_export)), name="console-runs-export"),
    path("admin/workers/", admin.site.admin_view(require_safe(workers_page)), name="console-workers"),
    path("admin/recovery/", admin.site.admin_view(recovery_page), name="console-recovery"),
    path("admin/recovery/<str:candidate_id>/", admin.site.admin_view(candidate_page), name="console-recovery-candidate"),
    path("admin/agent-profiles/", admin.site.admin_view(agents_page), name="console-agents"),
    path("admin/agent-profiles/<str:agent_id>/", admin.site.admin_view(agent_page), name="console-agent"),
    path("admin/agent-profiles/<str:agent_id>/edit/", admin.site.admin_view(agent_edit_page), name="console-agent-edit"),
    path("admin/agent-profiles/<str:agent_id>/versions/", admin.site.admin_view(agent_versions_page), name="console-agent-versions"),
    path("admin/describe-skill/", admin.site.admin_view(require_safe(skills_page)), name="console-skills"),
    path("admin/describe-skill/<str:skill>/", admin.site.admin_view(skill_page), name="console-skill"),
    path("admin/access/", admin.site.admin_view(access_page), name="console-access"),
    path("admin/break-glass/", admin.site.admin_view(break_glass_page), name="console-break-glass"),
    path("admin/members/", admin.site.admin_view(members_page), {"navigation": navigation}, name="console-members"),
    path("admin/webhooks/", admin.site.admin_view(webhooks_page), name="console-webhooks"),
    path("admin/webhooks/<str:webhook_id>/", admin.site.admin_view(webhook_page), name="console-webhook"),
    path("admin/webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/", admin.site.admin_view(delivery_page), name="console-delivery"),
    path("admin/login/", password.login_page, name="sign-in"),
    path("admin/sign-in/", oidc.start, name="sign-in-start"),
    path("admin/sign-in/callback/", oidc.callback, name="sign-in-callback"),
    # In the place of Unfold's search, which walks through all rows and keeps what it found for a while.
    path("admin/search/", admin.site.admin_view(require_safe(palette)), name="palette"),
    path("admin/", admin.site.urls),
]
