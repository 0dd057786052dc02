"""What a command tells when it cannot do what was asked: a code, why, and what to try."""

from __future__ import annotations

from collections.abc import Sequence

from aos_sdk._errors import AOSError, APIConnectionError, APIStatusError, AuthenticationError
from aos_sdk.cli.exits import SERVER, exit_of_error


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


def usage(why: str, *tries: str) -> Refusal:
    """Return the refusal of input that cannot be meant."""
    return Refusal("USAGE", why, exit_code=2, tries=tries)


def refusal_of(error: Exception) -> Refusal:
    """Return what to tell of an error of the SDK, or of a defect."""
    if not isinstance(error, AOSError):
        why = f"{type(error).__name__}: {error}"
        return Refusal("INTERNAL", why, exit_code=SERVER, tries=["the same with --debug, and report what it shows"])
    details = [f"{each.get('pointer', '')}: {each.get('detail', '')}" for each in error.errors] if isinstance(error, APIStatusError) else []
    tries = list(error.suggestions)
    if isinstance(error, AuthenticationError):
        tries.append("aos login")
    if isinstance(error, APIConnectionError):
        tries.append("aos doctor")
    code = error.code or ("NO_ANSWER" if isinstance(error, APIConnectionError) else "REFUSED")
    return Refusal(code, error.message, exit_code=exit_of_error(error), tries=tries, details=details, trace=error.trace_id)
