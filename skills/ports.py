"""What a skill may ask of the world, as protocols: the runtime hands them in, a test hands in its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from skills.contracts import Phase, SideEffect, Usage
from skills.trace_ids import traceparent_of


class HttpExchange(Protocol):
    """One answered HTTP request, body already read within its caps and decompressed."""

    @property
    def status(self) -> int: ...

    @property
    def url(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers by lower-case name; repeated ones joined with a comma."""

    @property
    def body(self) -> bytes: ...


class HttpPort(Protocol):
    """The guarded way out: every address checked, one deadline over the whole exchange.

    Raises SkillFailure with the phase the exchange had reached. `on_phase` hears of each advance the moment it
    happens, so that a call cut short still knows whether a byte may have left.
    """

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_ms: int,
        max_bytes: int,
        follow_redirects: bool = False,
        allowed_hosts: tuple[str, ...] | None = None,
        on_phase: Callable[[Phase], None] | None = None,
    ) -> HttpExchange: ...


class SecretsPort(Protocol):
    """Where `${secrets.NAME}` is looked up, inside the skill and nowhere else. Raises KeyError when unknown."""

    def reveal(self, name: str) -> str: ...


@dataclass
class CallReport:
    """What a skill tells about its own call while it runs; the outcome is written from it, failure or not.

    Append to `side_effects` *before* the effect can happen and correct the phase afterwards, so that a
    call cut short leaves the truth behind. `cost_micro_usd` is what comes on top of the base its cost model declares, which
    the runtime adds itself; None says that nobody knows. `has_begun` is the runtime's: the parameters were accepted.
    """

    side_effects: list[SideEffect] = field(default_factory=list)
    cost_micro_usd: int | None = 0
    priced: bool = False
    usage: Usage | None = None
    pricing_version: str | None = None
    cache_hit: bool = False
    degraded_reason: str | None = None
    has_begun: bool = False


@dataclass(frozen=True)
class SkillContext:
    """The means of one call. A skill asks the context; it never reads the environment or a global.

    `secret_pointers` says where in the params the plan itself names secrets; only there are they revealed. Without
    it, a web page that reads `${secrets.NAME}` would be sent on with the secret in it.
    """

    http: HttpPort
    secrets: SecretsPort
    config: Mapping[str, Any]
    idempotency_key: str
    timeout_ms: int
    attempt: int = 1
    run_id: str | None = None
    step_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    allowed_hosts: tuple[str, ...] | None = None
    secret_pointers: frozenset[str] = frozenset()
    report: CallReport = field(default_factory=CallReport)

    @property
    def traceparent(self) -> str | None:
        """Return what a request that does not go out by `http` says of where it comes from."""
        return traceparent_of(self.trace_id, self.span_id) if self.trace_id and self.span_id else None
