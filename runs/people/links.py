"""Links that decide once: made for one person and one action, sent by mail or chat. Only a hash of the secret is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from agents import audit
from agents.access.members import may_decide
from agents.actors import called_now, is_same_actor
from agents.second_wall import walls
from agents.tenancy import Principal, not_found, one_scoped, operator_principal
from runs.models import DecisionLink
from runs.people import approvals
from runs.people.bundles import last_word
from runs.selectors import get_run
from skills.contracts import Effect
from skills.ids import is_id
from skills.instants import instant, instant_or_none
from skills.refusal import Refusal

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from agents.models import Tenant

Json = dict[str, Any]

USUAL_LIFE_S = 3_600
SHORTEST_S, LONGEST_S = 60, 7 * 24 * 3_600
FRESH = timedelta(minutes=10)
"""How long ago somebody may have signed in who decides by link what cannot be taken back."""

_NOBODYS = hashlib.sha256(b"").hexdigest()


def make_link(*, principal: Principal, run_id: str, step_id: str, made_for: str, ttl_s: int = USUAL_LIFE_S) -> tuple[DecisionLink, str]:
    """Make a link by which one person decides this action once; return it and, this once, its secret.

    Who asked for the run makes none: with the link of somebody else they would approve their own call.
    """
    told = approvals.approval_json(tenant=principal.tenant, run_id=run_id, step_id=step_id)
    requester = told["requested_by"]
    if is_same_actor(principal.tenant, principal.name, requester):
        raise Refusal("PERMISSION_DENIED", "who asked for the run may make no link that approves its steps", run_id=run_id)
    if is_same_actor(principal.tenant, made_for, requester):
        raise _fault("/for", "who asked for the run may not approve its steps")
    if not may_decide(principal.tenant, made_for):
        raise _fault("/for", "no member of this name may decide here")
    run = get_run(tenant=principal.tenant, run_id=run_id)
    ends = timezone.now() + timedelta(seconds=ttl_s)
    runs_out = told["expires_at"] and datetime.fromisoformat(told["expires_at"])
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        link = DecisionLink.objects.create(
            tenant=principal.tenant,
            run=run,
            step=step_id,
            action_hash=told["action_hash"],
            secret_hash=_hash(secret),
            made_for=made_for,
            made_by=principal.name,
            expires_at=min(ends, runs_out) if runs_out else ends,
        )
        after = {"link": link.public_id, "step": step_id, "for": made_for, "action_hash": link.action_hash}
        audit.record(principal.tenant, "approval.link", run_id, by=principal.name, after=after)
    return link, secret


def revoke_link(*, principal: Principal, run_id: str, step_id: str, link_id: str, reason: str = "") -> DecisionLink:
    """Take a link back before it is used: it decides nothing from now on, and its call waits on.

    Raises Refusal: NOT_FOUND, PERMISSION_DENIED for who asked for the run, 409 for a link that was used or taken back.
    """
    run = get_run(tenant=principal.tenant, run_id=run_id)
    with transaction.atomic():
        of_call = DecisionLink.objects.select_for_update().filter(run=run, step=step_id)
        link = one_scoped(of_call, principal.tenant, "link", public_id=link_id)
        if is_same_actor(principal.tenant, principal.name, run.created_by):
            raise Refusal("PERMISSION_DENIED", "who asked for the run takes back no link that decides about it", run_id=run_id)
        if link.used_at is not None or link.revoked_at is not None:
            why = "it was used" if link.revoked_at is None else f"already taken back by {link.revoked_by}"
            raise Refusal("INVALID_INPUT", f"this link decides nothing any more: {why}", status=409, run_id=run_id)
        link.revoked_at, link.revoked_by = timezone.now(), principal.name
        link.save(update_fields=["revoked_at", "revoked_by"])
        before = {"link": link.public_id, "step": step_id, "for": link.made_for}
        audit.record(principal.tenant, "approval.link_revoke", run_id, by=principal.name, before=before, reason=reason)
    return link


def links_of(*, tenant: Tenant, run_id: str, step_id: str) -> QuerySet[DecisionLink]:
    """Return the links that were made for a call, the latest first. Raises Refusal NOT_FOUND for a run that is not there."""
    return DecisionLink.objects.filter(run=get_run(tenant=tenant, run_id=run_id), step=step_id).order_by("-created_at", "-pk")


def state_of(link: DecisionLink) -> str:
    """Return whether a link may still decide (`open`), or what ended it: `used`, `revoked`, `expired`."""
    if link.used_at is not None:
        return "used"
    if link.revoked_at is not None:
        return "revoked"
    return "open" if link.expires_at > timezone.now() else "expired"


def link_json(link: DecisionLink) -> Json:
    return {
        "link_id": link.public_id,
        "state": state_of(link),
        "made_for": link.made_for,
        "made_by": link.made_by,
        "created_at": instant(link.created_at),
        "expires_at": instant(link.expires_at),
        "used_at": instant_or_none(link.used_at),
        "revoked_at": instant_or_none(link.revoked_at),
        "revoked_by": link.revoked_by or None,
    }


# Deciding by one


def found(link_id: str, secret: str) -> DecisionLink:
    """Return the link this secret opens, for the person it was made for by the name they have now. Raises Refusal NOT_FOUND, alike
    whatever is wrong, and after as long.

    Whoever holds the secret sees the rows of its tenant from then on.
    """
    link = None
    if is_id("lnk", link_id):
        with walls.opened_to(walls.EVERYTHING):
            known = DecisionLink.objects.select_related("tenant", "run__agent").filter(public_id=link_id, tenant__is_active=True)
            link = known.first()
    matches = hmac.compare_digest(_NOBODYS if link is None else link.secret_hash, _hash(secret))
    if link is None or not matches:
        raise not_found("link")
    walls.open_to([link.tenant_id])
    link.made_for = called_now(link.made_for)
    return link


def standing(link: DecisionLink) -> tuple[str, str, Json | None]:
    """Return how a link stands ("open" where it decides), in words where it does not, and the call it is about."""
    person = operator_principal(link.tenant, link.made_for)
    if link.used_at is not None:
        return "used", f"This link was used at {link.used_at:%Y-%m-%d %H:%M:%S} UTC. It decides once.", None
    if link.revoked_at is not None:
        return "revoked", f"This link was taken back at {link.revoked_at:%Y-%m-%d %H:%M:%S} UTC. It decides nothing.", None
    try:
        told = approvals.approval_json(tenant=link.tenant, run_id=link.run.public_id, step_id=link.step)
    except Refusal as refusal:
        if refusal.status >= 500:
            raise
        if refusal.code == "REPLAY_DIVERGED":
            return "unreadable", f"The journal of this run cannot be read, so nobody can say what {link.step} asks for.", None
        word = last_word(person, link.run.public_id, link.step)
        return "over", f"{link.step}: {word}." if word else "The call waits for no approval any more: its run went on, or has ended.", None
    if approvals.is_decided(tenant=link.tenant, run_id=link.run.public_id, step_id=link.step):
        return "over", f"{link.step} was already decided.", None
    if link.expires_at <= timezone.now():
        return "expired", f"This link ran out at {link.expires_at:%Y-%m-%d %H:%M:%S} UTC. Ask for another, or sign in.", None
    if told["action_hash"] != link.action_hash:
        return "changed", "The step asks for another action by now than the one this link was made for.", None
    if is_same_actor(link.tenant, link.made_for, told["requested_by"]) or not may_decide(link.tenant, link.made_for):
        return "not_allowed", f"{link.made_for} may not decide here any more.", None
    return "open", "", told


def decide_by(link: DecisionLink, *, approve: bool, reason: str, signed_in: tuple[str, datetime | None]) -> Json:
    """Decide as the person the link was made for, once. `signed_in` is who is at the browser, and since when.

    The link is used up with the word it gave, in one transaction: of two that come at the same time one decides.
    """
    state, why, told = standing(link)
    if told is None:
        raise Refusal("INVALID_INPUT", why or state, status=409)
    if told["effect"] == Effect.IRREVERSIBLE and not is_fresh(link, signed_in):
        raise Refusal("PERMISSION_DENIED", f"what cannot be taken back is decided by {link.made_for}, just signed in")
    audit.act_as(link.made_for, via="link")
    with transaction.atomic():
        now = timezone.now()
        if not DecisionLink.objects.filter(pk=link.pk, used_at=None, revoked_at=None, expires_at__gt=now).update(used_at=now):
            raise Refusal("INVALID_INPUT", "This link was used before, was taken back, or has run out. It decides once.", status=409)
        return approvals.decide(
            principal=operator_principal(link.tenant, link.made_for),
            run_id=link.run.public_id,
            step_id=link.step,
            approve=approve,
            action_hash=link.action_hash,
            reason=reason,
        )


def is_fresh(link: DecisionLink, signed_in: tuple[str, datetime | None]) -> bool:
    """Tell whether the person of the link has signed in here just now."""
    name, since = signed_in
    return name == link.made_for and since is not None and timezone.now() - since < FRESH


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _fault(pointer: str, detail: str) -> Refusal:
    return Refusal("INVALID_INPUT", detail, status=422, errors=[{"pointer": pointer, "code": "INVALID_INPUT", "detail": detail}])
