"""What the search of the list of runs takes a word for: a run's id, the beginning of a trace id, or a failure code.

Each is a question an index answers; a word that could be any of them would be looked for in every run there is.
"""

from __future__ import annotations

import re

from django.db.models import Q

from runs.models import TERMINAL_STATUSES, RunStatus
from skills.ids import is_id

PAYLOAD_FIELDS = ("goal", "summary", "fingerprint")
COST_FIELDS = ("spent_micro_usd", "reserved_micro_usd", "limit_micro_usd", "worst_to_finish_micro_usd", "needs_micro_usd")

_TRACE = re.compile(r"[0-9a-f]{4,32}")
_AFTER_EVERY_DIGIT = "g"


def named_by(text: str) -> Q:
    """Return which runs somebody means who types this."""
    word = text.strip()
    if is_id("run", word):
        return Q(public_id=word)
    if _TRACE.fullmatch(word):
        return _of_trace(word)
    return Q(failure_code=word.upper()) if word else Q()


def _of_trace(prefix: str) -> Q:
    """Return the runs whose trace id begins so. Those that are not over stand in no index of trace ids, and are few."""
    begins = Q(trace_id__gte=prefix, trace_id__lt=prefix + _AFTER_EVERY_DIGIT)
    found = begins & Q(finished_at__isnull=False)
    for status in RunStatus:
        if status not in TERMINAL_STATUSES:
            found |= begins & Q(status=status, finished_at__isnull=True)
    return found
