"""The only writer of money: reserves, settles, releases and tops up, in every scope of a movement or in none.

For each scope, always:  spent = sum of its settles · reserved = reserves − releases − settles · spent + reserved ≤ limit,
unless a call cost more than its declared worst case (`absorb`).

    reserve   unreserved → reserved     refused where a scope's limit leaves too little
    settle    reserved → spent          refused where less than that is reserved
    release   reserved → unreserved     refused where less than that is reserved
    absorb    unreserved → reserved     never refused: the money is gone already
    top_up    raises the limit

A movement is known by its reference: repeating one that a scope already holds changes nothing and is granted, so a
caller may repeat after a commit whose answer was lost. Rows are locked tenant → agent → run, a parent run before its
children (ids sort by age), so that no two movements wait for each other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, IntegerField, Q, Value, When

from agents.models import EntryKind, LedgerEntry, LedgerScope, ScopeKind, Tenant

ScopeKey = tuple[str, str]

_LOCK_ORDER = Case(
    *(When(kind=kind, then=Value(place)) for place, kind in enumerate(ScopeKind.values)),
    output_field=IntegerField(),
)


class ScopeMissing(LookupError):
    """A movement names a scope that was never opened for this tenant."""


class ReferenceReused(ValueError):
    """A reference came again with another amount; the first one stands."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The movement stands in every scope. `repeated`: it stood there already."""

    amount_micro_usd: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing moved. `missing_micro_usd` is what `scope` (`kind:key`) lacks; it is the scope that lacks most."""

    missing_micro_usd: int
    scope: str


Answer = Granted | Refused


def open_scope(*, tenant: Tenant, kind: str, key: str, limit_micro_usd: int | None) -> LedgerScope:
    """Return the scope, made with this limit (None: unlimited) if it is new; an open scope keeps its limit."""
    _positive(limit_micro_usd or 0)
    scope, _ = LedgerScope.objects.get_or_create(kind=kind, key=key, defaults={"tenant": tenant, "limit_micro_usd": limit_micro_usd})
    if scope.tenant_id != tenant.pk:
        raise ScopeMissing(f"{kind}:{key}")
    return scope


def reserve(*, tenant: Tenant, keys: Sequence[ScopeKey], amount_micro_usd: int, reference: str) -> Answer:
    """Set money aside in every scope, or in none."""
    return _move(tenant, keys, EntryKind.RESERVE, amount_micro_usd, reference, lacks=_unreserved_lack, apply=_reserve)


def absorb(*, tenant: Tenant, keys: Sequence[ScopeKey], amount_micro_usd: int, reference: str) -> Answer:
    """Set aside what was spent beyond the reservation already: the truth is settled even where it passes a limit."""
    return _move(tenant, keys, EntryKind.RESERVE, amount_micro_usd, reference, lacks=_no_lack, apply=_reserve)


def settle(*, tenant: Tenant, keys: Sequence[ScopeKey], spent_micro_usd: int, reference: str) -> Answer:
    """Turn reserved money into spent money. What is spent beyond a reservation must be reserved first."""
    return _move(tenant, keys, EntryKind.SETTLE, spent_micro_usd, reference, lacks=_reserved_lack, apply=_settle)


def release(*, tenant: Tenant, keys: Sequence[ScopeKey], amount_micro_usd: int, reference: str) -> Answer:
    """Give reserved money back."""
    return _move(tenant, keys, EntryKind.RELEASE, amount_micro_usd, reference, lacks=_reserved_lack, apply=_release)


def top_up(*, tenant: Tenant, keys: Sequence[ScopeKey], amount_micro_usd: int, reference: str) -> Answer:
    """Raise the limit of every scope named; an unlimited one stays unlimited and keeps the entry."""
    return _move(tenant, keys, EntryKind.TOP_UP, amount_micro_usd, reference, lacks=_no_lack, apply=_raise_limit)


@dataclass(frozen=True, slots=True)
class Raised:
    """The limit of a run after a top-up. `repeated`: this top-up was made before."""

    limit_micro_usd: int | None
    repeated: bool


@dataclass(frozen=True)
class RunPurse:
    """The money of one run: drawn from its scope while it goes on, settled once, when it ends.

    `limit_micro_usd` is what the scope is opened with; one that is open keeps its own.
    """

    tenant_id: int
    run_id: str
    limit_micro_usd: int | None

    def draw(self, amount_micro_usd: int, what_for: str) -> int:
        """Draw an amount if it fits; return what is drawn in all. Asked again, it finds what it drew the first time,
        even where it would ask for another sum by now."""
        with contextlib.suppress(ReferenceReused):
            self.try_draw(amount_micro_usd, what_for)
        return self.drawn()

    def try_draw(self, amount_micro_usd: int, what_for: str) -> Answer:
        """Draw an amount, or say what is missing."""
        tenant = self._open()
        return reserve(tenant=tenant, keys=self._keys(), amount_micro_usd=amount_micro_usd, reference=f"{self.run_id}:{what_for}")

    def drawn(self) -> int:
        """Return what is drawn in all: until the run ends none of it is settled."""
        scope = LedgerScope.objects.filter(kind=ScopeKind.RUN, key=self.run_id)
        return scope.values_list("reserved_micro_usd", flat=True).first() or 0

    def raise_limit(self, by_micro_usd: int, reference: str) -> Raised:
        """Top up the run."""
        answer = top_up(tenant=self._open(), keys=self._keys(), amount_micro_usd=by_micro_usd, reference=reference)
        limit = LedgerScope.objects.values_list("limit_micro_usd", flat=True).get(kind=ScopeKind.RUN, key=self.run_id)
        return Raised(limit, isinstance(answer, Granted) and answer.repeated)

    def close(self, spent_micro_usd: int) -> None:
        """Settle what was spent, even beyond what was drawn, and release the rest."""
        tenant, keys, reference = self._open(), self._keys(), f"{self.run_id}:end"
        beyond = max(0, spent_micro_usd - self.drawn())
        absorb(tenant=tenant, keys=keys, amount_micro_usd=beyond, reference=f"{self.run_id}:overrun")
        settle(tenant=tenant, keys=keys, spent_micro_usd=spent_micro_usd, reference=reference)
        release(tenant=tenant, keys=keys, amount_micro_usd=self.drawn(), reference=reference)

    def _keys(self) -> list[ScopeKey]:
        return [(ScopeKind.RUN, self.run_id)]

    def _open(self) -> Tenant:
        tenant = Tenant(pk=self.tenant_id)
        open_scope(tenant=tenant, kind=ScopeKind.RUN, key=self.run_id, limit_micro_usd=self.limit_micro_usd)
        return tenant


def _move(
    tenant: Tenant,
    keys: Sequence[ScopeKey],
    kind: EntryKind,
    amount: int,
    reference: str,
    *,
    lacks: Callable[[LedgerScope, int], int],
    apply: Callable[[LedgerScope, int], None],
) -> Answer:
    """Lock, then look for the same movement, then decide over all scopes, then write: the order is what makes it safe."""
    _positive(amount)
    if amount == 0:
        return Granted(0)
    with transaction.atomic():
        scopes = _locked(tenant, keys)
        if _already_there(scopes, kind, amount, reference):
            return Granted(amount, repeated=True)
        missing, worst = max(((lacks(scope, amount), str(scope)) for scope in scopes), key=lambda lack: lack[0])
        if missing > 0:
            return Refused(missing, worst)
        for scope in scopes:
            apply(scope, amount)
            scope.save(update_fields=["limit_micro_usd", "reserved_micro_usd", "spent_micro_usd"])
        LedgerEntry.objects.bulk_create(
            LedgerEntry(scope=scope, kind=kind, amount_micro_usd=amount, reference=reference) for scope in scopes
        )
    return Granted(amount)


def _positive(amount: int) -> None:
    if amount < 0:
        raise ValueError(f"money moves in positive amounts, not {amount}")


def _locked(tenant: Tenant, keys: Sequence[ScopeKey]) -> list[LedgerScope]:
    """Return the scopes, locked in the one order. Raises ScopeMissing."""
    wanted = set(keys)
    if not wanted:
        raise ScopeMissing("no scope was named")
    named = Q()
    for kind, key in wanted:
        named |= Q(kind=kind, key=key)
    rows = list(LedgerScope.objects.select_for_update().filter(named, tenant=tenant).order_by(_LOCK_ORDER, "key"))
    missing = wanted - {(row.kind, row.key) for row in rows}
    if missing:
        raise ScopeMissing(", ".join(sorted(f"{kind}:{key}" for kind, key in missing)))
    return rows


def _already_there(scopes: Sequence[LedgerScope], kind: EntryKind, amount: int, reference: str) -> bool:
    """Tell whether this movement was made. Entries are written in all scopes at once, so one scope answers for all."""
    held = LedgerEntry.objects.filter(scope=scopes[-1], kind=kind, reference=reference).first()
    if held is not None and held.amount_micro_usd != amount:
        raise ReferenceReused(f"{kind} {reference} was {held.amount_micro_usd} µ$ and is now {amount} µ$")
    return held is not None


def _unreserved_lack(scope: LedgerScope, amount: int) -> int:
    if scope.limit_micro_usd is None:
        return 0
    return scope.spent_micro_usd + scope.reserved_micro_usd + amount - scope.limit_micro_usd


def _reserved_lack(scope: LedgerScope, amount: int) -> int:
    return amount - scope.reserved_micro_usd


def _no_lack(scope: LedgerScope, amount: int) -> int:
    return 0


def _reserve(scope: LedgerScope, amount: int) -> None:
    scope.reserved_micro_usd += amount


def _settle(scope: LedgerScope, amount: int) -> None:
    scope.reserved_micro_usd -= amount
    scope.spent_micro_usd += amount


def _release(scope: LedgerScope, amount: int) -> None:
    scope.reserved_micro_usd -= amount


def _raise_limit(scope: LedgerScope, amount: int) -> None:
    if scope.limit_micro_usd is not None:
        scope.limit_micro_usd += amount
