"""The conformance kit: what every skill must keep, checked by `check_skill`. For plugin authors and for our own tests.

Use it as `assert check_skill(MySkill, [Example(params={"city": "Rome"}, http=my_fake)]) == []`.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from skills.base import Skill, SkillFailure, Undo
from skills.canonical import canonical_json
from skills.contracts import REPEATABLE_EFFECTS, Effect, Phase, SkillMetadata, StructuredOutcome, faults_of
from skills.costs import worst_case_of
from skills.execution import run_skill
from skills.json_schema import SchemaInvalid, compile_schema
from skills.net.redaction import spellings_of
from skills.ports import HttpExchange, HttpPort, SkillContext
from skills.registry import registry
from skills.taxonomy import CODES, spec_of

UNRENDERED = "${steps.x.result}"
UNKNOWN_PARAM = "no_skill_declares_this"

# A skill that was cancelled or ran out of time may finish what cannot be stopped, but not for long.
GRACE_SECONDS = 2.0

_VERSION = re.compile(r"\d+\.\d+\.\d+")


class DictSecrets:
    """A SecretsPort that knows what it was given."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = dict(secrets)

    def reveal(self, name: str) -> str:
        return self._secrets[name]


class RefusingHttp:
    """An HttpPort for skills that must not call anybody: every call is refused as the guard would."""

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
    ) -> HttpExchange:
        raise SkillFailure("BLOCKED_TARGET", "this test lets no call out")


@dataclass(frozen=True)
class Example:
    """One call a skill should handle. `secrets` are planted, and must not come out again."""

    params: Mapping[str, Any]
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    http: HttpPort = field(default_factory=RefusingHttp)
    succeeds: bool = True

    def context(self, timeout_ms: int) -> SkillContext:
        """Return fresh means for one call."""
        return SkillContext(
            http=self.http,
            secrets=DictSecrets(self.secrets),
            config=self.config,
            idempotency_key="conformance",
            timeout_ms=timeout_ms,
            secret_pointers=frozenset(pointer for pointer, text in _texts(self.params, "") if "${secrets." in text),
        )


@dataclass(frozen=True)
class Finding:
    """One rule a skill breaks."""

    rule: str
    detail: str


def check_skill(cls: type[Skill], examples: Sequence[Example] = ()) -> list[Finding]:
    """Return what a skill breaks; an empty list means it conforms. Runs each example several times."""
    try:
        metadata = cls.describe()
    except ValueError as error:
        return [Finding("metadata", f"the skill cannot be described: {error}")]
    findings = [*_check_metadata(cls, metadata), *_check_failure_modes(cls), *_check_raw_params(cls, examples), *_check_bad_params(cls)]
    for example in examples:
        findings += asyncio.run(_check_example(cls, example))
    return findings


def _check_metadata(cls: type[Skill], metadata: SkillMetadata) -> Iterator[Finding]:
    if not _VERSION.fullmatch(metadata.version):
        yield Finding("metadata", f"the version {metadata.version!r} is not MAJOR.MINOR.PATCH")
    if not metadata.description.strip():
        yield Finding("metadata", "the description is empty: planners choose by it")
    if metadata.digest != cls.describe().digest:
        yield Finding("digest", "describing the skill twice gives two digests")
    if metadata.deterministic and metadata.effect is not Effect.NONE:
        yield Finding("metadata", "a deterministic skill has no effect and reads nothing outside")
    yield from _check_schemas(metadata)


def _check_schemas(metadata: SkillMetadata) -> Iterator[Finding]:
    for name in ("input_schema", "output_schema", "config_schema"):
        try:
            compile_schema(getattr(metadata, name))
        except SchemaInvalid as error:
            yield Finding("schema", f"{name} is no JSON Schema: {error}")
    if metadata.input_schema.get("additionalProperties") is not False:
        yield Finding("schema", "input_schema lets unknown parameters through; derive Params from skills.base.Params")


def _check_failure_modes(cls: type[Skill]) -> Iterator[Finding]:
    codes = [mode.code for mode in cls.failure_modes]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield Finding("failure_modes", f"{code} is declared twice")
    for mode in cls.failure_modes:
        if mode.code not in CODES:
            yield Finding("failure_modes", f"{mode.code} is not in the taxonomy")
        elif (mode.category, mode.retryable) != (spec_of(mode.code).category, spec_of(mode.code).retryable):
            yield Finding("failure_modes", f"{mode.code} contradicts the taxonomy; declare it with failure_mode()")


def _check_raw_params(cls: type[Skill], examples: Sequence[Example]) -> Iterator[Finding]:
    """What a skill says of a call beforehand, it is asked before anything is rendered or validated."""
    names = sorted(_names_of(cls))
    cases: list[Mapping[str, Any]] = [{}, dict.fromkeys(names, UNRENDERED), dict.fromkeys(names), {name: [] for name in names}]
    for params in [*cases, *(example.params for example in examples)]:
        yield from _check_one_raw(cls(), params)


def _check_one_raw(skill: Skill, params: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        effect, cost = skill.effect_of(params), skill.worst_case_micro_usd(params, {})
        model, cheaper, probed = skill.model_of(params, {}), skill.cheaper_params(params, {}), skill.can_probe(params)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        names = "effect_of, worst_case_micro_usd, model_of, cheaper_params or can_probe"
        yield Finding("raw_params", f"{names} raises {type(error).__name__} for {_short(params)}")
        return
    if not isinstance(effect, Effect):
        yield Finding("raw_params", f"effect_of gives {effect!r}, which is no Effect")
    if cost is not None and (isinstance(cost, bool) or not isinstance(cost, int) or cost < 0):
        yield Finding("raw_params", f"worst_case_micro_usd gives {cost!r}, not micro-dollars or None")
    if not isinstance(probed, bool) or (probed and skill.probe_description is None):
        yield Finding("raw_params", f"can_probe gives {probed!r}; it is true or false, and true only where probe_description says how")
    if model is not None and (not isinstance(model, str) or not model):
        yield Finding("raw_params", f"model_of gives {model!r}, not a name or None")
    if cheaper is not None and not (isinstance(cheaper, dict) and cheaper.keys() <= _names_of(type(skill))):
        yield Finding("raw_params", f"cheaper_params gives {cheaper!r}, not parameters of the skill or None")


def _names_of(cls: type[Skill]) -> set[str]:
    return set(cls.Params.model_json_schema().get("properties", {}))


def _check_bad_params(cls: type[Skill]) -> Iterator[Finding]:
    for params in ({UNKNOWN_PARAM: 1}, {UNKNOWN_PARAM: None}):
        outcome, findings = asyncio.run(_call(cls, Example(params), 1_000))
        yield from findings
        if outcome is None:
            continue
        if outcome.failure is None or outcome.failure.code not in ("SCHEMA_VALIDATION_FAILED", "MISSING_REQUIRED_FIELD"):
            yield Finding("unknown_params", "an unknown parameter is not refused")
        if outcome.side_effects:
            yield Finding("unknown_params", "a call that was refused reports a side effect")


async def _check_example(cls: type[Skill], example: Example) -> list[Finding]:
    outcome, findings = await _call(cls, example, cls.constraints.timeout_ms)
    if outcome is None:
        return findings
    findings += [*_check_outcome(cls, example, outcome), *_check_leaks(example, outcome), *_check_undo(cls, example, outcome)]
    findings += await _check_probe(cls, example)
    if cls.deterministic:
        again, _ = await _call(cls, example, cls.constraints.timeout_ms)
        if again is None or not _same_result(outcome, again):
            findings.append(Finding("deterministic", f"two calls with {_short(example.params)} differ"))
    findings += await _check_deadline(cls, example)
    return findings + await _check_cancellation(cls, example)


async def _call(cls: type[Skill], example: Example, timeout_ms: int) -> tuple[StructuredOutcome | None, list[Finding]]:
    try:
        return await run_skill(cls(), example.params, example.context(timeout_ms)), []
    except BaseException as error:  # noqa: BLE001 - the rule is that nothing at all comes out
        return None, [Finding("raises", f"{type(error).__name__} came out of the call with {_short(example.params)}")]


def _check_outcome(cls: type[Skill], example: Example, outcome: StructuredOutcome) -> Iterator[Finding]:
    if outcome.success is not example.succeeds:
        why = outcome.failure.code if outcome.failure else "success"
        yield Finding("example", f"{_short(example.params)} was to {'succeed' if example.succeeds else 'fail'} and gave {why}")
    if outcome.failure is not None and outcome.failure.code == "INTERNAL_ERROR":
        yield Finding("raises", f"{outcome.failure.message} with {_short(example.params)}")
    elif outcome.failure is not None and outcome.failure.code not in {mode.code for mode in cls.failure_modes}:
        yield Finding("failure_modes", f"{outcome.failure.code} happens and is not declared")
    if outcome.success:
        yield from _check_result(cls, outcome.result)
    yield from _check_cost(cls, example, outcome)
    graver = cls.effect in REPEATABLE_EFFECTS and any(noted.effect not in REPEATABLE_EFFECTS for noted in outcome.side_effects)
    if graver or (cls.effect is Effect.NONE and outcome.side_effects):
        yield Finding("side_effects", f"the call reports more than the declared effect {cls.effect}")


def _check_result(cls: type[Skill], result: Any) -> Iterator[Finding]:
    for error in compile_schema(cls.describe().output_schema).iter_errors(result):
        yield Finding("result", f"the result breaks output_schema: {error.message[:200]}")
    try:
        canonical_json(result)
    except ValueError as error:
        yield Finding("result", f"the result cannot be hashed: {error}")


def _check_cost(cls: type[Skill], example: Example, outcome: StructuredOutcome) -> Iterator[Finding]:
    worst, cost = worst_case_of(cls(), example.params, example.config), outcome.execution.cost_micro_usd
    if worst is not None and cost is not None and cost > worst:
        yield Finding("cost", f"{_short(example.params)} cost {cost} micro-USD, and was to cost at most {worst}")
    if worst == 0 and cost is None:
        yield Finding("cost", f"{_short(example.params)} was to be free, and nobody can say what it cost")


def _check_leaks(example: Example, outcome: StructuredOutcome) -> Iterator[Finding]:
    written = json.dumps(outcome.model_dump(mode="json"), ensure_ascii=False)
    for name, secret in example.secrets.items():
        if any(spelling in written for spelling in spellings_of(secret)):
            yield Finding("secrets", f"the secret {name} stands in the outcome")


async def _check_probe(cls: type[Skill], example: Example) -> list[Finding]:
    """A probe that raises or answers nonsense counts as unknown, so nothing breaks by it, and nothing is found out either."""
    skill = cls()
    if not skill.can_probe(example.params):
        return []
    context = example.context(cls.constraints.timeout_ms)
    try:
        async with asyncio.timeout(cls.constraints.timeout_ms / 1_000):
            answer = await skill.probe(cls.Params.model_validate(example.params), context)
    except (SkillFailure, TimeoutError, ValidationError):
        return []
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        return [Finding("probe", f"the probe raises {type(error).__name__} with {_short(example.params)}")]
    if answer not in ("happened", "did_not_happen", "unknown"):
        return [Finding("probe", f"the probe answers {answer!r}")]
    return [Finding("probe", "the probe reports side effects; it may only look")] if context.report.side_effects else []


def _check_undo(cls: type[Skill], example: Example, outcome: StructuredOutcome) -> Iterator[Finding]:
    """What takes a call back is a call that the undoing skill would take."""
    if not outcome.success:
        return
    effects = [noted.model_dump(mode="json") for noted in outcome.side_effects]
    for result in (outcome.result, None):
        try:
            undo = cls().undo_of(example.params, result, effects)
        except SkillFailure:
            continue
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            yield Finding("undo", f"undo_of raises {type(error).__name__} with {_short(example.params)}")
            continue
        if undo is not None:
            yield from _check_undoing(cls, undo)


def _check_undoing(cls: type[Skill], undo: Undo) -> Iterator[Finding]:
    if undo.skill != cls.reversible_by:
        yield Finding("undo", f"the undo is a call of {undo.skill}, and reversible_by says {cls.reversible_by}")
        return
    undoing = cls() if undo.skill == cls.name else registry.resolve(undo.skill)
    if undoing is None:
        yield Finding("undo", f"no skill {undo.skill} is registered")
        return
    try:
        undoing.Params.model_validate(undo.params)
    except ValidationError as error:
        yield Finding("undo", f"{undo.skill} would not take the parameters of the undo: {faults_of(error)[0].detail}")


def _same_result(one: StructuredOutcome, other: StructuredOutcome) -> bool:
    if one.failure is not None or other.failure is not None:
        return one.failure == other.failure
    return canonical_json(one.result) == canonical_json(other.result)


async def _check_deadline(cls: type[Skill], example: Example) -> list[Finding]:
    started = time.monotonic()
    outcome, findings = await _call(cls, example, 1)
    if time.monotonic() - started > GRACE_SECONDS:
        findings.append(Finding("deadline", f"a call with 1 ms took longer than {GRACE_SECONDS} s"))
    if outcome is not None and outcome.failure is not None and outcome.failure.code == "INTERNAL_ERROR":
        findings.append(Finding("deadline", f"running out of time became a defect: {outcome.failure.message}"))
    return findings


async def _check_cancellation(cls: type[Skill], example: Example) -> list[Finding]:
    task = asyncio.create_task(_call(cls, example, cls.constraints.timeout_ms))
    # A task that is cancelled before it starts never enters the call.
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=GRACE_SECONDS)
    if not done:
        return [Finding("cancellation", f"a cancelled call still ran after {GRACE_SECONDS} s")]
    if task.cancelled():
        return [Finding("cancellation", "a cancelled call ended without an outcome")]
    outcome, findings = task.result()
    if outcome is not None and outcome.failure is not None and outcome.failure.code == "INTERNAL_ERROR":
        findings.append(Finding("cancellation", f"being cancelled became a defect: {outcome.failure.message}"))
    return findings


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{pointer}/{index}")


def _short(params: Mapping[str, Any]) -> str:
    return repr(dict(params))[:120]
