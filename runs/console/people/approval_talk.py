"""The talk beside a call that waits, on its page: hand it to somebody, ask who asked for it, reply, make a link that decides once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agents import audit
from agents.actors import is_same_actor
from agents.console.forms import claim, shown_once, typed
from agents.tenancy import operator_principal
from runs.console.people import approvals_view as view
from runs.people import links, notes
from runs.people.similar import differences, last_approved
from runs.people_requests import LinkBody, NoteBody, address_of
from skills.refusal import Refusal
from skills.requests import parse_body

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]

LIVES = {"3600": "an hour", "28800": "eight hours", "86400": "a day", "604800": "a week"}
"""How long a link may be good, in seconds, and in words."""

MOST_DIFFERENCES = 50
_SAYS = {"assign": "handed it to", "ask": "asked", "reply": "replied to"}


def talk(request: HttpRequest, tenant: Tenant, told: Json, *, decides: bool) -> Json:
    """Return what the page shows of the talk, and the forms this person may use."""
    reader = request.user.get_username()
    said = notes.notes_json(tenant=tenant, run_id=told["run_id"], step_id=told["step_id"])
    is_requester = is_same_actor(tenant, told["requested_by"], reader)
    handed = next((note["to"] for note in reversed(said) if note["kind"] == "assign"), "")
    may_hand_on = decides and not is_requester
    people = notes.people_to_hand_to(tenant, told) if may_hand_on else []
    return {
        "aos_notes": [{**note, "says": _SAYS[note["kind"]], "at": note["at"][:19].replace("T", " ")} for note in said],
        "aos_handed_to": handed,
        "aos_may_talk": may_hand_on,
        "aos_may_reply": is_requester and any(note["kind"] == "ask" for note in said),
        "aos_people": [name for name in people if name != reader],
        "aos_link_for": people,
        "aos_links": _open_links(tenant, told) if may_hand_on else [],
        "aos_lives": LIVES,
        "aos_once": uuid4().hex,
        "aos_me": reader,
    }


def _open_links(tenant: Tenant, told: Json) -> list[Json]:
    made = links.links_of(tenant=tenant, run_id=told["run_id"], step_id=told["step_id"])
    shown = [links.link_json(link) for link in made if links.state_of(link) == "open"]
    return [each | {"expires_at": each["expires_at"][:16].replace("T", " ")} for each in shown]


def compared(tenant: Tenant, told: Json) -> Json:
    """Return what is otherwise than in the last call like it that somebody approved."""
    before = last_approved(tenant, told)
    if before is None:
        return {"aos_before": None}
    found = differences(before.params, told["params"] if isinstance(told["params"], dict) else {})
    return {
        "aos_before": {**before._asdict(), "link": reverse("console-approval", args=[before.run_id, before.step_id])},
        "aos_differences": [_plainly(each.place, each.before, each.now) for each in found[:MOST_DIFFERENCES]],
        "aos_more_differences": max(0, len(found) - MOST_DIFFERENCES),
    }


def _plainly(place: str, before: str | None, now: str | None) -> Json:
    told = {"before": before, "now": now}
    return {"place": view.plainly(place)} | {name: None if text is None else view.leaf(place, text) for name, text in told.items()}


# Words


def posted(request: HttpRequest, tenant: Tenant, run_id: str, step_id: str) -> HttpResponse | None:
    """Take what one of the talk's forms sends; None where it is another's."""
    does = {"note": _note, "link": _link, "revoke-link": _revoke_link}.get(request.POST.get("action", ""))
    if does is None:
        return None
    audit.act_as(request.user.get_username(), via="console")
    try:
        return does(request, tenant, run_id, step_id)
    except Refusal as refusal:
        messages.error(request, "; ".join(dict.fromkeys(fault["detail"] for fault in refusal.errors)) or refusal.detail)
        return redirect("console-approval", run_id, step_id)


def _note(request: HttpRequest, tenant: Tenant, run_id: str, step_id: str) -> HttpResponse:
    form = request.POST
    body = parse_body(NoteBody, {"kind": form.get("kind", ""), "to": typed(form, "to"), "text": typed(form, "text").replace("\r\n", "\n")})
    person = operator_principal(tenant, request.user.get_username())
    said = notes.add_note(principal=person, run_id=run_id, step_id=step_id, kind=body.kind, to=body.to, text=body.text)
    messages.success(request, f"{step_id} is {said['to']}'s to decide now." if body.kind == "assign" else f"{said['to']} reads it here.")
    return redirect("console-approval", run_id, step_id)


def _link(request: HttpRequest, tenant: Tenant, run_id: str, step_id: str) -> HttpResponse:
    body = parse_body(LinkBody, {"for": typed(request.POST, "for"), "ttl_s": int(_life(request.POST.get("ttl_s", "")))})
    person = operator_principal(tenant, request.user.get_username())
    with transaction.atomic():
        claim(tenant, typed(request.POST, "once"))
        link, secret = links.make_link(principal=person, run_id=run_id, step_id=step_id, made_for=body.made_for, ttl_s=body.ttl_s)
    context = {
        "title": "A link that decides once",
        "aos_done": "made",
        "aos_sentence": f"With this link {link.made_for} decides about {step_id}, once.",
        "aos_what": "The link",
        "aos_secret": address_of(request, link.public_id, secret),
        "aos_facts": [
            ("Send it", f"to {link.made_for} alone: whoever opens it decides in that name"),
            ("Good until", f"{link.expires_at:%Y-%m-%d %H:%M} UTC"),
            ("Bound to", f"exactly this call, action {link.action_hash[:12]}…"),
        ],
        "aos_back": reverse("console-approval", args=[run_id, step_id]),
    }
    return shown_once(request, context)


def _revoke_link(request: HttpRequest, tenant: Tenant, run_id: str, step_id: str) -> HttpResponse:
    person = operator_principal(tenant, request.user.get_username())
    link = links.revoke_link(principal=person, run_id=run_id, step_id=step_id, link_id=request.POST.get("link", ""))
    messages.success(request, f"Taken back: the link for {link.made_for} decides nothing any more. {step_id} waits on.")
    return redirect("console-approval", run_id, step_id)


def _life(text: str) -> str:
    return text if text in LIVES else next(iter(LIVES))
