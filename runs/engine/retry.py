"""Whether and when to try again, and what to do when not. Decides; the machine carries out.

Asks two questions and keeps them apart: would it help (the code, the catalog's advice) and is it safe (the
effect class, how far the call came). Jitter is a hash of run, step and attempt, never dice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from runs.engine.effects import is_safe_to_retry
from runs.engine.graph import Node, Retrying
from runs.engine.state import Failure
from skills.taxonomy import RETRY_MODES, Backoff, CodeSpec, RecoveryMode, spec_of

JITTER = 0.25
"""The part of a delay that jitter may take away."""

RESTORES = 1
"""How often CHECKPOINT_RESTORE begins a step afresh where the advice names no number."""

INSISTED_ATTEMPTS = 3
"""Attempts under on_error=retry where neither the step nor the advice names a number."""


class RetryDecision(NamedTuple):
    """Try again after `delay_ms`, or not (`delay_ms` None). `because` holds what the rule read."""

    rule: str
    delay_ms: int | None
    mode: str
    because: dict[str, Any]


def decide(
    failure: Failure,
    *,
    node: Node | None,
    effect: str,
    burned: int,
    unsent: int,
    now_ms: int,
    deadline_at_ms: int | None,
    seed: str,
    key: str,
) -> RetryDecision:
    """Answer one failure. `burned` and `unsent` count this failure already."""
    spec = spec_of(failure.code)
    advice = failure.advice or {}
    mode = str(advice.get("mode") or spec.mode)
    policy, on_error = (node.retry, node.on_error) if node else (None, None)
    backoff = backoff_for(spec, advice, policy, insist=on_error == "retry")
    because: dict[str, Any] = {"code": failure.code, "phase": failure.phase, "burned": burned, "max_attempts": backoff.max_attempts}
    if not would_help(spec, mode, insisted=policy is not None or on_error == "retry"):
        return RetryDecision("not_retryable", None, mode, because)
    if not is_safe_to_retry(effect, failure.phase, failure.code):
        return RetryDecision("unsafe_effect", None, mode, because | {"effect": effect})
    if max(burned, unsent) >= backoff.max_attempts:
        return RetryDecision("attempts_exhausted", None, mode, because)
    asked_for = failure.retry_after_ms
    if mode == RecoveryMode.CIRCUIT_BREAKER and failure.circuit_until_ms is not None:
        # Whoever goes by the circuit asks again when it lets a trial through, and not before.
        asked_for = max(asked_for or 0, failure.circuit_until_ms - now_ms)
    delay = delay_ms(backoff, burned + unsent, mode, asked_for, f"{seed}:{key}:{burned + unsent}")
    if deadline_at_ms is not None and now_ms + delay >= deadline_at_ms:
        return RetryDecision("deadline_too_near", None, mode, because | {"delay_ms": delay})
    source = "step_policy" if policy is not None else f"advice_{advice['source']}" if "source" in advice else "category_default"
    if asked_for is not None:
        because["retry_after_ms"] = asked_for
    return RetryDecision(source, delay, mode, because)


def would_help(spec: CodeSpec, mode: str, *, insisted: bool) -> bool:
    """Tell whether trying again could go better: the advice says so, or the code does and the plan insists."""
    return mode in RETRY_MODES or (spec.retryable and insisted)


def backoff_for(spec: CodeSpec, advice: Mapping[str, Any], policy: Retrying | None, *, insist: bool) -> Backoff:
    """Return the numbers to go by: the step's policy first, then the advice, then the code's own."""
    own = spec.backoff
    attempts = int(advice.get("max_attempts") or own.max_attempts)
    first = int(_given(advice.get("first_ms"), own.first_ms))
    cap = int(_given(advice.get("cap_ms"), own.cap_ms))
    factor = float(_given(advice.get("factor"), own.factor))
    if policy is not None:
        attempts = policy.max_attempts
        first = _given(policy.backoff_ms, first or 100)
        cap = max(first, _given(policy.max_backoff_ms, cap or 5_000))
        factor = _given(policy.factor, factor)
    elif insist and attempts < 2:
        attempts = INSISTED_ATTEMPTS
    return Backoff(attempts, first, cap, factor)


def _given(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


def delay_ms(backoff: Backoff, tries: int, mode: str, retry_after_ms: int | None, dice: str) -> int:
    """Return how long to wait after the n-th failure. What the upstream asked for is never undercut."""
    wished = 0.0
    if mode != RecoveryMode.RETRY_IMMEDIATE:
        exponent = min(tries - 1, 32)
        wished = min(float(backoff.cap_ms), backoff.first_ms * backoff.factor**exponent)
    jittered = wished * (1 - JITTER * fraction(dice))
    return max(round(jittered), retry_after_ms or 0)


def fraction(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def restores_of(mode: str, advice: Mapping[str, Any]) -> int:
    """Return how often a step whose attempts are used up begins afresh."""
    return int(advice.get("max_restores") or RESTORES) if mode == RecoveryMode.CHECKPOINT_RESTORE else 0


class Disposition(NamedTuple):
    """What becomes of a step that is not tried again, by which rule, and what else could have."""

    what: str
    rule: str

    @property
    def alternatives(self) -> tuple[str, ...]:
        return tuple(other for other in ("abort", "continue", "escalate", "fallback") if other != self.what)


_BY_MODE: dict[str, str] = {
    RecoveryMode.SKIP: "continue",
    RecoveryMode.ESCALATE: "escalate",
    RecoveryMode.MANUAL_INTERVENTION: "intervene",
}


def disposition(on_error: str | None, mode: str, *, planned_fallback: bool, advised_fallback: bool) -> Disposition:
    """Say what to do with a step that will not be tried again: the step's own word first, then the catalog's."""
    if on_error == "fallback":
        return Disposition("fallback", "on_error") if planned_fallback else Disposition("abort", "fallback_used_up")
    if on_error is not None:
        return Disposition({"continue": "continue", "escalate": "escalate"}.get(on_error, "abort"), "on_error")
    if mode == RecoveryMode.FALLBACK and advised_fallback:
        return Disposition("fallback", "catalog")
    found = _BY_MODE.get(mode)
    return Disposition(found, "catalog") if found else Disposition("abort", "default")
