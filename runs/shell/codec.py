"""How a fact and its decisions are written in the journal: one JSON text per row, versioned, each naming the one before it."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from runs.engine.decisions import AnyDecision, Decision
from runs.engine.events import AnyFact, Fact
from skills.refusal import Refusal

FORMAT = 1


class Record(msgspec.Struct, frozen=True, gc=False):
    """One row of a journal. `prev` is the link of the row before it, nothing at the first (`chain.link`)."""

    v: int
    fact: AnyFact
    prev: str = ""
    decisions: tuple[AnyDecision, ...] = ()


class _Written(msgspec.Struct):
    v: int
    prev: str
    fact: Fact
    decisions: tuple[Decision, ...]


class _Version(msgspec.Struct):
    """A row of any format, read for its number only."""

    v: int


_encoder = msgspec.json.Encoder()
_versions = msgspec.json.Decoder(_Version)
_decoder = msgspec.json.Decoder(Record)
_fact_decoder = msgspec.json.Decoder(AnyFact)


def encode(fact: Fact, decisions: tuple[Decision, ...], prev: str = "") -> str:
    """Return the text of a row that follows the one with this link."""
    return _encoder.encode(_Written(FORMAT, prev, fact, decisions)).decode()


def decode(text: str, *, seq: int) -> Record:
    """Return a row's fact and decisions. Raises Refusal REPLAY_DIVERGED naming the row where it cannot be read."""
    try:
        record = _decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise _unreadable(seq, f"journal event {seq} {_why_unreadable(text, error)}") from error
    if record.v != FORMAT:
        raise _unreadable(seq, f"journal event {seq} {_other_format(record.v)}")
    return record


def _why_unreadable(text: str, error: msgspec.MsgspecError) -> str:
    """Say why a row cannot be read: one of another format is told by that, whatever else is strange about it."""
    try:
        version = _versions.decode(text).v
    except msgspec.MsgspecError:
        version = FORMAT
    return f"cannot be read: {error}" if version == FORMAT else _other_format(version)


def _other_format(version: int) -> str:
    return f"has format {version}; this version reads {FORMAT}"


def _unreadable(seq: int, words: str) -> Refusal:
    fault = {"pointer": f"/events/{seq}", "code": "REPLAY_DIVERGED", "detail": words}
    hint = "Read it with the release of AOS that wrote it, or a later one"
    return Refusal("REPLAY_DIVERGED", words, errors=[fault], suggestions=[hint])


def encode_fact(fact: Fact) -> str:
    return _encoder.encode(fact).decode()


def decode_fact(text: str) -> Fact:
    return _fact_decoder.decode(text)


def plain(value: Any) -> Any:
    """Return a fact, decision or other struct as plain JSON values."""
    return msgspec.to_builtins(value)


def kind_of(value: Fact | Decision) -> str:
    return _tag_of(type(value))


@cache
def _tag_of(kind: type[Fact] | type[Decision]) -> str:
    return str(kind.__struct_config__.tag)
