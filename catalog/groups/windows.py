"""Which failures somebody asks about, as parameters of an address say it: how far back, and of which agent, skill, code, host."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from catalog.analytics.numbers import LONGEST, Failures
from catalog.groups.reading import MOST_GROUPS
from catalog.groups.states import State
from skills.contracts import Name
from skills.requests import RequestModel

if TYPE_CHECKING:
    from agents.models import Tenant

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"(\d{1,6})([mhd])", re.ASCII)


def span_of(text: str) -> timedelta:
    """Return a stretch of time written as 90m, 24h or 7d. Raises ValueError."""
    match = _SPAN.fullmatch(text)
    span = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
    if not timedelta() < span <= LONGEST:
        raise ValueError(f"give a time such as 90m, 24h or 7d, at most {LONGEST.days}d")
    return span


def _span(text: str) -> str:
    try:
        span_of(text)
    except ValueError as error:
        raise PydanticCustomError("span", "{why}", {"why": str(error)}) from None
    return text


class FailureWindow(RequestModel):
    """How far back to look, and at which failures."""

    since: Annotated[str, Field(max_length=8), AfterValidator(_span)] = "7d"
    agent: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$", description="Name or id of an agent.")] | None = None
    skill: Name | None = None
    code: Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,64}$")] | None = None
    host: Annotated[str, Field(pattern=r"^[^\x00-\x20]{1,255}$")] | None = None

    def only(self) -> dict[str, str]:
        """Return what was narrowed to."""
        named = {"agent": self.agent, "skill": self.skill, "code": self.code, "host": self.host}
        return {name: value for name, value in named.items() if value is not None}


class GroupQuery(FailureWindow):
    """Which groups, in which order, and how many."""

    state: State | None = None
    sort: Literal["failures", "wasted", "last_seen", "first_seen"] = "failures"
    limit: Annotated[int, Field(ge=1, le=MOST_GROUPS)] = 50


def failures_of(tenant: Tenant, query: FailureWindow, now: datetime) -> Failures:
    """Return the failures that are meant."""
    return Failures(tenant, now - span_of(query.since), now, query.only())
