"""What may follow a call that changed something: finding out whether it happened (`probe`), and taking it back (`undo`).

Both are requests the plan writes down beside the call. `{idempotency_key}` stands for the call's key in either;
`{result.body.id}` for what the call gave, in an undo. What is filled in is data: it is never looked through again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from skills.base import Bounds, Params, ProbeAnswer, SkillFailure
from skills.contracts import Effect, FailureDetails, FaultDetail
from skills.library.http_request import Vault, check_own_headers
from skills.net.guard import refused_as_written
from skills.ports import SkillContext

_PLACEHOLDER = re.compile(r"\{(idempotency_key|result(?:\.[A-Za-z0-9_-]{1,128})*)\}")
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_REFERENCE = re.compile(r"\$\{[^{}]*\}")
_WHOLE_HOST = re.compile(r"https?://[^/?#{}]+([/?#]|$)", re.IGNORECASE)

Status = Annotated[int, Field(ge=100, le=599)]
Url = Annotated[str, Field(min_length=1, max_length=8_000)]


class HttpProbe(Params):
    """A request that finds out whether the call happened. An answer with any other status leaves it unknown."""

    url: Url = Field(description="Absolute http or https URL; {idempotency_key} stands for the key of the call.")
    method: Literal["GET", "HEAD"] = "GET"
    headers: dict[str, str] = {}
    happened_status: list[Status] = Field(default=[200], min_length=1, description="Statuses that say it happened.")
    absent_status: list[Status] = Field(default=[404], min_length=1, description="Statuses that say it did not happen.")


class HttpUndo(Params):
    """A request that takes the effect of the call back. {result.body.id} stands for what the call gave."""

    url: Url = Field(description="Absolute http or https URL; {result.…} and {idempotency_key} are filled in, escaped.")
    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "DELETE"
    headers: dict[str, str] = {}
    body: Any = Field(default=None, description="Sent as JSON. A text that is one {result.…} keeps the type of what it names.")


# Finding out


async def ask_probe(probe: HttpProbe, context: SkillContext, max_bytes: int) -> ProbeAnswer:
    """Ask whether the call of this key happened, through the same guard and under the same rules as the call itself."""
    vault = Vault(context.secrets, context.secret_pointers)
    url = _in_url(probe.url, lambda name: context.idempotency_key if name == "idempotency_key" else "")
    headers: dict[str, str] = vault.reveal(probe.headers, "/probe/headers")
    check_own_headers(headers)
    exchange = await context.http.send(
        probe.method,
        vault.reveal_url(url, "/probe/url"),
        headers=headers,
        body=None,
        timeout_ms=context.timeout_ms,
        max_bytes=max_bytes,
        allowed_hosts=context.allowed_hosts,
    )
    if exchange.status in probe.happened_status:
        return "happened"
    return "did_not_happen" if exchange.status in probe.absent_status else "unknown"


# Taking back


def undo_params(undo: HttpUndo, result: Any, key: str) -> dict[str, Any]:
    """Return the parameters of the call that takes a call back. Raises SkillFailure where its result lacks what they name."""

    def value_of(name: str) -> Any:
        return key if name == "idempotency_key" else _walk(result, name)

    filled: dict[str, Any] = {"url": _in_url(undo.url, value_of), "method": undo.method}
    if undo.headers:
        filled["headers"] = {name: _in_text(text, value_of) for name, text in undo.headers.items()}
    if undo.body is not None:
        filled["body"] = _in_json(undo.body, value_of)
    return filled


def _walk(result: Any, name: str) -> Any:
    value = {"result": result}
    for part in name.split("."):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise SkillFailure("INVALID_REFERENCE", f"the call gave no {name}, which its undo needs")
    return value


def _in_url(url: str, value_of: Callable[[str], Any]) -> str:
    """Fill in a URL, escaped, so that no value changes where the call goes; a value that is the URL is taken whole."""
    whole = _PLACEHOLDER.fullmatch(url)
    if whole is not None:
        return _text(value_of(whole.group(1)))
    return _PLACEHOLDER.sub(lambda found: quote(_text(value_of(found.group(1))), safe=""), url)


def _in_text(text: str, value_of: Callable[[str], Any]) -> str:
    return _PLACEHOLDER.sub(lambda found: _text(value_of(found.group(1))), text)


def _in_json(value: Any, value_of: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        whole = _PLACEHOLDER.fullmatch(value)
        return value_of(whole.group(1)) if whole else _in_text(value, value_of)
    if isinstance(value, list):
        return [_in_json(item, value_of) for item in value]
    if isinstance(value, dict):
        return {key: _in_json(item, value_of) for key, item in value.items()}
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# Before any call is made


def refused_aftermath(params: Mapping[str, Any], effect: Effect, bounds: Bounds) -> SkillFailure | None:
    """Return why a probe or an undo that is written out can never be asked; None where nothing shows."""
    return next((failure for failure in _refusals(params, effect, bounds) if failure is not None), None)


def _refusals(params: Mapping[str, Any], effect: Effect, bounds: Bounds) -> Iterator[SkillFailure | None]:
    if isinstance(probe := params.get("probe"), Mapping):
        yield _refused_request(probe, "/probe", ("idempotency_key",), bounds)
        yield _ambiguous(probe)
    if isinstance(undo := params.get("undo"), Mapping):
        if effect is Effect.READ:
            yield _fault("/undo", "nothing_to_undo", f"{params.get('method', 'GET')} changes nothing, so there is nothing to take back")
        yield _refused_request(undo, "/undo", ("idempotency_key", "result"), bounds)


def _refused_request(request: Mapping[str, Any], at: str, known: tuple[str, ...], bounds: Bounds) -> SkillFailure | None:
    url, headers = request.get("url"), request.get("headers")
    return (_refused_url(url, at, known, bounds) if isinstance(url, str) else None) or (
        _refused_headers(headers, at) if isinstance(headers, Mapping) else None
    )


def _refused_url(url: str, at: str, known: tuple[str, ...], bounds: Bounds) -> SkillFailure | None:
    for braces in _BRACES.findall(_REFERENCE.sub("", url)):
        placeholder = _PLACEHOLDER.fullmatch(braces)
        if placeholder is None or placeholder.group(1).partition(".")[0] not in known:
            names = " or ".join("{" + name + (".…}" if name == "result" else "}") for name in known)
            return _fault(f"{at}/url", "unknown_placeholder", f"'{braces[:80]}' is not filled in here; {names} is")
    if "${" in url or not _WHOLE_HOST.match(url):
        # Where it goes shows only when it is filled in; what is no URL at all shows now.
        return None if "{" in url else _at(refused_as_written(url, bounds.allow_local, bounds.allowed_hosts), at)
    return _at(refused_as_written(_PLACEHOLDER.sub("x", url), bounds.allow_local, bounds.allowed_hosts), at)


def _refused_headers(headers: Mapping[str, Any], at: str) -> SkillFailure | None:
    written = {name: text for name, text in headers.items() if isinstance(text, str) and "{" not in text}
    try:
        check_own_headers(written)
    except SkillFailure as failure:
        return _at(failure, at)
    return None


def _ambiguous(probe: Mapping[str, Any]) -> SkillFailure | None:
    happened, absent = probe.get("happened_status", [200]), probe.get("absent_status", [404])
    if not isinstance(happened, list) or not isinstance(absent, list):
        return None
    both = [status for status in absent if status in happened]
    said = f"{both[0]} cannot say both that it happened and that it did not" if both else ""
    return _fault("/probe/absent_status", "ambiguous_status", said) if both else None


def _fault(pointer: str, code: str, detail: str) -> SkillFailure:
    return SkillFailure("INVALID_INPUT", detail, details=FailureDetails(errors=[FaultDetail(pointer=pointer, code=code, detail=detail)]))


def _at(failure: SkillFailure | None, at: str) -> SkillFailure | None:
    """Return a failure of a request with its pointers below where the request stands."""
    if failure is None:
        return None
    faults = failure.details.errors or [FaultDetail(pointer="/url", code=failure.code, detail=failure.message)]
    moved = [fault.model_copy(update={"pointer": at + fault.pointer}) for fault in faults]
    return SkillFailure(failure.code, failure.message, details=failure.details.model_copy(update={"errors": moved}))
