"""Writes of skills: which versions this installation has run with, and what models and calls cost from which day on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from itertools import count
from typing import Annotated, Any, Literal, get_args

from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from pydantic import BeforeValidator, Field

from skills.adapters.price_table import BUCKETS, PER_CALL, Clause, DatedPrice, additions, shipped_rows, version_of
from skills.adapters.prices import PricePerMillion, today
from skills.contracts import MicroUsd
from skills.models import PriceOrigin, PriceRow, SkillVersion, new_price_id
from skills.prices import dated, load, refresh
from skills.refusal import Refusal
from skills.registry import Registry, registry
from skills.requests import RequestModel, parse_body
from skills.selectors import get_price

PricedBy = Literal["anthropic", "openai_compatible", "skill"]
PRICED_BY: tuple[str, ...] = get_args(PricedBy)
"""What a row may be about: a provider of models, or calls of skills."""

RACES = 5
LONGEST_VERSION = 75
"""So long that two of them, of a model and of a call, have room in a charge."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def record_versions(registry: Registry) -> int:
    """Note the registered skill versions that are not noted yet; return how many. A version whose metadata changed
    without a new number gets a row of its own, told by its digest."""
    described = [registry.metadata(name, version) for name in registry.names() for version in registry.versions(name)]
    known = set(SkillVersion.objects.values_list("name", "version", "digest"))
    fresh = [found for found in described if found is not None and (found.name, found.version, found.digest) not in known]
    SkillVersion.objects.bulk_create(
        (SkillVersion(name=m.name, version=m.version, digest=m.digest, metadata=m.model_dump(mode="json")) for m in fresh),
        ignore_conflicts=True,
    )
    return len(fresh)


# Prices


def _written_day(value: Any) -> Any:
    """Let through a day, and no number that could be read as one."""
    if (isinstance(value, date) and not isinstance(value, datetime)) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("a day is written as YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_written_day)]


class NewTier(RequestModel):
    """Prices per million tokens, for calls whose input is longer than this. A cache bucket left out costs like input."""

    above_input_tokens: Annotated[int, Field(strict=True, ge=0, le=10**9)] = 0
    input: PricePerMillion
    output: PricePerMillion
    cache_read: PricePerMillion | None = None
    cache_write: PricePerMillion | None = None

    def written(self) -> dict[str, int]:
        told = self.model_dump(exclude_none=True)
        return {"cache_read": self.input, "cache_write": self.input, **told}


class NewClause(RequestModel):
    """One way a row fits the names of models."""

    how: Literal["contains", "starts_with", "regex", "equals"]
    text: Annotated[str, Field(min_length=1, max_length=256)]


class NewPrice(RequestModel):
    """A row to add: tiers for a model, or what each call of a skill costs. Without `match` it fits the names the row before
    it fits, else its own alone."""

    provider: PricedBy
    model: Annotated[str, Field(min_length=1, max_length=128)]
    match: Annotated[list[NewClause], Field(min_length=1, max_length=20)] | None = None
    valid_from: Day | None = None
    tiers: Annotated[list[NewTier], Field(max_length=8)] = []
    per_call_micro_usd: MicroUsd | None = None
    note: Annotated[str, Field(max_length=500)] = ""


def check_price(**asked: Any) -> NewPrice:
    """Return a price that could be added. Raises Refusal with a pointer to each fault."""
    price = parse_body(NewPrice, asked)
    faults = list(_faults(price))
    if faults:
        errors = [{"pointer": pointer, "code": code, "detail": detail} for pointer, code, detail in faults]
        raise Refusal("SCHEMA_VALIDATION_FAILED", "this price cannot be added", errors=errors)
    return price


def _faults(price: NewPrice) -> Iterator[tuple[str, str, str]]:
    if not price.model.isprintable() or price.model != price.model.strip():
        yield "/model", "bad_name", "a name has no control characters, and no space around it"
    if price.valid_from is not None and price.valid_from < today():
        yield "/valid_from", "in_the_past", f"what was charged stays charged: today ({today()}, UTC) or later"
    yield from _skill_faults(price) if price.provider == PER_CALL else _model_faults(price)


def _skill_faults(price: NewPrice) -> Iterator[tuple[str, str, str]]:
    if not registry.versions(price.model):
        yield "/model", "SKILL_NOT_FOUND", f"no skill '{price.model}' is registered"
    if price.per_call_micro_usd is None:
        yield "/per_call_micro_usd", "missing", "say what each call of the skill costs"
    for name in ("tiers", "match"):
        if getattr(price, name):
            yield f"/{name}", "not_for_skills", "a skill is priced by the call and by its own name"


def _model_faults(price: NewPrice) -> Iterator[tuple[str, str, str]]:
    if price.per_call_micro_usd is not None:
        yield "/per_call_micro_usd", "not_for_models", "a model is priced by the token: name it in tiers"
    if not price.tiers:
        yield "/tiers", "missing", "say what a million tokens cost"
    starts = [tier.above_input_tokens for tier in price.tiers]
    if starts and (starts[0] != 0 or starts != sorted(set(starts))):
        yield "/tiers", "not_ascending", "the first tier begins at 0 input tokens, each further one above the one before"
    known = {clause for row in load().rows for clause in row.match}
    for position, clause in enumerate(price.match or ()):
        # A pattern can be made to run for ever by a name, and names come from plans. Ours are known to end.
        if clause.how == "regex" and Clause(clause.how, clause.text) not in known:
            yield f"/match/{position}/how", "no_own_patterns", "names are told by equals, starts_with or contains"


def add_price(*, by: str, **asked: Any) -> PriceRow:
    """Add a price from today on, or from a later day. What was charged before is not touched. Raises Refusal."""
    price = check_price(**asked)
    valid_from = price.valid_from or today()
    for _ in range(RACES):
        price_id = new_price_id()
        version = _free_version(version_of(f"operator/{price.provider}", price.model, valid_from))
        with suppress(IntegrityError), transaction.atomic():
            row = PriceRow.objects.create(
                public_id=price_id,
                provider=price.provider,
                model=price.model,
                match=[{clause.how: clause.text} for clause in _match_of(price, valid_from)],
                valid_from=valid_from,
                tiers=[tier.written() for tier in price.tiers],
                per_call_micro_usd=price.per_call_micro_usd,
                version=version if len(version) <= LONGEST_VERSION else f"operator/{price_id}",
                origin=PriceOrigin.OPERATOR,
                note=" ".join(price.note.split()),
                created_by=by[:200],
            )
            transaction.on_commit(refresh, robust=True)
            return row
    raise Refusal("STORE_UNAVAILABLE", "others add prices of this model all the time, or the day is over", suggestions=["Try again."])


def _match_of(price: NewPrice, valid_from: date) -> Iterable[Clause]:
    if price.match is not None:
        return [Clause(clause.how, clause.text) for clause in price.match]
    before = load().row_of(price.provider, price.model, valid_from)
    return before.match if before is not None and before.model == price.model else [Clause("equals", price.model)]


def _free_version(version: str) -> str:
    """Return the version, numbered where rows of the same model and day are there already."""
    taken = set(PriceRow.objects.filter(version__startswith=version).values_list("version", flat=True))
    return next(each for each in (version, *(f"{version}/{n}" for n in range(2, len(taken) + 3))) if each not in taken)


def withdraw_price(*, price_id: str, by: str) -> PriceRow:
    """Withdraw a price whose day has not come; one that was withdrawn already keeps who did it and when. Raises Refusal."""
    row = get_price(price_id)
    if row.origin != PriceOrigin.OPERATOR:
        raise Refusal("INVALID_INPUT", "this price came with AOS: add one of your own, which goes before it", status=409)
    coming = PriceRow.objects.filter(pk=row.pk, withdrawn_at=None, valid_from__gt=today())
    if not coming.update(withdrawn_at=timezone.now(), withdrawn_by=by[:200]) and row.withdrawn_at is None:
        raise Refusal(
            "INVALID_INPUT",
            f"this price is in force since {row.valid_from}, and what was charged by it must be explained for good",
            status=409,
            suggestions=["Add another from today on: it replaces this one."],
        )
    transaction.on_commit(refresh, robust=True)
    row.refresh_from_db()
    return row


def has_prices(using: str = "default") -> bool:
    """Tell whether the table of prices is there."""
    return PriceRow._meta.db_table in connections[using].introspection.table_names()


def take_over_shipped_prices(using: str = "default") -> int:
    """Add what this release says of prices to what earlier ones said; return how many rows. Operators' rows are not touched,
    and go before ours."""
    rows = PriceRow.objects.using(using)
    have = [dated(row) for row in rows.filter(origin=PriceOrigin.SHIPPED).order_by("id")]
    taken = set(rows.values_list("version", flat=True))
    fresh = [_shipped(row, taken) for row in additions(shipped_rows(), have, today())]
    # Another `migrate` may do the same at the same time.
    rows.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _shipped(row: DatedPrice, taken: set[str]) -> PriceRow:
    numbered = (f"{row.version}/{n}" for n in count(2))
    return PriceRow(
        provider=row.provider,
        model=row.model,
        match=[{clause.how: clause.text} for clause in row.match],
        valid_from=row.valid_from,
        tiers=[{"above_input_tokens": tier.above_input_tokens} | {name: getattr(tier, name) for name in BUCKETS} for tier in row.tiers],
        version=row.version if row.version not in taken else next(version for version in numbered if version not in taken),
        origin=PriceOrigin.SHIPPED,
        created_by="AOS",
    )
