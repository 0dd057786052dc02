"""The built-in model: chooses sentences instead of writing them. Deterministic, offline, free, and no match for a real one. Pure.

Text is summarised by scoring its sentences (how frequent their words are, how early they stand, how much they share
with the question) and keeping the best in their order. JSON is read out as sentences.
"""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from selectolax.lexbor import LexborHTMLParser

from skills.adapters.structured import check_answer

MODEL = "extractive-1"
Task = Literal["summarize", "extract", "answer"]

SUMMARY_SENTENCES = 3
MAX_SENTENCES = 2_000
MAX_FACTS = 12
MAX_LISTED = 20
MAX_DEPTH = 8
# A token is about three quarters of a word: stays below max_tokens on ordinary text.
TOKENS_PER_WORD = 2
CHARACTERS_PER_WORD = 16

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n{2,}|\n(?=[-*•#])")
_MARKUP = re.compile(r"<(?:!doctype|html|body|head|div|p|h[1-6]|span|article|section)\b", re.IGNORECASE)
_COMMON = """
a about after all also an and any are as at be been but by can could did do does for from had has have he her his how i if in into is
it its just like may me more most my no not of on one or other our out over she so some than that the their them then there these they
this to up us was we were what when where which who why will with would you your summarize summarise summary please text page following
"""
_STOP_WORDS = frozenset(_COMMON.split())
_TEXT_FIELDS = frozenset({"summary", "text", "answer", "description", "result"})


def answer(prompt: str, material: Any, task: Task, max_tokens: int) -> str:
    """Return sentences of the material, chosen for the prompt. Without material the prompt is the material."""
    value = _read(prompt if material is None else material)
    question = "" if material is None else prompt
    sentences = _sentences(value) if isinstance(value, str) else list(_statements(value, question))
    kept = _chosen(sentences, question, task) if isinstance(value, str) else sentences
    return _cut(" ".join(kept), max_tokens // TOKENS_PER_WORD)


def fill(schema: Mapping[str, Any], prompt: str, material: Any, max_tokens: int) -> Any:
    """Return a value for the schema, read from the material by name. Raises StructuredAnswerInvalid where that gives no fit."""
    value = _read(prompt if material is None else material)
    text, named = answer(prompt, material, "summarize", max_tokens), _by_name(value)
    filled = {
        name: found for name, wanted in (schema.get("properties") or {}).items() if (found := _field(name, wanted, named, text)) is not None
    }
    check_answer(filled, dict(schema))
    return filled


def _read(material: Any) -> Any:
    """Return JSON behind a text as JSON, a page as its text, everything else as it is."""
    if not isinstance(material, str):
        return material
    if material.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(material)
        except (ValueError, RecursionError):
            return material
    return _page_text(material) if _MARKUP.search(material[:4_096]) else material


def _page_text(page: str) -> str:
    tree = LexborHTMLParser(page)
    tree.strip_tags(["script", "style", "noscript", "template", "nav", "footer"])
    root = tree.body or tree.root
    return "" if root is None else root.text(separator="\n\n", strip=True)


def _sentences(text: str) -> list[str]:
    found = (" ".join(part.split()) for part in _SENTENCE_END.split(text))
    return [sentence for sentence in found if sentence][:MAX_SENTENCES]


def _chosen(sentences: list[str], question: str, task: Task) -> list[str]:
    """Return the best sentences in the order they stand in."""
    if len(sentences) <= 1:
        return sentences
    words = [_words(sentence) for sentence in sentences]
    frequency = Counter(word for inner in words for word in inner)
    asked = set(_words(question))
    weight = 1 if task == "summarize" else 5
    scores = [_score(inner, place, len(words), frequency, asked, weight) for place, inner in enumerate(words)]
    best = sorted(range(len(words)), key=lambda place: (-scores[place], place))[: 1 if task == "answer" else SUMMARY_SENTENCES]
    return [sentences[place] for place in sorted(best)]


def _words(text: str) -> list[str]:
    return [word for word in (match.lower() for match in _WORD.findall(text)) if word not in _STOP_WORDS]


def _score(words: list[str], place: int, count: int, frequency: Counter[str], asked: set[str], weight: int) -> float:
    """Return how well a sentence stands for the text; very short ones say little and are held down."""
    if not words:
        return 0.0
    central = sum(frequency[word] for word in words) / len(words)
    early = 1.0 + 0.5 * (count - place) / count
    length = min(1.0, len(words) / 6)
    shared = len(asked & set(words))
    return central * early * length + weight * shared


def _statements(value: Any, question: str) -> Iterator[str]:
    price = _price(value)
    if price is not None:
        yield price
        return
    for name, items in _lists(value, "headings" if "heading" in question.lower() else "items"):
        yield _listed(name, items)
        return
    facts = list(islice(_facts(value, ""), MAX_FACTS + 1))
    yield from (f"{name or 'The value'} is {text}." for name, text in facts[:MAX_FACTS])
    if len(facts) > MAX_FACTS:
        yield "There are more values."


def _price(value: Any) -> str | None:
    """Return the price a JSON value states, the way exchanges write one: an amount with its currency."""
    for found in _objects(value):
        amount, currency = found.get("amount", found.get("price")), found.get("currency")
        if isinstance(amount, str | int | float) and not isinstance(amount, bool) and isinstance(currency, str):
            thing = found.get("base") or found.get("symbol") or found.get("name")
            return f"The price of {thing} is {amount} {currency}." if isinstance(thing, str) else f"The price is {amount} {currency}."
    return None


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object in a JSON value, outermost first; a loop, since a document may nest deeper than the stack."""
    waiting = deque([value])
    while waiting:
        inner = waiting.popleft()
        if isinstance(inner, Mapping):
            yield inner
            waiting.extend(inner.values())
        elif isinstance(inner, list):
            waiting.extend(inner)


def _lists(value: Any, name: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the lists of texts at the top of a JSON value, by name."""
    if isinstance(value, list):
        texts = [text for text in map(_label, value) if text is not None]
        if texts and len(texts) == len(value):
            yield name, texts
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, list):
                yield from _lists(inner, str(key))


def _label(item: Any) -> str | None:
    if isinstance(item, Mapping):
        item = item.get("text") or item.get("title") or item.get("name")
    return " ".join(item.split()) if isinstance(item, str) and item.strip() else None


def _listed(name: str, items: list[str]) -> str:
    shown = "; ".join(items[:MAX_LISTED])
    more = f"; and {len(items) - MAX_LISTED} more" if len(items) > MAX_LISTED else ""
    noun = name.removesuffix("s") if len(items) == 1 else name
    return f"There {'is' if len(items) == 1 else 'are'} {len(items)} {noun}: {shown}{more}."


def _facts(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping | list) and depth == MAX_DEPTH:
        yield path, f"{len(value)} values"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _facts(inner, f"{path} {key}".strip(), depth + 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _facts(inner, f"{path} {place + 1}".strip(), depth + 1)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _by_name(value: Any) -> dict[str, Any]:
    """Return the members of all objects in a JSON value by name; of equal names the outermost counts."""
    named: dict[str, Any] = {}
    for found in _objects(value):
        for name, inner in found.items():
            named.setdefault(str(name), inner)
    return named


def _field(name: str, wanted: Any, named: Mapping[str, Any], text: str) -> Any:
    """Return what the material says under a name, the summary for a field that asks for one, None where it says nothing."""
    if name in named:
        return _as_type(named[name], wanted)
    return text if name in _TEXT_FIELDS and text else None


def _as_type(value: Any, wanted: Any) -> Any:
    """Return a number written as text as a number where the schema wants one; exchanges write prices as text."""
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind in ("number", "integer") and isinstance(value, str):
        try:
            return int(value) if kind == "integer" else float(value)
        except ValueError:
            return value
    return str(value) if kind == "string" and isinstance(value, int | float) and not isinstance(value, bool) else value


def _cut(text: str, max_words: int) -> str:
    """Return the text within a number of words, cut between words and marked where it was cut."""
    # Some scripts set no spaces, some texts are one endless word: letters are bounded too.
    whole = " ".join(text.split())
    cut = " ".join(whole[: max(1, max_words) * CHARACTERS_PER_WORD].split()[: max(1, max_words)])
    return whole if cut == whole else f"{cut} …"
