"""The patterns a text from outside may have to match, in words: whoever sent another one is told what it should be."""

from __future__ import annotations

_NAME = "lower-case letters, digits, - and _"
_STEP = "the id of a step, as fetch, or fetch#2 for an item of for_each"
_HEX_64 = "64 digits of hex, in lower case"

IN_WORDS: dict[str, str] = {
    r"^[a-z0-9_-]{1,64}$": f"1 to 64 characters: {_NAME}",
    r"^[a-z0-9_-]{0,64}$": f"at most 64 characters: {_NAME}",
    r"^[a-z0-9_-]*$": _NAME,
    r"^[a-z0-9_-]{1,64}(#\d{1,4})?$": _STEP,
    r"^\$?[a-z0-9_-]{1,64}(#\d{1,4})?$": f"{_STEP}, or $plan, or $admit",
    r"^(planner:)?[a-z0-9_-]{1,64}$": f"the name of a skill, or planner: and the name of a planner; 1 to 64 characters: {_NAME}",
    r"^[a-z_]{1,32}(\.[a-z_]{0,32})?$": "an action, as agent.update, or how several begin, as agent",
    r"^[a-z_]{0,16}$": "at most 16 characters: lower-case letters and _",
    r"^[a-z_]{1,10}$": "1 to 10 characters: lower-case letters and _",
    r"^[a-z_]{1,32}$": "1 to 32 characters: lower-case letters and _",
    r"^[a-z_]{1,64}$": "1 to 64 characters: lower-case letters and _",
    r"^[A-Z0-9_]{1,64}$": "a code: 1 to 64 characters, capital letters, digits and _",
    r"^[0-9a-f]{64}$": _HEX_64,
    r"^[0-9a-f]{16,64}$": "16 to 64 digits of hex, in lower case",
    r"^run_[0-9a-f]{32}$": "the id of a run: run_ and 32 digits of hex",
    r"^fmt_[0-9a-f]{32}$": "the id of a failure: fmt_ and 32 digits of hex",
    r"^rec_[0-9a-f]{32}$": "the id of a recovery: rec_ and 32 digits of hex",
    r"^(last_success|run_[0-9a-f]{32})$": "last_success, or the id of a run: run_ and 32 digits of hex",
    r"^(\^|>=)?\d{1,9}(\.\d{1,9}){0,2}$": "a version, as 1.2.0, or ^1.2 or >=1 for what is compatible with it",
    r"^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]{1,32})?(\+[0-9A-Za-z.-]{1,32})?$": "a version of three numbers, as 1.2.0",
    r"^[0-9]{1,12}(\.[0-9]{1,4})?$": "an amount, as 12 or 12.50, with at most 4 digits behind the point",
    r"^(\*\.)?[A-Za-z0-9.-]{1,253}(:\d{1,5})?$|^\[[0-9a-fA-F:.]+\](:\d{1,5})?$": (
        "a host, as example.com, example.com:8443, *.example.com or [2001:db8::1]"
    ),
    r"^[^\x00-\x20]{1,255}$": "1 to 255 characters without a space",
    r"^[^\x00]*$": "text without NUL",
    r"\S": "text, and not blanks alone",
    r"^https?://": "an address that begins with http:// or https://",
    r"^(/[^/]|https?://|$)": "an address that begins with http:// or https://, or one of this site that begins with one /",
    r"^\$": "a path that begins with $",
}
"""Each pattern a request, a document or a profile is held to. Those of skills from elsewhere are shown as they are."""


def in_words(pattern: str) -> str:
    """Return what a text should have been, as a sentence."""
    words = IN_WORDS.get(pattern)
    return f"Should match the pattern {pattern}" if words is None else f"Should be {words}"
