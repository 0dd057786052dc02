"""Synthetic traffic of failures, seeded: causes known and unknown, told in texts that vary as real ones do."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

KNOWN, UNKNOWN, MIXED = 600, 300, 1_100
UNKNOWN_IN_MIXED = 0.05


@dataclass(frozen=True)
class Cause:
    """Why something really fails: where, how, in which words, and how often the catalog's recovery helps."""

    skill: str
    code: str
    host: str
    words: str
    helped: float
    is_known: bool


@dataclass(frozen=True)
class Report:
    """One failure as a caller tells it."""

    cause: Cause
    message: str
    target: str
    helped: bool


_KNOWN = (
    ("http_call", "TIMEOUT", "api.shop.example", "no answer from {host}:{port} within {n} ms (request {id})", 0.8),
    ("http_call", "TIMEOUT", "pay.example", "no answer from {host}:{port} within {n} ms (request {id})", 0.6),
    ("http_call", "HTTP_5XX", "api.shop.example", "answered 500 at {date}: worker {hex} died after {n} requests", 0.5),
    ("http_call", "HTTP_4XX", "api.shop.example", "answered 409: order {n} was changed by {mail} at {date}", 0.0),
    ("http_call", "CONNECTION_REFUSED", "queue.example", "connect to {ip}:{port} refused", 0.7),
    ("http_call", "CONNECTION_RESET", "files.example", "the connection to {ip}:{port} broke after {n} of {n} bytes", 0.9),
    ("http_call", "DNS_FAILURE", "old.example", "the name {host} cannot be resolved (try {n})", 0.1),
    ("http_call", "RATE_LIMITED", "api.shop.example", "too many requests: {n} in {n} s, key {id}", 0.9),
    ("http_call", "TLS_FAILURE", "pay.example", "the certificate {hex} ran out on {date}", 0.0),
    ("http_call", "NOT_FOUND", "api.shop.example", "no page at {url}", 0.0),
    ("llm_invoke", "RATE_LIMITED", "llm.example", "quota of {n} tokens per minute used up, request {id}", 0.8),
    ("llm_invoke", "UPSTREAM_ERROR", "llm.example", "overloaded, request {id} of {date}", 0.7),
    ("llm_invoke", "LLM_REFUSED", "llm.example", "the model declined: {quoted}", 0.0),
    ("json_transform", "INVALID_INPUT", "", "line {n} column {n}: expected {quoted}", 0.0),
    ("", "LEASE_LOST", "", "the worker {hex} was lost during the call", 0.9),
    ("", "CANCELLED", "", "cancelled by {mail} after {n} s", 0.0),
    ("", "DEADLINE_EXCEEDED", "", "the deadline {date} passed {n} ms ago", 0.0),
    ("stub", "PLAN_INVALID", "", "/steps/{n}/skill: no skill {quoted} is registered", 0.3),
)
_UNKNOWN = (
    ("vendor_pay", "VENDOR_E100", "pay.example", "E100 ledger {hex} locked by session {n}"),
    ("vendor_pay", "VENDOR_E101", "pay.example", "E101 settlement {id} is late by {n} s"),
    ("vendor_pay", "VENDOR_E102", "eu.pay.example", "E102 ledger {hex} locked by session {n}"),
    ("vendor_mail", "VENDOR_M7", "mail.example", "mailbox {mail} is over its quota of {n} MB"),
    ("vendor_mail", "VENDOR_M8", "mail.example", "greylisted until {date}, id {id}"),
    ("vendor_scan", "VENDOR_S1", "scan.example", "page {n} of {url} has no text layer"),
    ("vendor_scan", "VENDOR_S2", "scan.example", "engine {hex} crashed at {date}"),
)
CAUSES = tuple(Cause(skill, code, host, words, helped, is_known=True) for skill, code, host, words, helped in _KNOWN) + tuple(
    Cause(skill, code, host, words, 0.0, is_known=False) for skill, code, host, words in _UNKNOWN
)


def traffic(seed: int) -> list[Report]:
    """Return 2,000 failures in a mixed order: 600 of known causes, 300 of unknown ones, the others of both."""
    dice = Random(seed)  # noqa: S311 - makes up texts, guards nothing
    known, unknown = ([cause for cause in CAUSES if cause.is_known is wanted] for wanted in (True, False))
    chosen = [dice.choice(known) for _ in range(KNOWN)] + [dice.choice(unknown) for _ in range(UNKNOWN)]
    chosen += [dice.choice(unknown if dice.random() < UNKNOWN_IN_MIXED else known) for _ in range(MIXED)]
    dice.shuffle(chosen)
    return [_told(cause, dice) for cause in chosen]


def _told(cause: Cause, dice: Random) -> Report:
    message = "".join(_filled(part, cause, dice) for part in _cut(cause.words))
    target = f"https://{cause.host}:{dice.randint(1_024, 9_999)}/v1/{dice.randint(1, 10**6)}" if cause.host else ""
    return Report(cause, message, target, dice.random() < cause.helped)


def _cut(words: str) -> list[str]:
    """Return a text in pieces: names of what varies in braces, and what stands between."""
    pieces: list[str] = []
    rest = words
    while "{" in rest:
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        pieces += [before, f"{{{name}}}"]
    return [*pieces, rest]


def _filled(piece: str, cause: Cause, dice: Random) -> str:
    makers: dict[str, Any] = {
        "{host}": lambda: cause.host,
        "{port}": lambda: str(dice.randint(1_024, 65_000)),
        "{n}": lambda: str(dice.choice((dice.randint(0, 9), dice.randint(10, 10**7), round(dice.random() * 99, 2)))),
        "{id}": lambda: f"req_{dice.getrandbits(96):024x}",
        "{hex}": lambda: f"0x{dice.getrandbits(40):010x}",
        "{ip}": lambda: ".".join(str(dice.randint(1, 254)) for _ in range(4)),
        "{mail}": lambda: f"user{dice.randint(1, 999)}@mail{dice.randint(1, 9)}.example",
        "{date}": lambda: (
            f"2026-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}T{dice.randint(0, 23):02d}:{dice.randint(0, 59):02d}:00Z"
        ),
        "{quoted}": lambda: f'"{dice.choice(("a", "some words", "tbl_17", "x/y"))} {dice.randint(1, 99)}"',
        "{url}": lambda: f"https://{cause.host}:{dice.randint(1_024, 9_999)}/items/{dice.randint(1, 10**6)}?page={dice.randint(1, 99)}",
    }
    return str(makers[piece]()) if piece in makers else piece
