"""The events others are told of, in words: one list for the feed, webhooks, and their documentation. Pure."""

from __future__ import annotations

EVENT_TYPES: dict[str, str] = {
    "run.waiting": "A run waits for somebody: an approval, an answer, money, a verdict.",
    "run.succeeded": "A run did all it was to do.",
    "run.partial": "A run ended with some of its steps done.",
    "run.failed": "A run failed.",
    "run.cancelled": "A run was cancelled.",
    "run.dead_lettered": "A run was given up, because workers died with it too often.",
    "budget.alert": "Most of a budget is spent.",
    "drift.detected": "A skill or an agent goes otherwise than it used to.",
    "webhook.disabled": "An endpoint was switched off, because it could not be reached or said it is gone.",
    "webhook.test": "Somebody asked for a message to try an endpoint with.",
}
