"""Standing grants at work: finds a yes given in advance that is good for a call and uses it up, once for each action.

On the database thread; the session is fenced first, so that a run that was taken over uses up nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from agents.access.members import APPROVING
from agents.access.standing_rights import still_may
from agents.actors import is_same_actor
from agents.limits import is_host
from runs.engine.decisions import SeekGrant
from runs.engine.events import GrantAnswered
from runs.models import Grant, GrantUse, KnownHost, Run
from runs.shell.claims import Claimed
from runs.shell.clock import as_datetime, now_ms
from runs.shell.sessions import fence
from skills.base import ANYWHERE


def seek(session_id: int, wish: SeekGrant, run: Claimed) -> GrantAnswered:
    """Answer whether a call may go without asking anybody. What asks again after its worker was lost finds the same answer."""
    with transaction.atomic():
        fence(session_id)
        found = _known_host(wish, run) or _used_before(wish, run) or _use(wish, run)
    grant, by = found or ("", "")
    return GrantAnswered(now_ms(), wish.step, wish.attempt, action_hash=wish.action_hash, grant=grant, by=by)


def _known_host(wish: SeekGrant, run: Claimed) -> tuple[str, str] | None:
    if wish.rule != "policy_by_first_use" or wish.target == ANYWHERE:
        return None
    by = KnownHost.objects.filter(agent_id=run.agent_id, host=wish.target).values_list("approved_by", flat=True).first()
    return None if by is None else (f"known_host:{wish.target}", by)


def _used_before(wish: SeekGrant, run: Claimed) -> tuple[str, str] | None:
    used = GrantUse.objects.filter(run_id=run.id, step=wish.step, action_hash=wish.action_hash)
    return used.values_list("grant__public_id", "grant__granted_by").first()


def _use(wish: SeekGrant, run: Claimed) -> tuple[str, str] | None:
    requested_by = Run.objects.values_list("created_by", flat=True).get(pk=run.id)
    named = Grant.objects.filter(Q(agent=None) | Q(agent_id=run.agent_id), tenant_id=run.tenant_id, skill=wish.skill, revoked_at=None)
    now = as_datetime(now_ms())
    # The one that ends first, first: what stays is the one that is good for longer.
    for grant in named.select_for_update().order_by(F("expires_at").asc(nulls_last=True), "pk"):
        # Who may approve no more gives nothing either.
        is_own = is_same_actor(run.tenant_id, grant.granted_by, requested_by)
        if covers(grant, wish, now) and not is_own and still_may(run.tenant_id, grant.granted_by, APPROVING):
            GrantUse.objects.create(
                grant=grant, run_id=run.id, step=wish.step, action_hash=wish.action_hash, worst_micro_usd=wish.max_cost_micro_usd
            )
            Grant.objects.filter(pk=grant.pk).update(uses=F("uses") + 1, used_micro_usd=F("used_micro_usd") + wish.max_cost_micro_usd)
            return grant.public_id, grant.granted_by
    return None


def covers(grant: Grant, wish: SeekGrant, now: datetime) -> bool:
    """Tell whether a call is within what a grant allows, by every limit it has."""
    cost = wish.max_cost_micro_usd
    return (
        (grant.expires_at is None or grant.expires_at > now)
        and (grant.max_uses is None or grant.uses < grant.max_uses)
        and (grant.max_call_micro_usd is None or cost <= grant.max_call_micro_usd)
        and (grant.max_total_micro_usd is None or grant.used_micro_usd + cost <= grant.max_total_micro_usd)
        and (not grant.host or (wish.target not in ("", ANYWHERE) and is_host(grant.host, wish.target)))
    )
