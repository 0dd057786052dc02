"""The request of a call and what must not come out of it: secrets revealed and masked again, the URL, headers the runtime manages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from skills.base import ANYWHERE, SkillFailure
from skills.contracts import FailureDetails, FaultDetail
from skills.net.messages import check_headers
from skills.net.redaction import MASK, Redactor
from skills.net.targets import target_of
from skills.ports import SecretsPort

IDEMPOTENCY_HEADER = "Idempotency-Key"
MAX_EXCERPT = 300

_SECRET = re.compile(r"\$\{secrets\.([A-Za-z0-9_.-]+)\}")
_WHOLE_HOST = re.compile(r"https?://[^/?#]+[/?#]", re.IGNORECASE)


@dataclass
class Vault:
    """Reveals secrets where the plan itself names them, and remembers them, to clear everything on the way out."""

    port: SecretsPort
    pointers: frozenset[str]
    revealed: list[str] = field(default_factory=list)
    hides_path: bool = False

    def reveal_url(self, url: str, pointer: str = "/url") -> str:
        """Reveal within a URL, escaped, so that a secret cannot change where the call goes; a secret that is the URL is taken whole."""
        if pointer not in self.pointers or not _SECRET.search(url):
            return url
        self.hides_path = True
        whole = _SECRET.fullmatch(url)
        if whole is None:
            return _SECRET.sub(lambda found: quote(self._secret(found.group(1), pointer), safe=""), url)
        revealed = self._secret(whole.group(1), pointer)
        # An error page that echoes the path of a secret webhook gives the secret away.
        self.revealed.append(target_of(revealed).path.decode("ascii"))
        return revealed

    def public(self, url: str) -> str:
        """Return a URL as it may be stored: without query, and without its path where that holds a secret."""
        target = target_of(url)
        return f"{target.public_origin}/{MASK}" if self.hides_path else self.redactor.text(target.public)

    @property
    def redactor(self) -> Redactor:
        return Redactor(self.revealed)

    def reveal(self, value: Any, pointer: str) -> Any:
        if isinstance(value, str) and pointer in self.pointers:
            return _SECRET.sub(lambda found: self._secret(found.group(1), pointer), value)
        if isinstance(value, list):
            return [self.reveal(item, f"{pointer}/{index}") for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.reveal(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}") for key, item in value.items()}
        return value

    def _secret(self, name: str, pointer: str) -> str:
        try:
            secret = self.port.reveal(name)
        except KeyError as error:
            fault = FaultDetail(pointer=pointer, code="unknown_secret", detail=f"no secret is named {name}")
            raise SkillFailure("INVALID_REFERENCE", f"no secret is named {name}", details=FailureDetails(errors=[fault])) from error
        self.revealed.append(secret)
        return secret


def host_of(url: str) -> str | None:
    """Return host and port of a URL, None for one that cannot be called."""
    known, _, unknown = url.partition("${")
    if unknown and not _WHOLE_HOST.match(known):
        return ANYWHERE
    try:
        target = target_of(known)
    except SkillFailure:
        return None
    return f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"


def with_query(url: str, query: Mapping[str, Any]) -> str:
    given = {key: _query_text(value) for key, value in query.items() if value is not None}
    if not given:
        return url
    base, mark, fragment = url.partition("#")
    return f"{base}{'&' if '?' in base else '?'}{urlencode(given, doseq=True)}{mark}{fragment}"


def _query_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_query_text(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else value


def check_own_headers(headers: Mapping[str, str]) -> None:
    check_headers(headers)
    for name in headers:
        if name.lower() == IDEMPOTENCY_HEADER.lower():
            fault = FaultDetail(pointer=f"/headers/{name}", code="managed_header", detail="the runtime derives this key itself")
            raise SkillFailure("INVALID_INPUT", "a request header cannot be sent", details=FailureDetails(errors=[fault]))


def without_secrets(failure: SkillFailure, redactor: Redactor) -> SkillFailure:
    """Return the failure with every text cleared. An excerpt is cut only now: a cut secret is not recognised."""
    errors = [fault.model_copy(update={"detail": redactor.text(fault.detail)[:MAX_EXCERPT]}) for fault in failure.details.errors]
    target = None if failure.details.target is None else redactor.text(failure.details.target)
    return SkillFailure(
        failure.code,
        redactor.text(failure.message),
        phase=failure.phase,
        retry_after_ms=failure.retry_after_ms,
        details=failure.details.model_copy(update={"errors": errors, "target": target}),
        suggestions=failure.suggestions,
    )
