"""http_call: calls an HTTP service through the guard and returns its answer, parsed. Touches the network, nothing else.

A call that changes something may say how to find out whether it happened, and how to take it back: `http_aftermath.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from skills.base import Bounds, Params, ProbeAnswer, Skill, SkillFailure, Undo, skill
from skills.contracts import (
    CompositionHints,
    Constraints,
    Effect,
    FailureDetails,
    FaultDetail,
    Phase,
    SideEffect,
    failure_mode,
)
from skills.library.http_aftermath import HttpProbe, HttpUndo, ask_probe, refused_aftermath, undo_params
from skills.library.http_request import IDEMPOTENCY_HEADER, MAX_EXCERPT, Vault, check_own_headers, host_of, with_query, without_secrets
from skills.net.bodies import Encoding, Parse, read_body, storable_text
from skills.net.guard import refused_as_written
from skills.net.messages import is_sensitive
from skills.net.retry_after import retry_after_ms
from skills.net.targets import target_of
from skills.ports import HttpExchange, SkillContext
from skills.taxonomy import code_for_http_status

MAX_SIDE_EFFECT_TARGET = 500

EFFECT_BY_METHOD = {
    "GET": Effect.READ,
    "HEAD": Effect.READ,
    "OPTIONS": Effect.READ,
    "PUT": Effect.IDEMPOTENT_WRITE,
    "DELETE": Effect.IDEMPOTENT_WRITE,
    "POST": Effect.WRITE,
    "PATCH": Effect.WRITE,
}

Scalar = str | int | float | bool


class HttpCallParams(Params):
    """One request. `${secrets.NAME}` may stand in any text of url, headers, query, body and body_text."""

    url: str = Field(min_length=1, max_length=8_000, description="Absolute http or https URL.")
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = Field(default={}, description="Request headers; framing headers are set by AOS.")
    query: dict[str, Scalar | list[Scalar] | None] = Field(default={}, description="Added to the URL; null is left out.")
    body: Any = Field(default=None, description="Sent as JSON.")
    body_text: str | None = Field(default=None, description="Sent as it is; set Content-Type in headers.")
    timeout_ms: int | None = Field(default=None, ge=1, le=600_000, description="At most the step's own time.")
    follow_redirects: bool = False
    max_bytes: int = Field(default=2_000_000, ge=1, le=5_000_000)
    parse: Parse = Field(default="auto", description="auto: JSON where the answer says so, else text.")
    expect_status: list[int] | None = Field(default=None, min_length=1, description="Statuses that count as success; default below 400.")
    idempotent: bool = Field(default=False, description="The service honours Idempotency-Key on this POST or PATCH.")
    probe: HttpProbe | None = Field(default=None, description="How to find out whether it happened, when nobody knows.")
    undo: HttpUndo | None = Field(default=None, description="How to take it back.")

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.body is not None and self.body_text is not None:
            raise ValueError("give body or body_text, not both")
        return self


class HttpCallResult(BaseModel):
    """The answer. `body` is the parsed JSON where it is JSON, else the text; bytes that are no text come as base64."""

    status: int
    url: str = Field(description="The URL that answered, after redirects.")
    headers: dict[str, str] = Field(description="Lower-case names; those that carry credentials are left out.")
    content_type: str
    body: Any
    encoding: Encoding
    bytes: int = Field(description="Size of the body after decompression.")


@skill(
    name="http_call",
    version="1.1.0",
    description="Call an HTTP(S) URL and return status, headers and parsed body. GET reads; POST, PUT, PATCH and DELETE change things.",
    effect=Effect.WRITE,
    reversible_by="http_call",
    probe_description="Where `probe` is given, its URL is asked: one status says that the call happened, another that it did not.",
    avg_latency_ms=400,
    constraints=Constraints(max_input_size_bytes=1_048_576, max_output_size_bytes=8_388_608, timeout_ms=30_000),
    composition_hints=CompositionHints(
        often_followed_by=["json_transform", "llm_invoke"],
        anti_patterns=[
            "POST in a loop without idempotent=true",
            "POST of what costs money without probe",
            "secrets written out instead of ${secrets.NAME}",
        ],
    ),
    failure_modes=[
        failure_mode("TIMEOUT", "The service does not answer in time, or answers 408 or 504."),
        failure_mode("DNS_FAILURE", "The host name does not resolve."),
        failure_mode("CONNECTION_REFUSED", "Nothing listens on the host's port."),
        failure_mode("CONNECTION_RESET", "The service hangs up before its answer is whole."),
        failure_mode("TLS_FAILURE", "The certificate is not trusted or has expired."),
        failure_mode("HTTP_4XX", "The service refuses the request as it stands."),
        failure_mode("HTTP_5XX", "The service fails."),
        failure_mode("UPSTREAM_UNAVAILABLE", "The service is down or overloaded (503, 529)."),
        failure_mode("RATE_LIMITED", "The service limits the rate of calls (429)."),
        failure_mode("NOT_FOUND", "The service does not know the resource (404)."),
        failure_mode("PERMISSION_DENIED", "Credentials are missing or not enough (401, 403)."),
        failure_mode("BLOCKED_TARGET", "The target is private, or not among the agent's hosts."),
        failure_mode("INVALID_RESPONSE", "The answer is not HTTP, not the JSON it should be, or has an unexpected status."),
        failure_mode("CONTENT_TOO_LARGE", "The answer is larger than max_bytes."),
        failure_mode("INVALID_REFERENCE", "A secret that is referred to does not exist."),
        failure_mode("INVALID_INPUT", "The URL or a header cannot be used."),
        failure_mode("MISSING_REQUIRED_FIELD", "No url was given."),
        failure_mode("SCHEMA_VALIDATION_FAILED", "A parameter has the wrong type or is not known."),
        failure_mode("CANCELLED", "The run was cancelled while the call was on its way."),
    ],
)
class HttpCall(Skill):
    Params = HttpCallParams
    Result = HttpCallResult

    def effect_of(self, params: Mapping[str, Any]) -> Effect:
        """Return the class of the method; what cannot be read yet counts as a write."""
        effect = EFFECT_BY_METHOD.get(str(params.get("method", "GET")))
        if effect is Effect.WRITE and params.get("idempotent") is True:
            return Effect.IDEMPOTENT_WRITE
        return effect or Effect.WRITE

    def refused_as_written(self, params: Mapping[str, Any], bounds: Bounds) -> SkillFailure | None:
        """Refuse a URL that is written out and can never be called, before a run is made of it."""
        url = params.get("url")
        if isinstance(url, str) and "${" not in url:
            refused = refused_as_written(url, bounds.allow_local, bounds.allowed_hosts)
            if refused is not None:
                return refused
        return refused_aftermath(params, self.effect_of(params), bounds)

    def may_leave(self, params: Mapping[str, Any]) -> bool:
        probe = params.get("probe")
        elsewhere = isinstance(probe, Mapping) and host_of(str(probe.get("url", ""))) != self.target_of(params)
        return elsewhere or params.get("follow_redirects", False) is not False

    def target_of(self, params: Mapping[str, Any]) -> str | None:
        """Return host and port of the URL, which secrets and references may leave open."""
        return host_of(str(params.get("url", "")))

    def can_probe(self, params: Mapping[str, Any]) -> bool:
        """Tell whether the call says how to find out about it."""
        return params.get("probe") is not None

    async def probe(self, params: HttpCallParams, context: SkillContext) -> ProbeAnswer:
        if params.probe is None:
            return "unknown"
        return await ask_probe(params.probe, context, params.max_bytes)

    def undo_of(self, params: Mapping[str, Any], result: Any, side_effects: Sequence[Mapping[str, Any]]) -> Undo | None:
        """Return the call that takes this one back, where it says how."""
        if params.get("undo") is None:
            return None
        undo = HttpUndo.model_validate(params["undo"])
        key = next((str(done["idempotency_key"]) for done in reversed(side_effects) if done.get("idempotency_key")), "")
        return Undo(self.name, undo_params(undo, result, key), f"{undo.method} to take back {params.get('method', 'GET')}")

    async def run(self, params: HttpCallParams, context: SkillContext) -> HttpCallResult:
        vault = Vault(context.secrets, context.secret_pointers)
        try:
            return await self._call(params, context, vault)
        except SkillFailure as failure:
            raise without_secrets(failure, vault.redactor) from None

    async def _call(self, params: HttpCallParams, context: SkillContext, vault: Vault) -> HttpCallResult:
        url = with_query(vault.reveal_url(params.url), vault.reveal(params.query, "/query"))
        headers, body = _content(params, vault)
        effect = self.effect_of({"method": params.method, "idempotent": params.idempotent})
        check_own_headers(headers)
        if effect is not Effect.READ:
            headers[IDEMPOTENCY_HEADER] = context.idempotency_key
        target = f"{params.method} {vault.public(url)[:MAX_SIDE_EFFECT_TARGET]}"
        report = _report_side_effect(target, effect, context, reversible=params.undo is not None)
        exchange = await context.http.send(
            params.method,
            url,
            headers=headers,
            body=body,
            timeout_ms=min(params.timeout_ms or context.timeout_ms, context.timeout_ms),
            max_bytes=params.max_bytes,
            follow_redirects=params.follow_redirects,
            allowed_hosts=context.allowed_hosts,
            on_phase=report,
        )
        _check_status(exchange, params, datetime.now(UTC))
        return _result(exchange, params.parse, vault)


def _content(params: HttpCallParams, vault: Vault) -> tuple[dict[str, str], bytes | None]:
    """Return the headers and the body to send, secrets revealed."""
    headers: dict[str, str] = vault.reveal(params.headers, "/headers")
    if params.body_text is not None:
        return headers, str(vault.reveal(params.body_text, "/body_text")).encode()
    if params.body is None:
        # Without a length of its own an empty POST is answered with 411 by strict servers.
        return headers, b"" if params.method in ("POST", "PUT", "PATCH") else None
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return headers, json.dumps(vault.reveal(params.body, "/body"), ensure_ascii=False, allow_nan=False).encode()


def _report_side_effect(target: str, effect: Effect, context: SkillContext, *, reversible: bool) -> Callable[[Phase], None]:
    """Write the side effect down before it can happen; return what corrects its phase."""
    noted = SideEffect(
        type="HTTP_REQUEST",
        target=target,
        effect=effect,
        phase="not_sent",
        idempotency_key=None if effect is Effect.READ else context.idempotency_key,
        reversible=reversible,
    )
    index = len(context.report.side_effects)
    context.report.side_effects.append(noted)

    def advance(phase: Phase) -> None:
        context.report.side_effects[index] = noted.model_copy(update={"phase": phase})

    return advance


def _check_status(exchange: HttpExchange, params: HttpCallParams, now: datetime) -> None:
    """Raise the failure a status stands for."""
    expected = params.expect_status
    if exchange.status in (expected or ()) or (expected is None and exchange.status < 400):
        return
    code = code_for_http_status(exchange.status) or "INVALID_RESPONSE"
    host = target_of(exchange.url).host
    raise SkillFailure(
        code,
        f"{host} answered {exchange.status}",
        phase="acked",
        retry_after_ms=retry_after_ms(exchange.headers, now) if code in ("RATE_LIMITED", "UPSTREAM_UNAVAILABLE") else None,
        details=FailureDetails(upstream_status=exchange.status, target=host, errors=_excerpt(exchange)),
    )


def _excerpt(exchange: HttpExchange) -> list[FaultDetail]:
    """Return the beginning of an error's body: it often says what to change."""
    text = storable_text(exchange.body[: MAX_EXCERPT * 4].decode("utf-8", "replace")).strip()
    return [FaultDetail(pointer="/url", code="upstream_said", detail=text)] if text else []


def _result(exchange: HttpExchange, parse: Parse, vault: Vault) -> HttpCallResult:
    redactor = vault.redactor
    content_type = exchange.headers.get("content-type", "")
    body, encoding = read_body(exchange.body, content_type, parse)
    shown = {name: redactor.text(storable_text(value)) for name, value in exchange.headers.items() if not is_sensitive(name)}
    return HttpCallResult(
        status=exchange.status,
        url=vault.public(exchange.url) if vault.hides_path else redactor.text(exchange.url),
        headers=shown,
        content_type=shown.get("content-type", ""),
        body=redactor.value(body),
        encoding=encoding,
        bytes=len(exchange.body),
    )
