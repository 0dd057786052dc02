"""What a command tells when it cannot do what was asked: a code, why, and what to try."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aos_sdk._errors import AOSError, APIConnectionError, APIStatusError, AuthenticationError, NotFoundError
from aos_sdk.cli.exits import SERVER, exit_of_error

# What stands before a server may refuse, be overloaded or be without it, and says so in its own words.
_PROXIES = frozenset({401, 403, 408, 413, 429, 500, 502, 503, 504})


# What tells what there is of a thing, by what the server calls it.
_LISTS = {
    "run": "aos runs list",
    "agent": "aos agents list",
    "approval": "aos approvals list",
    "question": "aos questions list",
    "effect in doubt": "aos in-doubt list",
    "grant": "aos grants list",
    "webhook": "aos webhooks list",
    "recovery candidate": "aos recovery candidates",
    "API key": "aos keys list",
    "operation": "aos bulk list",
}


class Refusal(Exception):
    """A command ends here, with a message for people and an exit code for scripts."""

    def __init__(
        self, code: str, why: str, *, exit_code: int, tries: Sequence[str] = (), details: Sequence[str] = (), trace: str | None = None
    ) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.exit_code = exit_code
        self.tries = list(tries)
        self.details = list(details)
        self.trace = trace


def suggested(text: str) -> str:
    """Return a suggestion as it stands after `try: `, which some begin with themselves."""
    return text[5:] if text[:5].lower() == "try: " else text


def plain(reason: object) -> str:
    """Return the reason of an error of the system without its number, and without the path that is named already."""
    words = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
    return re.sub(r"\[Errno -?\d+\] ", "", words)


def usage(why: str, *tries: str) -> Refusal:
    """Return the refusal of input that cannot be meant."""
    return Refusal("USAGE", why, exit_code=2, tries=tries)


def refusal_of(error: Exception) -> Refusal:
    """Return what to tell of an error of the SDK, or of a defect."""
    if not isinstance(error, AOSError):
        why = f"{type(error).__name__}: {error}"
        return Refusal("INTERNAL", why, exit_code=SERVER, tries=["the same with --debug, and report what it shows"])
    if isinstance(error, APIStatusError) and error.code is None and error.status not in _PROXIES:
        why = f"status {error.status} and no answer of an AOS: {error.message}"
        return Refusal("NOT_AOS", why, exit_code=SERVER, tries=["aos doctor", "is the address right? aos config show"])
    found = error.errors if isinstance(error, APIStatusError) else []
    details = [": ".join(filter(None, (str(each.get("pointer", "")), str(each.get("detail", ""))))) for each in found]
    tries = list(error.suggestions)
    if isinstance(error, AuthenticationError):
        tries.append("aos login")
    if isinstance(error, APIConnectionError):
        tries.append("aos doctor")
    if isinstance(error, NotFoundError) and not tries:
        tries.append(_LISTS.get(error.message.removeprefix("there is no such "), "aos doctor"))
    code = error.code or ("NO_ANSWER" if isinstance(error, APIConnectionError) else "REFUSED")
    return Refusal(code, plain(error.message), exit_code=exit_of_error(error), tries=tries, details=details, trace=error.trace_id)
