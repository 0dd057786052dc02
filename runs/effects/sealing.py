"""Keeps apart what a plan wrote and what data brought in, while a skill makes of both the call that takes a call back. Pure.

Every `{` that came with data is replaced by a word nobody can guess. So data looks neither like a place to fill in nor like
a secret to reveal, whatever it reads like, and comes out again as the text it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.plan.references import UnresolvedReference, escape_pointer, references_of, whole_reference

_SECRET = re.compile(r"\$\{secrets\.([A-Za-z0-9_.-]+)\}")


class NotTold(ValueError):
    """A text in which what the plan wrote and what data brought in cannot be told apart any more."""


@dataclass(frozen=True)
class Seal:
    """One sealing. `word` stands for an opening brace of data; it must be new for each, and hold letters and digits only."""

    word: str

    def data(self, value: Any) -> Any:
        """Return a value none of whose texts means anything."""
        return _each(value, "", lambda text, _: text.replace("{", self.word))

    def planned(self, params: Any, raw: Any, secrets: frozenset[str]) -> Any:
        """Return the parameters of a call as they were rendered, from the plan's own `raw` ones and where those name secrets."""

        def seal(text: str, pointer: str) -> str:
            written = _written_at(raw, pointer)
            if written is None:
                return text.replace("{", self.word)
            named = set(_SECRET.findall(written)) if pointer in secrets else set()
            return re.sub(r"\$\{", lambda found: self._kept(text, found.start(), named), text)

        return _each(params, "", seal)

    def _kept(self, text: str, position: int, named: set[str]) -> str:
        secret = _SECRET.match(text, position)
        return "${" if secret is not None and secret.group(1) in named else "$" + self.word

    def opened(self, value: Any) -> Any:
        """Return a sealed value as part of a plan: secrets the plan named are references, data is text.

        Raises NotTold where a text would hold a secret's name beside data that reads like another one.
        """
        opened = _each(value, "", self._opened)
        for pointer, text in references_of(opened):
            if _SECRET.sub("", text.replace("$${", "")).find("${") >= 0:
                raise NotTold(f"{pointer} would hold a reference nobody wrote")
        return opened

    def _opened(self, text: str, pointer: str) -> str:
        if _SECRET.search(text) and f"${self.word}secrets." in text:
            raise NotTold(f"{pointer} holds a secret beside data that reads like one")
        return text.replace("$" + self.word, "$${").replace(self.word, "{")


def _written_at(raw: Any, pointer: str) -> str | None:
    """Return what the plan wrote at a place of the parameters, None where a reference brought in all that is there."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(raw, Mapping) and part in raw:
            raw = raw[part]
        elif isinstance(raw, list) and part.isdigit() and int(part) < len(raw):
            raw = raw[int(part)]
        else:
            # Not in the plan: a person wrote it when asked, or a reference brought it in.
            return None if isinstance(raw, str) else ""
    if not isinstance(raw, str):
        return ""
    try:
        whole = whole_reference(raw)
    except UnresolvedReference:
        return ""
    return raw if whole is None or whole.root == "secrets" else None


def _each(value: Any, pointer: str, change: Callable[[str, str], str]) -> Any:
    if isinstance(value, str):
        return change(value, pointer)
    if isinstance(value, Mapping):
        return {key: _each(inner, f"{pointer}/{escape_pointer(str(key))}", change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_each(inner, f"{pointer}/{position}", change) for position, inner in enumerate(value)]
    return value
