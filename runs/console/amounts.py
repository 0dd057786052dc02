"""Amounts of money as people type them, dollars with a point, and as they stand beside a drawing. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from skills.refusal import Refusal
from skills.requests import LARGEST_EXACT
from skills.wording import money

_DOLLARS = re.compile(r"\$?\s*([0-9]{1,12}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")
_MICRO_USD = 1_000_000
_TOO_MUCH = "that is more than can be said exactly"


def micro_usd_of(text: str, *, least: int = 0) -> int:
    """Return what somebody typed as dollars in micro-USD. Raises Refusal for what is no amount, and says why."""
    typed = text.strip()
    found = _DOLLARS.fullmatch(typed)
    if found is None:
        raise _refusal(_why_not(typed))
    amount = int(Decimal(found.group(1)) * _MICRO_USD)
    if amount < least:
        raise _refusal("that is nothing; say how much more")
    if amount > LARGEST_EXACT:
        raise _refusal(_TOO_MUCH)
    return amount


def _why_not(typed: str) -> str:
    if not typed:
        return "say how much, in dollars, as 2.50"
    if typed.startswith("-"):
        return "an amount is not below zero"
    if "," in typed:
        return "write it without commas, as 1250.00"
    if re.fullmatch(r"\$?\s*[0-9]+\.[0-9]{7,}", typed):
        return "at most six decimals: that is a millionth of a dollar"
    if re.fullmatch(r"\$?\s*[0-9]{13,}(\.[0-9]*)?", typed):
        return _TOO_MUCH
    return "that is no amount; write it in dollars, as 2.50"


def _refusal(why: str) -> Refusal:
    return Refusal("SCHEMA_VALIDATION_FAILED", why, errors=[{"pointer": "/amount", "code": "SCHEMA_VALIDATION_FAILED", "detail": why}])


def on_scale(micro_usd: int) -> str:
    """Return what stands at a line of a scale: whole cents with two digits, so that its lines read alike."""
    return money(micro_usd) if micro_usd % 10_000 else f"${micro_usd / _MICRO_USD:,.2f}"
