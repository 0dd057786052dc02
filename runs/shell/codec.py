"""How a fact and its decisions are written in the journal: one JSON text per row, versioned, each naming the one before it."""

from __future__ import annotations

from typing import Any

import msgspec

from runs.engine.decisions import AnyDecision, Decision
from runs.engine.events import AnyFact, Fact
from skills.refusal import Refusal

FORMAT = 1


class Record(msgspec.Struct, frozen=True):
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


_encoder = msgspec.json.Encoder()
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
        raise Refusal("REPLAY_DIVERGED", f"journal event {seq} cannot be read: {error}") from error
    if record.v != FORMAT:
        raise Refusal("REPLAY_DIVERGED", f"journal event {seq} has format {record.v}; this version reads {FORMAT}")
    return record


def encode_fact(fact: Fact) -> str:
    return _encoder.encode(fact).decode()


def decode_fact(text: str) -> Fact:
    return _fact_decoder.decode(text)


def plain(value: Any) -> Any:
    """Return a fact, decision or other struct as plain JSON values."""
    return msgspec.to_builtins(value)


def kind_of(value: Fact | Decision) -> str:
    return str(value.__struct_config__.tag)
