"""Forms of the console that make something: what was typed, made once however often it is sent, and a secret shown in the answer alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, QueryDict
from django.template.response import TemplateResponse

from agents.models import StoredAnswer, Tenant
from skills.canonical import digest
from skills.refusal import Refusal


def typed(form: QueryDict, name: str) -> str:
    """Return what somebody typed, without what no database takes and without space around it."""
    return form.get(name, "").replace("\x00", "").strip()


def page_number(query: QueryDict) -> int:
    """Return which page of a list was asked for (`page`), the first where that is no number of a page."""
    text = query.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def faults_of(refusal: Refusal, names: dict[str, str]) -> list[str]:
    """Return a refusal as sentences, one per fault; `names` says what fields are called on the page."""
    told = [(names.get(fault["pointer"].split("/")[1] if "/" in fault["pointer"] else ""), fault["detail"]) for fault in refusal.errors]
    return [f"{name}: {detail}" if name else detail for name, detail in told] or [refusal.detail, *refusal.suggestions]


def claim(tenant: Tenant, form_id: str) -> None:
    """Let a form make what it makes once, in the caller's transaction. Raises Refusal (409) for one that did.

    A page that shows a secret is the answer to a POST: loading it again sends the form again, and nobody would see the second secret.
    """
    if not form_id:
        raise Refusal("INVALID_INPUT", "this is not the form of the page; load it again")
    blank = {"fingerprint": "", "status": 200}
    _, is_first = StoredAnswer.objects.get_or_create(tenant=tenant, key=digest(["console-form", form_id]), defaults=blank)
    if not is_first:
        raise Refusal("INVALID_INPUT", "this form was sent before, and a secret is shown once; make another if it is lost", status=409)


def shown_once(request: HttpRequest, context: dict[str, Any]) -> TemplateResponse:
    """Return the page that shows a secret. It goes into no session, no message and no cache: this answer is all there is of it."""
    page = TemplateResponse(request, "console/shown_once.html", {**admin.site.each_context(request), **context})
    page["Cache-Control"] = "no-store"
    return page
