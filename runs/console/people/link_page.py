"""The page of a link that decides once: outside the console's frame, for one person, who may not be signed in. Looking decides nothing."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.console.forms import typed
from agents.reasons import LEAST_REASON
from agents.sign_in.throttle import address_of
from agents.throttling import Buckets
from runs.console.people import approvals_view as view
from runs.people import links
from runs.shell.clock import now_ms
from skills.refusal import Refusal
from skills.registry import registry

if TYPE_CHECKING:
    from runs.models import DecisionLink

Json = dict[str, Any]

TRIES_A_MINUTE = 30
"""How many links one address may try in a minute, right ones among them; each web process counts for itself."""

tries = Buckets()

_GONE = 410


def decide_by_link(request: HttpRequest, link_id: str, secret: str) -> HttpResponse:
    """Show the call a link is about; on POST take the person's word, or send them to sign in. GET and HEAD change nothing."""
    response = _answer(request, link_id, secret)
    response["Cache-Control"] = "no-store"
    # Of the address, which holds the secret, nobody is told more than the host. Less (no-referrer) would take from the form the
    # Origin by which its POST is known to come from here.
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


def _answer(request: HttpRequest, link_id: str, secret: str) -> HttpResponse:
    wait = tries.take(address_of(request.META), TRIES_A_MINUTE, time.monotonic()).wait
    if wait:
        page = _said(request, 429, "Too many links were tried from here.", "Wait a minute, then open the link again.")
        page["Retry-After"] = "60"
        return page
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    try:
        link = links.found(link_id, secret)
    except Refusal:
        hint = "It may be cut off, or not be one of ours. Whoever sent it can make another, or sign in and decide there."
        return _said(request, 404, "There is no such link.", hint)
    if request.method == "POST":
        return _posted(request, link, secret)
    return _shown(request, link)


def _posted(request: HttpRequest, link: DecisionLink, secret: str) -> HttpResponse:
    verdict = request.POST.get("verdict")
    if verdict == "sign-in":
        # Whoever is signed in now may have been for days, or be somebody else.
        logout(request)
        back = reverse("decide-by-link", args=[link.public_id, secret])
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': back})}")
    if verdict not in ("approve", "reject"):
        return _shown(request, link, "Say yes or no.", status=422)
    reason = typed(request.POST, "reason")[:500]
    try:
        links.decide_by(link, approve=verdict == "approve", reason=reason, signed_in=_signed_in(request))
    except Refusal as refusal:
        link.refresh_from_db(fields=["used_at", "revoked_at"])
        return _shown(request, link, refusal.detail, reason=reason, status=refusal.status)
    is_yes = verdict == "approve"
    word = f"Approved: {link.step} is called now." if is_yes else f"Rejected: {link.step} is not called."
    return _said(request, 200, word, f"Taken down as the word of {link.made_for}. This link is used up.", "green" if is_yes else "red")


def _shown(request: HttpRequest, link: DecisionLink, fault: str = "", *, reason: str = "", status: int = 200) -> HttpResponse:
    state, why, told = links.standing(link)
    if told is None:
        return _said(request, _GONE if status < 400 else status, why, "Nothing was changed by opening it.", state=state)
    shown = view.full(told, registry.resolve(told["skill"], told["version"]), now_ms())
    needs_sign_in = shown["needs_reason"] and not links.is_fresh(link, _signed_in(request))
    context = {
        "title": "Decide by link",
        "aos_one": shown,
        "aos_link": link,
        "aos_ends": f"{link.expires_at:%Y-%m-%d %H:%M}",
        "aos_fault": fault,
        "aos_reason": reason,
        "aos_needs_sign_in": needs_sign_in,
        "aos_least": LEAST_REASON,
    }
    return TemplateResponse(request, "console/decide_by_link.html", context, status=status)


def _said(request: HttpRequest, status: int, sentence: str, advice: str, colour: str = "grey", *, state: str = "") -> HttpResponse:
    context = {"title": "Decide by link", "aos_said": sentence, "aos_advice": advice, "aos_colour": colour, "aos_state": state}
    return TemplateResponse(request, "console/decide_by_link.html", context, status=status)


def _signed_in(request: HttpRequest) -> tuple[str, datetime | None]:
    user = request.user
    if not user.is_authenticated:
        return "", None
    return user.get_username(), user.last_login
