"""A run's trace as OpenTelemetry has it: the OTLP/JSON encoding of one run, made from the trace document. Pure.

    invoke_agent {agent}                the run
    ├─ plan {planner}                   each proposal
    │  └─ chat {model}
    ├─ admit                            versions pinned, money reserved
    └─ execute_tool {skill}             each attempt of each step
       └─ chat {model}                  where a language model was asked

Names are those of the semantic conventions for generative AI; what they have no name for begins with `aos.`. Ids are hashes:
the same run gives the same spans, and an attempt's span is the one its calls went out with (`skills/trace_ids.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from skills.trace_ids import caller_span, span_id_of, trace_id_of

Json = Mapping[str, Any]
SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0"

INTERNAL, CLIENT = 1, 3
FAILED = 2
_ENDED_BADLY = frozenset({"failed", "dead_lettered"})
_OUTCOMES = frozenset({"step_succeeded", "step_failed", "plan_proposed", "plan_rejected"})
_PLAN, _ADMIT = "$plan", "$admit"
# Bits of an OTLP flags field: what is said about a parent or link being remote is known, and that it is.
_KNOWN, _REMOTE = 0x100, 0x200
# Whose wire the planners that ask a model speak.
_PROVIDERS = {"claude": "anthropic"}
_USAGE = {
    "gen_ai.usage.output_tokens": ("output",),
    # The conventions count what was cached as input, prices do not.
    "gen_ai.usage.input_tokens": ("input", "cache_read", "cache_write"),
    "gen_ai.usage.cache_read.input_tokens": ("cache_read",),
    "gen_ai.usage.cache_creation.input_tokens": ("cache_write",),
}

_Key = tuple[str, int]
"""A step and the number of its attempt; the run itself is ("", 0)."""
_RUN: _Key = ("", 0)


class Source(NamedTuple):
    """Who says it: what stands in the resource of its spans."""

    service: str
    release: str
    environment: str
    tenant: str


class _Seen(NamedTuple):
    """What is asked of a trace again and again, looked up once."""

    trace_id: str
    run_id: str
    until_ms: int
    started: Mapping[_Key, Json]
    outcomes: Mapping[_Key, Json]
    decided: Mapping[_Key, Sequence[Json]]
    configured: Mapping[str, Any]
    shows_content: bool


def request_of(runs: Iterable[Json]) -> dict[str, Any]:
    """Return the ExportTraceServiceRequest of some runs, each given as `spans_of_run` does."""
    return {"resourceSpans": list(runs)}


def spans_of_run(trace: Json, source: Source, *, shows_content: bool = False) -> dict[str, Any]:
    """Return the ResourceSpans of a run. What people and skills wrote is left out unless it `shows_content`."""
    resource = {
        "service.name": source.service,
        "service.version": source.release,
        "deployment.environment.name": source.environment,
        "aos.tenant": source.tenant,
    }
    scope = {"name": "aos", "version": source.release}
    return {
        "resource": {"attributes": _attributes(resource)},
        "scopeSpans": [{"scope": scope, "spans": list(_spans(trace, shows_content)), "schemaUrl": SCHEMA_URL}],
        "schemaUrl": SCHEMA_URL,
    }


def _spans(trace: Json, shows_content: bool) -> Iterator[dict[str, Any]]:
    seen = _seen(trace, shows_content)
    yield _run_span(trace, seen)
    for step in trace["steps"]:
        for attempt in step["attempts"]:
            yield _attempt_span(step, attempt, seen)
            if (chat := _chat_span(step, attempt, seen)) is not None:
                yield chat


# What is looked up


def _seen(trace: Json, shows_content: bool) -> _Seen:
    run, events = trace["run"], trace["events"]
    attempts = {(step["step_id"], attempt["attempt"]) for step in trace["steps"] for attempt in step["attempts"]}
    about = {event["seq"]: _about(event) for event in events}
    decided: dict[_Key, list[Json]] = {}
    for decision in trace["decisions"]:
        decided.setdefault(_where(decision, about, attempts), []).append(decision)
    latest = max((event["at_ms"] for event in events), default=0)
    return _Seen(
        trace_id=trace_id_of(run["trace_id"], run["run_id"]),
        run_id=run["run_id"],
        until_ms=max(latest, _ms(run["finished_at"]) or _ms(run["created_at"]) or 0),
        started={(d["step_id"], d["attempt"]): d for d in trace["decisions"] if d["kind"] == "start"},
        outcomes={about[event["seq"]]: event["data"] for event in events if _is_outcome(event)},
        decided=decided,
        configured=events[0]["data"].get("means", {}).get("skill_config") or {} if events else {},
        shows_content=shows_content,
    )


def _about(event: Json) -> _Key:
    """Return which attempt an event is about; the planner's answers are about its own."""
    if event["kind"] in ("plan_proposed", "plan_rejected"):
        return _PLAN, event["attempt"] or 1
    return event["step_id"] or "", event["attempt"] or 0


def _is_outcome(event: Json) -> bool:
    return event["kind"] in _OUTCOMES and "ignore" not in event["decisions"]


def _where(decision: Json, about: Mapping[int, _Key], attempts: set[_Key]) -> _Key:
    """Return on whose span a decision stands: of the attempt it is about, else of the one it answers, else of the run."""
    named = (decision["step_id"] or "", decision["attempt"] or 0)
    if named in attempts:
        return named
    answered = about.get(decision["seq"], _RUN)
    return answered if answered in attempts and answered[0] == named[0] else _RUN


# Spans


def _span(seen: _Seen, span_id: str, name: str, from_ms: int, until_ms: int | None, attributes: Json, **more: Any) -> dict[str, Any]:
    end_ms = seen.until_ms if until_ms is None else until_ms
    return {
        "traceId": seen.trace_id,
        "spanId": span_id,
        "flags": _KNOWN | 1,
        "name": name,
        "kind": INTERNAL,
        "startTimeUnixNano": _nanos(from_ms),
        "endTimeUnixNano": _nanos(max(from_ms, end_ms)),
        "attributes": _attributes(attributes),
        **more,
    }


def _run_span(trace: Json, seen: _Seen) -> dict[str, Any]:
    run = trace["run"]
    failed = run["failure_code"] if run["status"] in _ENDED_BADLY else None
    begun = min((at for at in (_ms(run["created_at"]), *(event["at_ms"] for event in trace["events"][:1])) if at), default=seen.until_ms)
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": run["agent"],
        "error.type": failed,
        "aos.run.id": run["run_id"],
        "aos.run.status": run["status"],
        "aos.run.waiting_for": run["waiting_for"],
        "aos.run.parent_id": run["parent_run_id"],
        "aos.run.relation": run["relation"],
        "aos.outcome.code": run["failure_code"],
        "aos.cost.micro_usd": run["cost"]["spent_micro_usd"],
        "aos.planner": run["planner"],
    }
    if seen.shows_content:
        attributes |= {"aos.run.goal": run["goal"], "aos.run.result": _text(run["result"])}
    more = {"events": _events(seen, _RUN), "links": _links(trace["caller_trace"]), "status": _status(failed, run["summary"], seen)}
    return _span(seen, span_id_of(seen.run_id), f"invoke_agent {run['agent']}", begun, None, attributes, **more)


def _attempt_span(step: Json, attempt: Json, seen: _Seen) -> dict[str, Any]:
    step_id, number, code = step["step_id"], attempt["attempt"], attempt["code"]
    key = (step_id, number)
    operation, what = _operation(step, attempt)
    started = seen.started.get(key, {}).get("detail", {})
    attributes = {
        "gen_ai.operation.name": operation if operation == "execute_tool" else None,
        "gen_ai.tool.name": what if operation == "execute_tool" else None,
        "gen_ai.tool.type": "extension" if operation == "execute_tool" else None,
        "error.type": code,
        "aos.run.id": seen.run_id,
        "aos.step.id": step_id,
        "aos.attempt": number,
        "aos.attempt.status": attempt["status"],
        "aos.skill.version": started.get("version"),
        "aos.effect.class": started.get("effect"),
        "aos.outcome.code": code,
        "aos.cost.micro_usd": attempt["cost_micro_usd"],
        "aos.degraded": seen.outcomes.get(key, {}).get("degraded"),
    }
    if seen.shows_content and attempt["status"] == "succeeded":
        attributes["gen_ai.tool.call.result"] = _text(step["result"])
    more = {"parentSpanId": span_id_of(seen.run_id), "events": _events(seen, key), "status": _status(code, attempt["message"], seen)}
    name = f"{operation} {what}".rstrip()
    return _span(seen, span_id_of(seen.run_id, *key), name, attempt["started_at_ms"], attempt["finished_at_ms"], attributes, **more)


def _operation(step: Json, attempt: Json) -> tuple[str, str]:
    if step["step_id"] == _PLAN:
        return "plan", attempt["skill"]
    return ("admit", "") if step["step_id"] == _ADMIT else ("execute_tool", attempt["skill"])


def _chat_span(step: Json, attempt: Json, seen: _Seen) -> dict[str, Any] | None:
    """Return the span of the language model that was asked in an attempt; None where none was, as far as anybody knows."""
    key = (step["step_id"], attempt["attempt"])
    outcome = seen.outcomes.get(key, {})
    usage, model = outcome.get("usage"), outcome.get("model") or attempt["model"]
    if not usage and not model:
        return None
    tokens = {name: sum((usage or {}).get(part, 0) for part in parts) for name, parts in _USAGE.items()} if usage else {}
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _provider(step, attempt, seen),
        "gen_ai.request.model": model or None,
        **tokens,
        "error.type": attempt["code"],
        "aos.run.id": seen.run_id,
        "aos.step.id": key[0],
        "aos.attempt": key[1],
        "aos.cost.micro_usd": attempt["cost_micro_usd"],
    }
    more = {"parentSpanId": span_id_of(seen.run_id, *key), "kind": CLIENT, "status": _status(attempt["code"], attempt["message"], seen)}
    end_ms, latency_ms = attempt["finished_at_ms"], attempt["latency_ms"]
    begun = attempt["started_at_ms"] if end_ms is None or not latency_ms else max(attempt["started_at_ms"], end_ms - latency_ms)
    span_id = span_id_of(seen.run_id, *key, "chat")
    return _span(seen, span_id, f"chat {model or ''}".rstrip(), begun, end_ms, attributes, **more)


def _provider(step: Json, attempt: Json, seen: _Seen) -> str | None:
    if step["step_id"] == _PLAN:
        return _PROVIDERS.get(attempt["skill"], attempt["skill"])
    answered = step["result"].get("provider") if isinstance(step["result"], Mapping) else None
    found = answered or (seen.configured.get(attempt["skill"]) or {}).get("provider")
    return found if isinstance(found, str) else None


# Parts of a span


def _events(seen: _Seen, key: _Key) -> list[dict[str, Any]]:
    return [
        {
            "timeUnixNano": _nanos(decision["at_ms"]),
            "name": f"aos.{decision['kind']}",
            "attributes": _attributes(
                {
                    "aos.decision.rule": decision["rule"],
                    "aos.decision.words": decision["words"],
                    "aos.event.seq": decision["seq"],
                    "aos.step.id": decision["step_id"],
                    "aos.decision.delay_ms": decision["delay_ms"],
                }
            ),
        }
        for decision in seen.decided.get(key, ())
    ]


def _links(caller_trace: str | None) -> list[dict[str, Any]]:
    """Return the link to the span of whoever asked for the run: their trace is theirs, and ours is ours."""
    caller = caller_span(caller_trace)
    if caller is None:
        return []
    flags = _KNOWN | _REMOTE | int(caller.flags, 16)
    return [{"traceId": caller.trace_id, "spanId": caller.span_id, "flags": flags, "attributes": _attributes({"aos.link": "caller"})}]


def _status(code: str | None, message: str | None, seen: _Seen) -> dict[str, Any]:
    # What a failure says in words may hold what people wrote.
    return {"code": FAILED, "message": (message if seen.shows_content else None) or code} if code else {}


def _attributes(values: Json) -> list[dict[str, Any]]:
    """Return attributes; what is null says nothing and is left out."""
    return [{"key": name, "value": _value(value)} for name, value in values.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    # JSON has no integers of 64 bits: OTLP writes them as text.
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _nanos(at_ms: int) -> str:
    return str(at_ms * 1_000_000)


def _ms(instant: str | None) -> int | None:
    return None if instant is None else round(datetime.fromisoformat(instant).timestamp() * 1_000)
