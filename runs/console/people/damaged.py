"""Leads from the page of one step to its run where the run's journal cannot be read, which is said there in full."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from runs.effects.requests import checked_step_id
from skills.refusal import Refusal

Page = Callable[[HttpRequest, str, str], HttpResponse]


def of_a_step(page: Page) -> Page:
    """Return the page for steps there can be. Raises Http404 for what can be none."""

    @wraps(page)
    def shown(request: HttpRequest, run_id: str, step_id: str) -> HttpResponse:
        try:
            checked_step_id(step_id)
        except Refusal:
            raise Http404("there is no such step") from None
        try:
            return page(request, run_id, step_id)
        except Refusal as refusal:
            if refusal.code != "REPLAY_DIVERGED":
                raise
        messages.error(request, f"The journal of this run cannot be read, so nobody can say what {step_id} waits for.")
        return redirect("admin:runs_run_change", run_id)

    return shown
