"""The journal in SQL: events and decisions as rows, what stands in their JSON as columns, on PostgreSQL and on SQLite.

An event is `e` everywhere. JSON leaves out what has its default (runs/shell/codec.py), so each column here says its own.
"""

from __future__ import annotations

_TEXTS = {"step": "", "action_hash": "", "status": "succeeded", "answer": ""}
_NUMBERS = {"attempt": ("attempt", 1), "worst": ("worst_micro_usd", 0), "cost": ("cost_micro_usd", 0)}


def events_of(vendor: str, runs: str, *, few: bool) -> str:
    """Return the events `e` of the runs in a table, for a FROM: the source of everything below.

    Of few runs the database shall read the journals one by one. Left alone it would search the text of all events there
    are, which takes the longer the more there are that need not be looked at.
    """
    if not few:
        return f"{runs} c JOIN runs_runevent e ON e.run_id = c.id"
    return {
        "postgresql": f"{runs} c CROSS JOIN LATERAL (SELECT * FROM runs_runevent j WHERE j.run_id = c.id OFFSET 0) e",
        "sqlite": f"(SELECT * FROM runs_runevent WHERE run_id IN (SELECT id FROM {runs})) e",
    }[vendor]


def all_of(events: str) -> str:
    """Return the events as a table."""
    return f"(SELECT e.* FROM {events})"


def counted(vendor: str, events: str) -> str:
    """Return the events that changed something as a table. One the machine ignored has that as its only decision."""
    path = {"postgresql": "decisions.0.kind", "sqlite": "decisions[0].kind"}[vendor]
    is_ignored = f"{_has_text(vendor, _written('ignore'))} AND COALESCE({_at(vendor, _document(vendor), path)}, '') = 'ignore'"
    return f"(SELECT e.* FROM {events} WHERE NOT ({is_ignored}))"


def decisions(vendor: str, events: str, kind: str) -> str:
    """Return the decisions of one kind as a table: run_id, seq, step, attempt, and what else they may carry."""
    texts = [f"COALESCE({_at(vendor, 'd.value', name)}, '{default}') AS {name}" for name, default in _TEXTS.items()]
    numbers = [f"COALESCE({_integer(_at(vendor, 'd.value', path))}, {default}) AS {name}" for name, (path, default) in _NUMBERS.items()]
    each = {
        "postgresql": f"CROSS JOIN LATERAL jsonb_array_elements({_document(vendor)} -> 'decisions') AS d (value)",
        "sqlite": "JOIN json_each(e.data, '$.decisions') AS d",
    }[vendor]
    return (
        f"(SELECT e.run_id, e.seq, {', '.join(texts + numbers)} FROM {events} {each}"
        f" WHERE {_has_text(vendor, _written(kind))} AND {_at(vendor, 'd.value', 'kind')} = '{kind}')"
    )


def text(vendor: str, name: str) -> str:
    """Return a text of the event's fact, empty where it has none."""
    return f"COALESCE({_at(vendor, _document(vendor), 'fact.' + name)}, '')"


def flag(vendor: str, name: str) -> str:
    """Return whether something in the event's fact is true: 1 in SQLite, a word in PostgreSQL."""
    return f"({text(vendor, name)} IN ('true', '1'))"


def number(vendor: str, name: str) -> str:
    """Return a number of the event's fact, NULL where it has none."""
    return _integer(_at(vendor, _document(vendor), "fact." + name))


def number_if_named(vendor: str, name: str) -> str:
    """Return a number of the event's fact, 0 where it has none; made for facts of which most have none."""
    return f"(CASE WHEN {_has_text(vendor, _quoted(name))} THEN COALESCE({number(vendor, name)}, 0) ELSE 0 END)"


def _written(kind: str) -> str:
    return f'"kind":"{kind}"'


def _quoted(name: str) -> str:
    return f'"{name}":'


def _has_text(vendor: str, wanted: str) -> str:
    """Return whether the event's text holds a text: asked first, it costs a tenth of reading the JSON, and settles most events."""
    find = {"postgresql": "strpos", "sqlite": "instr"}[vendor]
    return f"{find}(e.data, '{wanted}') > 0"


def _document(vendor: str) -> str:
    """Return the event's JSON. PostgreSQL takes no NUL in it, not even escaped, and results of calls may hold one."""
    return {"postgresql": r"replace(e.data, '\u0000', '\ufffd')::jsonb", "sqlite": "e.data"}[vendor]


def _at(vendor: str, document: str, path: str) -> str:
    """Return what stands at a dotted path of a document, as text, NULL where nothing does."""
    return {
        "postgresql": f"({document} #>> '{{{path.replace('.', ',')}}}')",
        "sqlite": f"CAST(json_extract({document}, '$.{path}') AS TEXT)",
    }[vendor]


def _integer(value: str) -> str:
    return f"CAST({value} AS BIGINT)"
