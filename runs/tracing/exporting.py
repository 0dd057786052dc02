"""Reads a run as OpenTelemetry spans: the trace every skin shows, in the encoding every collector takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from runs import selectors
from runs.shell.reading.otlp import Source, request_of, spans_of_run

if TYPE_CHECKING:
    from agents.models import Tenant


def otlp_json(*, tenant: Tenant, run_id: str) -> dict[str, Any]:
    """Return a run as an OTLP/JSON document. Raises Refusal as `trace_json` does."""
    return request_of([spans_of(tenant=tenant, run_id=run_id)])


def spans_of(*, tenant: Tenant, run_id: str) -> dict[str, Any]:
    """Return the ResourceSpans of a run."""
    trace = selectors.trace_json(tenant=tenant, run_id=run_id)
    source = Source(settings.OTEL_SERVICE_NAME, settings.RELEASE, settings.ENVIRONMENT, tenant.slug)
    return spans_of_run(trace, source, shows_content=settings.OTEL_CAPTURES_CONTENT)
