"""The bodies of people around a decision, alike for routes and pages, and where a link that decides is opened."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.conf import settings
from django.urls import reverse
from pydantic import AwareDatetime, Field

from agents.contracts import MicroUsd
from agents.pagination import PageQuery
from agents.reasons import Why
from runs.people import bundles, links
from runs.requests import AgentRef, Reason, StepKey
from skills.contracts import Name
from skills.requests import RequestModel

ActionHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PersonName = Annotated[str, Field(min_length=1, max_length=200)]


class GivenAnswerBody(RequestModel):
    """An answer, of the shape the question's form says."""

    value: Any


class NoteBody(RequestModel):
    """`assign` hands the decision to a member who may decide (`to`), `ask` asks who asked for the run, who answers by `reply`."""

    kind: Literal["assign", "ask", "reply"]
    to: Annotated[str, Field(max_length=200)] = ""
    text: Annotated[str, Field(max_length=2_000)] = ""


class OneOfMany(RequestModel):
    """A call as it was shown."""

    run_id: Annotated[str, Field(pattern=r"^run_[0-9a-f]{32}$")]
    step_id: StepKey
    action_hash: ActionHash


class ManyDecisionsBody(RequestModel):
    """One word on many calls, and why. Each is decided on its own; those that cannot be taken back are decided one by one elsewhere."""

    decisions: Annotated[list[OneOfMany], Field(min_length=1, max_length=bundles.MOST_AT_ONCE)]
    verdict: Literal["approve", "reject"]
    reason: Reason = ""


class LinkBody(RequestModel):
    """For whom a link is, and for how many seconds it is good; never for longer than the call waits."""

    made_for: Annotated[PersonName, Field(alias="for")]
    ttl_s: Annotated[int, Field(ge=links.SHORTEST_S, le=links.LONGEST_S)] = links.USUAL_LIFE_S


def address_of(request: Any, link_id: str, secret: str) -> str:
    """Return where a link is opened: under the address people know, else the one that was asked just now."""
    place = reverse("decide-by-link", args=[link_id, secret])
    return f"{settings.PUBLIC_URL}{place}" if settings.PUBLIC_URL else str(request.build_absolute_uri(place))


# Standing grants


class GrantBody(RequestModel):
    """A yes in advance to calls of `skill`; `agent` and `host` left out are all of them. One of `max_uses`, `max_total_micro_usd` and
    `expires_at` must end it."""

    skill: Name
    agent: AgentRef | None = None
    host: Annotated[str, Field(max_length=260)] = ""
    max_uses: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    max_call_micro_usd: MicroUsd | None = None
    max_total_micro_usd: MicroUsd | None = None
    expires_at: AwareDatetime | None = None
    reason: Why


class RevokeGrantBody(RequestModel):
    reason: Why


class GrantQuery(PageQuery):
    state: Literal["in_force"] | None = None
