"""The audit log: who did what to what, one chain for each tenant. `record` is its only writer, in the transaction of what was done.

An entry names the hash of the one before it and is never changed: triggers refuse it, and `verify` finds where somebody went
around them. Nothing secret goes in: what looks like a credential is masked, and long values are cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models, transaction
from django.utils import timezone

from agents.models import PLATFORM, AuditChain, AuditEntry, Tenant
from skills.canonical import digest
from skills.instants import instant
from skills.net.redaction import without_credentials

LONGEST_VALUE = 2_000
_AT_ONCE = 1_000

ACTIONS: dict[str, str] = {
    "agent.create": "An agent was made.",
    "agent.update": "An agent, or its profile, was changed.",
    "agent.delete": "An agent that never ran was deleted.",
    "api_key.create": "A key was made for a program.",
    "approval.ask": "Who asked for a run was asked about a call that waits.",
    "approval.assign": "A call that waits was handed to somebody to decide.",
    "approval.link": "A link was made by which one person decides a call once.",
    "approval.link_revoke": "A link that decides was taken back before it was used.",
    "approval.reply": "Who asked for a run replied about a call that waits.",
    "api_key.narrow": "A key lost what its owner's new role does not give.",
    "api_key.revoke": "A key was made useless.",
    "break_glass.opened": "Who runs the installation was let see the contents of a tenant for a time.",
    "break_glass.closed": "The contents of a tenant were hidden from them again, before the time was over.",
    "break_glass.used": "A page showed contents by this alone.",
    "budget.set": "A budget was set.",
    "budget.top_up": "A budget was raised.",
    "budget.remove": "A budget was taken away.",
    "bulk.begin": "Something was begun over many runs at once.",
    "bulk.abort": "What was done over many runs was to stop.",
    "bulk.stop": "What was done over many runs stopped: who began it may not any more.",
    "catalog.create": "An entry was added to the failure catalog.",
    "catalog.update": "An entry of the failure catalog was changed.",
    "catalog.remove": "An entry of the failure catalog was taken out.",
    "catalog.restore": "An earlier version of an entry was brought back.",
    "catalog.import": "Entries of the failure catalog were imported.",
    "circuit.reset": "A circuit was closed by hand.",
    "cost.export": "What was spent was taken out as a file.",
    "drift.acknowledge": "Somebody saw that a skill or agent goes otherwise than before.",
    "drift.resolve": "Somebody says that it goes as it should again.",
    "evidence.export": "A run's evidence was taken out.",
    "failures.fixed": "Somebody says that a group of failures is mended.",
    "failures.mute": "A group of failures was muted.",
    "failures.unmute": "A group of failures is heard again.",
    "freeze.set": "A tenant, an agent or a skill was frozen.",
    "freeze.lift": "A freeze was lifted.",
    "grant.give": "Calls of a skill were let through in advance, within limits.",
    "grant.revoke": "A yes given in advance was taken back.",
    "known_host.forget": "A host an agent was let to is asked about again.",
    "membership.grant": "A person was given a role in a tenant.",
    "membership.change": "A person was given another role in a tenant.",
    "membership.remove": "A person has no role in a tenant any more.",
    "recovery.approve": "A suggested recovery was approved, in shadow.",
    "recovery.activate": "A recovery began to act.",
    "recovery.reject": "A suggested recovery was rejected.",
    "recovery.withdraw": "A recovery was taken back.",
    "recovery.reopen": "A decided recovery is open again.",
    "service_account.create": "A program became a member of a tenant.",
    "service_account.update": "The role of a program was changed, or it was switched off or on.",
    "tenant.create": "A tenant was made.",
    "tenant.update": "A tenant was changed.",
    "tenant.delete": "A tenant was deleted.",
    "user.create": "A person was added.",
    "user.update": "A person was changed.",
    "user.delete": "A person was deleted.",
    "user.rename": "A person got another name; what was theirs goes by it.",
    "user.password": "A person's password was set.",
    "group.create": "A group of people was made.",
    "group.update": "A group of people was changed.",
    "group.delete": "A group of people was deleted.",
    "webhook.create": "An address was to hear of events.",
    "webhook.update": "An endpoint of webhooks was changed.",
    "webhook.rotate_secret": "An endpoint got a new secret.",
    "webhook.delete": "An endpoint was removed.",
    "webhook.disable": "An endpoint was switched off, because it could not be reached or said it is gone.",
    "webhook.redeliver": "A delivery was sent once more.",
    "run.again": "A run was started that does another one again, repeats it live, or takes an effect back.",
    "run.answer_given": "A question of a run was answered, or a failure decided.",
    "run.approval_decided": "A call of a run was approved or rejected.",
    "run.cancel_requested": "A run was to stop for good.",
    "run.pause_requested": "A run was to start nothing further.",
    "run.export": "Rows of the list of runs were taken out.",
    "run.resume_requested": "A run was let go on.",
    "run.topped_up": "A run's limit was raised.",
    "run.verdict_given": "Somebody said what became of an effect in doubt.",
    "session.login": "A person signed in to the console.",
    "session.refused": "Somebody was not let in to the console.",
}
"""Every action there is, in words. Prices are not among them: they are rows nobody changes, each with who made it."""


@dataclass(frozen=True)
class Acting:
    """Who acts in this request, command or task."""

    name: str = "nobody"
    via: str = "worker"
    key_id: str = ""
    trace_id: str = ""


NOBODY = Acting()
_acting: ContextVar[Acting] = ContextVar("aos_acting", default=NOBODY)


def act_as(name: str, *, via: str, key_id: str | None = None, trace_id: str | None = None) -> None:
    """Say who acts from here on in this context; what is not given stays as it was said before."""
    was = _acting.get()
    _acting.set(Acting(name[:200], via, key_id or "", was.trace_id if trace_id is None else trace_id))


def acting_name() -> str:
    """Return the name of who acts now, as an entry would say it; "" where nobody is known to."""
    name = _acting.get().name
    return "" if name == NOBODY.name else name


def begin(trace_id: str = "") -> None:
    """Forget who acted before: another request begins. It is a page's until a key says who it is."""
    _acting.set(replace(NOBODY, via="console", trace_id=trace_id))


def record(
    tenant: Tenant | None,
    action: str,
    target: str = "",
    *,
    by: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Add an entry to a tenant's chain, or to the platform's. It stands or falls with the caller's transaction."""
    if action not in ACTIONS:
        raise ValueError(f"no such action: {action}")
    who = _acting.get()
    with transaction.atomic():
        chain = _locked_chain(_key_of(tenant))
        entry = AuditEntry(
            chain=chain,
            seq=chain.last_seq + 1,
            at=timezone.now(),
            actor=(by or who.name)[:200],
            via=who.via,
            key_id=who.key_id,
            action=action,
            target=without_credentials(target)[:300],
            before=_text(before),
            after=_text(after),
            reason=without_credentials(reason)[:500],
            trace_id=who.trace_id,
            prev=chain.head,
        )
        entry.hash = hash_of(entry, chain.key)
        entry.save(force_insert=True)
        chain.last_seq, chain.head = entry.seq, entry.hash
        chain.save(update_fields=["last_seq", "head"])
    return entry


def _key_of(tenant: Tenant | None) -> str:
    return PLATFORM if tenant is None else f"tenant:{tenant.pk}"


def _locked_chain(key: str) -> AuditChain:
    chain = AuditChain.objects.select_for_update().filter(key=key).first()
    if chain is None:
        AuditChain.objects.bulk_create([AuditChain(key=key)], ignore_conflicts=True)
        chain = AuditChain.objects.select_for_update().get(key=key)
    return chain


def _text(values: Mapping[str, Any] | None) -> str:
    if not values:
        return ""
    text = without_credentials(json.dumps(dict(values), ensure_ascii=False, default=str, sort_keys=True))
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs between two states of something: as it was, and as it is."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}


_HASHED = ("seq", "actor", "via", "key_id", "action", "target", "before", "after", "reason", "trace_id", "prev")


def hash_of(entry: AuditEntry, chain: str) -> str:
    """Return the hash of an entry: over all it says, the chain it is in, and the entry before it."""
    told = {name: getattr(entry, name) for name in _HASHED}
    return digest({"chain": chain, "at": instant(entry.at), **told})


# Reads


def entries_of(
    tenant: Tenant | None, *, action: str = "", actor: str = "", target: str = "", since: datetime | None = None
) -> models.QuerySet[AuditEntry]:
    """Return a chain's entries, the newest first."""
    rows = AuditEntry.objects.filter(chain__key=_key_of(tenant))
    if action:
        rows = rows.filter(action__startswith=action)
    if actor:
        rows = rows.filter(actor=actor)
    if target:
        rows = rows.filter(target=target)
    if since is not None:
        rows = rows.filter(at__gte=since)
    return rows.order_by("-seq")


def entries_among(tenants: Iterable[Tenant], *, action: str, target: str = "") -> models.QuerySet[AuditEntry]:
    """Return the entries of one action in the chains of several tenants, of one target or of all; the newest first."""
    rows = AuditEntry.objects.filter(chain__key__in=[_key_of(tenant) for tenant in tenants], action=action)
    return (rows.filter(target=target) if target else rows).order_by("-at", "-pk")


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as API and commands show it."""
    return {
        "seq": entry.seq,
        "at": instant(entry.at),
        "actor": entry.actor,
        "via": entry.via,
        "key_id": entry.key_id or None,
        "action": entry.action,
        "words": ACTIONS.get(entry.action, ""),
        "target": entry.target or None,
        "before": entry.before or None,
        "after": entry.after or None,
        "reason": entry.reason or None,
        "trace_id": entry.trace_id or None,
        "prev": entry.prev,
        "hash": entry.hash,
    }


class Verified(NamedTuple):
    """What came of following a chain: how many entries it has, and where it breaks first."""

    chain: str
    entries: int
    seq: int | None = None
    problem: str = ""


def verify(tenant: Tenant | None) -> Verified:
    """Follow a chain from its beginning; say where it breaks first. Takes as much memory for a long one as for a short one."""
    key = _key_of(tenant)
    chain = AuditChain.objects.filter(key=key).first()
    before, count = "", 0
    for entry in _in_order(key):
        count += 1
        if entry.seq != count:
            return Verified(key, count, count, f"entry {count} is missing")
        if entry.prev != before:
            return Verified(key, count, entry.seq, f"entry {entry.seq} does not follow the entry before it")
        if hash_of(entry, key) != entry.hash:
            return Verified(key, count, entry.seq, f"entry {entry.seq} was changed")
        before = entry.hash
    if (count, before) != ((chain.last_seq, chain.head) if chain else (0, "")):
        return Verified(key, count, count + 1, f"the chain ends at entry {count}, and went on to {chain.last_seq if chain else 0}")
    return Verified(key, count)


def _in_order(key: str) -> Iterator[AuditEntry]:
    yield from AuditEntry.objects.filter(chain__key=key).order_by("seq").iterator(chunk_size=_AT_ONCE)
