"""The user names of people: each is one person's for good, and what is theirs goes along when they are called otherwise.

Agents, keys, runs, approvals and the audit log say by name who did what. Were a name free again, whoever came by it next would own
the agents of who had it, and whoever were called otherwise could approve what they asked for themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q

from agents import audit
from agents.locking import alone_with
from agents.models import Agent, ApiKey, BreakGlass, Membership, PersonName, Tenant
from agents.second_wall import walls

NOT_OF_PEOPLE = frozenset({"aos", "nobody", "webhooks"})
"""By these names AOS itself says who did something."""
_ASCII = re.compile(r"[A-Za-z0-9_.@+-]{1,150}")
OF_WHAT = "A user name is letters without accents, digits and _ . @ + -, so that none looks like another one."
TAKEN = "This user name, or one like it but for capitals, is or was somebody's. None is given twice: what was done by it stays theirs."


def look_of(name: str) -> str:
    """Return what names have in common that people take for one another."""
    return unicodedata.normalize("NFKC", name).casefold()[:150]


def fault_of(name: str, user_id: int | None) -> str | None:
    """Return why a name cannot become this person's, in words; None where it can, and where it has been theirs before.

    Until the transaction ends nobody else is told anything about this name, or one like it: of two who ask for it in the same instant
    the second waits, and is told that it is taken.
    """
    if not _ASCII.fullmatch(name):
        return OF_WHAT
    look = look_of(name)
    if look in NOT_OF_PEOPLE:
        return "This user name is one by which AOS says what it did itself."
    alone_with(f"person name {look}")
    if user_id is not None and PersonName.objects.filter(name=name, user_id=user_id).exists():
        return None
    if PersonName.objects.filter(look=look).exists():
        return TAKEN
    # Who was made without a word to this module.
    others = User.objects.filter(username__iexact=name)
    return TAKEN if (others if user_id is None else others.exclude(pk=user_id)).exists() else None


def before_save(instance: User, update_fields: Iterable[str] | None = None, raw: bool = False, **told: Any) -> None:
    """Refuse a name that cannot become somebody's. Raises ValidationError."""
    instance.__dict__["_aos_was"] = None
    if raw or (update_fields is not None and "username" not in update_fields):
        return
    was = User.objects.filter(pk=instance.pk).values_list("username", flat=True).first() if instance.pk else None
    instance.__dict__["_aos_was"] = was or ""
    if was != instance.username and (fault := fault_of(instance.username, instance.pk)) is not None:
        raise ValidationError({"username": fault})


def after_save(instance: User, **told: Any) -> None:
    """Keep the name as this person's for good, and move what is theirs by the one before. Raises ValidationError where it just became
    somebody else's; then nothing was saved."""
    was = instance.__dict__.pop("_aos_was", None)
    if was is None or was == instance.username:
        return
    try:
        with walls.opened_to(walls.EVERYTHING), transaction.atomic():
            for name in filter(None, (was, instance.username)):
                _keep(name, instance)
            if was:
                _move(instance, was)
    except ValidationError:
        if not connection.in_atomic_block:
            _take_back(instance, was)
        raise


def _keep(name: str, user: User) -> None:
    try:
        PersonName.objects.get_or_create(name=name, defaults={"look": look_of(name), "user": user})
    except IntegrityError:
        # Who saves outside a transaction has the name to themselves for no longer than it takes to look at it.
        raise ValidationError({"username": TAKEN}) from None


def _take_back(user: User, was: str) -> None:
    if was:
        User.objects.filter(pk=user.pk).update(username=was)
    else:
        User.objects.filter(pk=user.pk).delete()


def _move(user: User, was: str) -> None:
    """Give the agents and keys of a person to the name they have now; say so in the log of each tenant that knows them."""
    now = user.username
    # Those whose contents they have looked at, too: their log says by the old name what it was.
    knowing = Tenant.objects.filter(Q(memberships__user=user) | Exists(BreakGlass.objects.filter(tenant=OuterRef("pk"), user=user)))
    of_theirs: dict[Tenant, dict[str, list[str]]] = {tenant: {} for tenant in knowing.distinct()}
    # Who makes a key holds the membership of who gets it: it is among these keys, or made for the new name.
    list(Membership.objects.select_for_update().filter(user=user).order_by("tenant_id"))
    for kind, model, label in (("agents", Agent, "name"), ("keys", ApiKey, "prefix")):
        owned = model.objects.filter(owner=was).select_related("tenant").order_by("pk")
        for row in owned.select_for_update(of=("self",)):
            of_theirs.setdefault(row.tenant, {}).setdefault(kind, []).append(getattr(row, label))
        model.objects.filter(owner=was).update(owner=now)
    audit.record(None, "user.rename", now, before={"name": was}, after={"name": now})
    for tenant in sorted(of_theirs, key=lambda tenant: tenant.pk):
        audit.record(tenant, "user.rename", now, before={"name": was}, after={"name": now, **of_theirs[tenant]})
