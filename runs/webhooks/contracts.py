"""What callers send to the routes of webhooks, and how webhooks look in answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from agents.pagination import PageQuery
from runs.requests import Reason, StepKey
from runs.responses import Answer
from skills.requests import RequestModel

Url = Annotated[str, Field(min_length=1, max_length=2_000, description="An http or https address outside; in production https.")]
EventTypes = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50, description="Which events; empty means all.")]
Description = Annotated[str, Field(max_length=500)]
MayAnswer = Annotated[bool, Field(description="Whether messages signed with its secret may approve calls and answer questions.")]


class WebhookBody(RequestModel):
    url: Url
    event_types: EventTypes = []
    description: Description = ""
    may_answer: MayAnswer = False


class WebhookChanges(RequestModel):
    """What is to be other than it is; `is_enabled` switches an endpoint off, or on again."""

    url: Url | None = None
    event_types: EventTypes | None = None
    description: Description | None = None
    may_answer: MayAnswer | None = None
    is_enabled: bool | None = None


class DeliveryQuery(PageQuery):
    state: Literal["pending", "delivered", "failed"] | None = None


class AnswerBody(RequestModel):
    """What somebody decides for a step that waits, as `POST /runs/{run_id}/decide` takes it."""

    run_id: Annotated[str, Field(max_length=64)]
    step_id: StepKey
    verdict: Annotated[str, Field(max_length=32)]
    action_hash: Annotated[str, Field(max_length=64)] | None = None
    value: Any = None
    reason: Reason = ""


class WebhookView(Answer):
    """An endpoint. Until `rotated_until` the secret before this one signs as well."""

    webhook_id: str
    url: str
    description: str
    event_types: list[str]
    may_answer: bool
    is_enabled: bool
    disabled_because: str
    rotated_until: datetime | None
    created_by: str
    created_at: datetime


class WebhookWithSecret(WebhookView):
    """An endpoint with its secret, which no other answer shows. Null where a repeated request is answered."""

    secret: str | None


class WebhookPage(Answer):
    data: list[WebhookView]
    next_cursor: str | None


class Attempt(Answer):
    """One attempt to deliver: the HTTP status, or why there is none."""

    at: datetime
    status: int | None
    error: str
    took_ms: int


class DeliveryView(Answer):
    delivery_id: str
    webhook_id: str
    event_type: str
    state: Literal["pending", "delivered", "failed"]
    attempts_total: int
    last_attempt: Attempt | None
    next_attempt_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None


class WholeDelivery(DeliveryView):
    """A delivery with what was sent, byte for byte, and its last attempts."""

    body: str
    attempts: list[Attempt]


class DeliveryPage(Answer):
    data: list[DeliveryView]
    next_cursor: str | None
