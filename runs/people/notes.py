"""What people say about a call that waits for a yes: hand it to somebody, ask who asked for it, reply."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from agents import audit
from agents.access.members import APPROVING, deciders_of, may_decide
from agents.actors import behind, is_same_actor, names_of
from agents.tenancy import Principal
from runs import selectors
from runs.models import ApprovalNote, NoteKind, Run, StepSummary
from runs.people import approvals
from skills.instants import instant
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]

MOST_NOTES = 200
"""How much is said about one call."""

_ACTIONS = {NoteKind.ASSIGN: "approval.assign", NoteKind.ASK: "approval.ask", NoteKind.REPLY: "approval.reply"}


def add_note(*, principal: Principal, run_id: str, step_id: str, kind: str, text: str, to: str = "") -> Json:
    """Say something about a call that waits. Raises Refusal where it waits no more, or who says it may not."""
    told = approvals.approval_json(tenant=principal.tenant, run_id=run_id, step_id=step_id)
    text = text.strip()
    if not text and kind != NoteKind.ASSIGN:
        raise _fault("/text", "MISSING_REQUIRED_FIELD", "say something")
    with transaction.atomic():
        run = selectors.get_run(tenant=principal.tenant, run_id=run_id, lock=True)
        said = list(_of(run, step_id))
        if len(said) >= MOST_NOTES:
            raise Refusal("INVALID_INPUT", f"{MOST_NOTES} notes are enough: decide, or talk elsewhere", status=409, run_id=run_id)
        receiver = _receiver(principal, told, said, kind, to)
        note = ApprovalNote.objects.create(
            tenant=principal.tenant, run=run, step=step_id, kind=kind, to=receiver, text=text, by=principal.name
        )
        after = {"step": step_id, "to": receiver}
        audit.record(principal.tenant, _ACTIONS[NoteKind(kind)], run_id, by=principal.name, after=after, reason=text)
    return note_json(note)


def _receiver(principal: Principal, told: Json, said: list[ApprovalNote], kind: str, to: str) -> str:
    """Return whom a note is for. Raises Refusal where the two may not say this to each other."""
    requester = str(told["requested_by"])
    if kind == NoteKind.REPLY:
        return _asker(principal, requester, said)
    if not principal.may(APPROVING):
        raise Refusal("PERMISSION_DENIED", f"this takes the scope {APPROVING}")
    if is_same_actor(principal.tenant, principal.name, requester):
        raise Refusal("PERMISSION_DENIED", "who asked for the run neither hands its approval on nor asks about it", run_id=told["run_id"])
    if kind == NoteKind.ASK:
        return requester
    if not to:
        raise _fault("/to", "MISSING_REQUIRED_FIELD", "say to whom")
    if is_same_actor(principal.tenant, to, requester):
        raise _fault("/to", "INVALID_INPUT", "who asked for the run may not approve its steps")
    if not may_decide(principal.tenant, to):
        raise _fault("/to", "INVALID_INPUT", "no member of this name may decide here")
    return to


def _asker(principal: Principal, requester: str, said: list[ApprovalNote]) -> str:
    if not is_same_actor(principal.tenant, principal.name, requester):
        raise Refusal("PERMISSION_DENIED", "only who asked for the run replies")
    asked = [note.by for note in said if note.kind == NoteKind.ASK]
    if not asked:
        raise Refusal("INVALID_INPUT", "nobody asked anything about this step", status=409)
    return asked[-1]


def notes_json(*, tenant: Tenant, run_id: str, step_id: str) -> list[Json]:
    """Return what was said about a step, the first first; of one that is decided too."""
    run = selectors.get_run(tenant=tenant, run_id=run_id)
    return [note_json(note) for note in _of(run, step_id)]


def check_may_read(principal: Principal, run_id: str) -> None:
    """Refuse who neither decides nor asked for the run; who may read neither approvals nor runs does not learn whether there is one."""
    if principal.may("approvals:read"):
        return
    asked_by = selectors.get_run(tenant=principal.tenant, run_id=run_id).created_by if principal.may("runs:read") else ""
    if not asked_by or not is_same_actor(principal.tenant, asked_by, principal.name):
        raise Refusal("PERMISSION_DENIED", "this takes the scope approvals:read, or to have asked for the run")


def note_json(note: ApprovalNote) -> Json:
    return {"kind": note.kind, "to": note.to, "text": note.text, "by": note.by, "at": instant(note.at)}


def _of(run: Run, step_id: str) -> QuerySet[ApprovalNote]:
    return ApprovalNote.objects.filter(run=run, step=step_id).order_by("at", "pk")


# Whose turn it is


def handed_to(rows: QuerySet[StepSummary], names: Collection[str]) -> QuerySet[StepSummary]:
    """Return those of the waiting steps that are somebody's to decide, by all their names: handed to them, or to nobody and not of their
    own asking."""
    last = ApprovalNote.objects.filter(run=OuterRef("run_id"), step=OuterRef("key"), kind=NoteKind.ASSIGN).order_by("-at", "-pk")
    held = rows.annotate(handed_to=Subquery(last.values("to")[:1]))
    return held.filter(Q(handed_to__in=names) | Q(handed_to=None) & ~Q(run__created_by__in=names))


def holders(rows: Sequence[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """Return to whom steps were handed last, by run and step; one question for all of them."""
    found = ApprovalNote.objects.filter(run_id__in={run for run, _ in rows}, kind=NoteKind.ASSIGN).order_by("at", "pk")
    return {(run, step): to for run, step, to in found.values_list("run_id", "step", "to")}


def asked_of(tenants: Sequence[Tenant] | QuerySet[Tenant], name: str) -> QuerySet[ApprovalNote]:
    """Return what somebody was asked about calls of theirs that may still wait, and has not replied to."""
    later = ApprovalNote.objects.filter(run=OuterRef("run_id"), step=OuterRef("step"), kind=NoteKind.REPLY, pk__gt=OuterRef("pk"))
    mine = names_of(tenants, name)
    asked = ApprovalNote.objects.filter(tenant__in=tenants, kind=NoteKind.ASK, to__in=mine, run__status="waiting")
    return asked.filter(~Exists(later)).select_related("run").order_by("at", "pk")


def people_to_hand_to(tenant: Tenant, told: Json) -> list[str]:
    """Return whom a call may be handed to."""
    asked_by = behind(tenant, str(told["requested_by"]))
    return [name for name in deciders_of(tenant) if name not in asked_by]


def _fault(pointer: str, code: str, detail: str) -> Refusal:
    return Refusal(code, detail, status=422, errors=[{"pointer": pointer, "code": code, "detail": detail}])
