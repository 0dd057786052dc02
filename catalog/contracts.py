"""What the catalog says: an entry as a value, the document it is written in, and the advice that goes into an event."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from skills.canonical import canonical_json
from skills.contracts import Contract, Name
from skills.taxonomy import CODES, Backoff, RecoveryMode

Source = Literal["step", "policy", "tenant", "code+skill", "code", "category", "default"]
MatchType = Literal["code+skill", "code", "signature", "miss"]
Confidence = Literal["prior", "measured"]
Suggestion = Annotated[str, Field(min_length=1, max_length=500)]
LONGEST_CODE, LARGEST_FALLBACK_PARAMS = 64, 8_192
Milliseconds = Annotated[int, Field(ge=0, le=86_400_000)]


class RecoveryParameters(Contract):
    """How a retry paces itself, and how else a mode goes about it; the pace that is None comes from the taxonomy.

    FALLBACK calls `fallback_skill` (None: the same skill) with its own parameters and `fallback_params` laid over them.
    CHECKPOINT_RESTORE begins a step that has used up its attempts afresh, `max_restores` times.
    """

    max_attempts: Annotated[int, Field(ge=1, le=20)] | None = None
    first_ms: Milliseconds | None = None
    cap_ms: Milliseconds | None = None
    factor: Annotated[float, Field(ge=1, le=10)] | None = None
    max_restores: Annotated[int, Field(ge=1, le=5)] | None = None
    fallback_skill: Name | None = None
    fallback_params: dict[str, Any] | None = None

    @field_validator("fallback_params")
    @classmethod
    def _small(cls, params: dict[str, Any] | None) -> dict[str, Any] | None:
        """Keep them as small as advice is: they enter the journal with every failure."""
        if params is not None and len(canonical_json(params)) > LARGEST_FALLBACK_PARAMS:
            raise ValueError(f"more than {LARGEST_FALLBACK_PARAMS} bytes")
        return params

    @model_validator(mode="after")
    def _first_within_cap(self) -> RecoveryParameters:
        if self.first_ms is not None and self.cap_ms is not None and self.first_ms > self.cap_ms:
            raise ValueError("first_ms is larger than cap_ms")
        return self

    def over(self, base: Backoff) -> Backoff:
        """Return a backoff with these parameters where they are given, and the base where they are not."""
        return base._replace(**self.model_dump(include=set(Backoff._fields), exclude_none=True))


class EntryDocument(Contract):
    """An entry as files carry it: shipped data, export and import. Category and retryable follow from the code."""

    code: str
    skill: Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,64}$")] = ""
    mode: RecoveryMode | None = None
    parameters: RecoveryParameters = RecoveryParameters()
    suggestions: Annotated[list[Suggestion], Field(max_length=10)] = []
    doc_url: Annotated[str, Field(pattern=r"^(/[^/]|https?://|$)", max_length=200)] | None = None
    prior_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5

    @field_validator("code")
    @classmethod
    def _known(cls, code: str) -> str:
        if code not in CODES:
            told = {"code": code[:LONGEST_CODE], "hint": _did_you_mean(code)}
            raise PydanticCustomError("unknown_code", "{code} is no code of the taxonomy{hint}", told)
        return code


def nearest_codes(code: str) -> list[str]:
    """Return the known codes that are spelt most alike, at most three."""
    return get_close_matches(code[:LONGEST_CODE].upper(), CODES, cutoff=0.5)


def _did_you_mean(code: str) -> str:
    near = nearest_codes(code)
    return f"; did you mean {' or '.join(near)}?" if near else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A catalog entry as the choice reads it. `tenant_id` None: shared by all; `skill` empty: for every skill."""

    id: int | None
    tenant_id: int | None
    code: str
    skill: str
    mode: RecoveryMode
    parameters: RecoveryParameters
    suggestions: tuple[str, ...]
    prior_confidence: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """An approved candidate as the choice reads it: for one signature of one tenant, in shadow or active."""

    candidate: str
    tenant_id: int
    signature: str
    is_active: bool
    mode: RecoveryMode
    parameters: RecoveryParameters
    confidence: float
    is_measured: bool
    skill: str = ""
    code: str = ""


class Advice(Contract):
    """What to do about one failure, and how it was found; it enters the journal as part of the failure's event.

    `candidate` is the policy that says so, or that in shadow would say `shadow_mode`.
    """

    mode: RecoveryMode
    source: Source
    max_attempts: int
    first_ms: int
    cap_ms: int
    factor: float
    suggestions: list[str]
    entry: int | None
    match_type: MatchType
    confidence: float | None
    confidence_label: Confidence | None
    signature: str
    max_restores: int | None = None
    fallback_skill: str | None = None
    fallback_params: dict[str, Any] | None = None
    candidate: str | None = None
    shadow_mode: RecoveryMode | None = None
