"""Says how alike two causes are, in a number and in words. It suggests and never decides: what is applied was matched exactly."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# A cause is at most 300 characters; what is longer is compared by its beginning.
READ_CHARACTERS = 300
SHOWN_WORDS = 3
AT_LEAST = 0.5
AT_MOST = 5

_WORD = re.compile(r"<\\*[a-z]+>|[^\W_]+")
# Words that stand in every sentence, and names for what varies, say little about the cause.
_COMMON = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "from", "had", "has", "in", "is", "it", "of", "on", "or", "that"}
    | {"the", "this", "to", "was", "were", "with"}
)
_COMMON_WEIGHT = 0.25
# The order of words counts too, but less than which they are.
_ORDER_SHARE = 0.2


class Likeness(NamedTuple):
    """How alike two causes are: 0 nothing in common, 1 the same words in the same order."""

    score: float
    reason: str


class Similar(NamedTuple):
    """A signature whose cause is like the one asked about."""

    signature: str
    score: float
    reason: str


def similarity(cause_a: str, cause_b: str) -> Likeness:
    """Compare two normalised causes by their words. Symmetric but for the order in which the reason names them."""
    a, b = words_of(cause_a), words_of(cause_b)
    if not a or not b:
        return Likeness(0.0, "there are no words to compare")
    if a == b:
        return Likeness(1.0, f"the same {_counted(len(a))}")
    same_words = _overlap(Counter(a), Counter(b))
    same_order = _overlap(_pairs(a), _pairs(b))
    return Likeness(round((1 - _ORDER_SHARE) * same_words + _ORDER_SHARE * same_order, 4), _reason(a, b))


def similar_to(cause: str, known: Iterable[tuple[str, str]], *, at_least: float = AT_LEAST, at_most: int = AT_MOST) -> list[Similar]:
    """Return which of the known (signature, cause) are like a cause, the most alike first."""
    compared = (Similar(signature, *similarity(cause, other)) for signature, other in known)
    return sorted((found for found in compared if found.score >= at_least), key=lambda found: (-found.score, found.signature))[:at_most]


def words_of(cause: str) -> list[str]:
    """Return the words of a cause in their order; a name for what varies is one word."""
    return _WORD.findall(cause[:READ_CHARACTERS].lower())


def _pairs(words: Sequence[str]) -> Counter[str]:
    return Counter(f"{one} {next_one}" for one, next_one in zip(["", *words], [*words, ""], strict=True))


def _overlap(a: Counter[str], b: Counter[str]) -> float:
    """Return the weighted share of what both have in what either has (Jaccard over multisets)."""
    both = sum(count * _weight(word) for word, count in (a & b).items())
    either = sum(count * _weight(word) for word, count in (a | b).items())
    return both / either


def _weight(word: str) -> float:
    return _COMMON_WEIGHT if word in _COMMON or word.startswith("<") else 1.0


def _reason(a: Sequence[str], b: Sequence[str]) -> str:
    count_a, count_b = Counter(a), Counter(b)
    shared = (count_a & count_b).total()
    if count_a == count_b:
        return f"the same {_counted(len(a))} in another order"
    told = [_quoted(words) for words in (count_a - count_b, count_b - count_a) if words]
    return f"{shared} of {_counted(max(len(a), len(b)))} the same; differs in {' / '.join(told)}"


def _quoted(words: Counter[str]) -> str:
    names = [f"'{word}'" for word in words][:SHOWN_WORDS]
    return ", ".join(names) + (", …" if len(words) > SHOWN_WORDS else "")


def _counted(number: int) -> str:
    return "1 word" if number == 1 else f"{number} words"
