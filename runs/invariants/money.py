"""What must be true of money at any instant: what runs spend, what scopes hold, what was drawn, what is given back.

A movement is in the scopes of its day and in those for good alike. So where only what happened since an instant is
looked at, the scopes of days are held against their entries, and those for good against the scopes of their days.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from runs.invariants.invariant import Invariant

SPENDING_ADDS_UP = Invariant(
    "spending_adds_up",
    "What a run has spent is what its calls cost; at no event was that more than its budget, bar calls beyond their worst case.",
    """
    WITH outcome AS (
        SELECT e.run_id, e.seq, CASE WHEN e.kind IN ('plan_proposed', 'plan_rejected') THEN '$plan' ELSE e.step END AS step,
            e.attempt, {cost} AS cost
        FROM {counted} e
        WHERE e.kind IN ('step_succeeded', 'step_failed', 'step_interrupted', 'plan_proposed', 'plan_rejected')
    ),
    taken_over AS (SELECT e.run_id, e.seq FROM {counted} e WHERE e.kind IN ('run_reclaimed', 'run_poisoned')),
    call AS (
        SELECT run_id, seq, step, attempt, worst FROM {decision[start]} d WHERE run_id IN (SELECT run_id FROM taken_over)
        UNION ALL
        SELECT d.run_id, d.seq, d.step, d.attempt, (
            SELECT {bound} FROM runs_runevent e
            WHERE e.run_id = d.run_id AND e.kind = 'cost_bounded' AND e.step = d.step AND e.seq <= d.seq ORDER BY e.seq DESC LIMIT 1)
        FROM {decision[call_planner]} d WHERE d.run_id IN (SELECT run_id FROM taken_over)
    ),
    -- A call that was lost with its worker, nobody knows at which cost, counts with its worst case.
    lost AS (
        SELECT a.run_id, min(t.seq) AS seq, a.worst
        FROM call a JOIN taken_over t ON t.run_id = a.run_id AND t.seq > a.seq
        LEFT JOIN outcome o ON o.run_id = a.run_id AND o.step = a.step AND o.attempt = a.attempt
        WHERE a.worst > 0 AND o.run_id IS NULL GROUP BY a.run_id, a.step, a.attempt, a.worst
    ),
    movement AS (
        SELECT run_id, seq, cost, 0 AS overrun, CAST(NULL AS BIGINT) AS budget FROM outcome WHERE cost > 0
        UNION ALL SELECT run_id, seq, worst, 0, CAST(NULL AS BIGINT) FROM lost
        UNION ALL SELECT run_id, seq, 0, cost - worst, CAST(NULL AS BIGINT) FROM {decision[overrun]} d
        UNION ALL SELECT e.run_id, e.seq, 0, 0, {first_limit} FROM {event} e
        WHERE e.kind = 'run_accepted' AND e.run_id IN (SELECT run_id FROM outcome WHERE cost > 0 UNION SELECT run_id FROM lost)
        UNION ALL SELECT e.run_id, e.seq, 0, 0, {limit} FROM {counted} e WHERE e.kind = 'topped_up'
    ),
    standing AS (
        SELECT run_id, seq, sum(cost) OVER so_far AS spent, sum(overrun) OVER so_far AS overrun, max(budget) OVER so_far AS budget
        FROM movement WINDOW so_far AS (PARTITION BY run_id ORDER BY seq)
    )
    SELECT DISTINCT c.public_id || ' had spent ' || p.spent || ' of ' || p.budget || ' at event ' || p.seq
    FROM standing p JOIN checked c ON c.id = p.run_id WHERE p.spent > p.budget + p.overrun
    UNION ALL
    SELECT c.public_id || ' spent ' || c.spent_micro_usd || ' by its row and ' || COALESCE(sum(m.cost), 0) || ' by its journal'
    FROM checked c LEFT JOIN movement m ON m.run_id = c.id AND m.seq <= c.last_seq
    GROUP BY c.id, c.public_id, c.spent_micro_usd HAVING c.spent_micro_usd <> COALESCE(sum(m.cost), 0)
    """,
)

CHARGES_ADD_UP = Invariant(
    "charges_add_up",
    "What a run has spent is what its calls were charged, each once; sums of charges are those of the charges they hold.",
    """
    SELECT c.public_id || ' spent ' || c.spent_micro_usd || ' by its row and ' || COALESCE(sum(h.cost_micro_usd), 0) || ' by its charges'
    FROM checked c LEFT JOIN runs_charge h ON h.run_public_id = c.public_id AND h.seq <= c.last_seq
    GROUP BY c.id, c.public_id, c.spent_micro_usd HAVING c.spent_micro_usd <> COALESCE(sum(h.cost_micro_usd), 0)
    UNION ALL
    SELECT t.public_id || ' was charged ' || COALESCE(h.cost, 0) || ' up to the mark, its sums say ' || COALESCE(s.cost, 0)
    FROM agents_tenant t
    LEFT JOIN (
        SELECT tenant_id, sum(cost_micro_usd) AS cost FROM runs_charge
        WHERE {all_time} AND id <= (SELECT up_to FROM runs_tallymark WHERE name = 'charges') GROUP BY tenant_id
    ) h ON h.tenant_id = t.id
    LEFT JOIN (SELECT tenant_id, sum(cost_micro_usd) AS cost FROM runs_chargesum GROUP BY tenant_id) s ON s.tenant_id = t.id
    WHERE {all_time} AND ({all_tenants} OR t.id IN ({tenants})) AND COALESCE(h.cost, 0) <> COALESCE(s.cost, 0)
    """,
)

SCOPES_ADD_UP = Invariant(
    "scopes_add_up",
    "What a scope has spent and reserved, and its limit, are what its ledger entries say; a total is the sum of its days.",
    """
    WITH {scopes},
    told AS (
        SELECT e.scope_id, sum({spent}) AS spent, sum({reserved}) AS reserved,
            max(CASE WHEN e.kind = 'adjust' THEN e.id END) AS adjust_id
        FROM chosen c JOIN agents_ledgerentry e ON e.scope_id = c.id GROUP BY e.scope_id
    ),
    capped AS (
        SELECT e.scope_id, e.limit_micro_usd + (
            SELECT COALESCE(sum(t.amount_micro_usd), 0) FROM agents_ledgerentry t
            WHERE t.scope_id = e.scope_id AND t.kind = 'top_up' AND t.id > e.id) AS most
        FROM told JOIN agents_ledgerentry e ON e.id = told.adjust_id
    ),
    dated AS (
        SELECT s.tenant_id, s.kind, s.key, sum(s.spent_micro_usd) AS spent, sum(s.reserved_micro_usd) AS reserved
        FROM agents_ledgerscope s WHERE {shared} AND s.day IS NOT NULL GROUP BY s.tenant_id, s.kind, s.key
    )
    SELECT c.label || ' has spent ' || c.spent_micro_usd || ' and reserved ' || c.reserved_micro_usd
        || ', its entries say ' || COALESCE(t.spent, 0) || ' and ' || COALESCE(t.reserved, 0)
    FROM chosen c LEFT JOIN told t ON t.scope_id = c.id
    WHERE c.spent_micro_usd <> COALESCE(t.spent, 0) OR c.reserved_micro_usd <> COALESCE(t.reserved, 0)
    UNION ALL
    SELECT c.label || ' is limited to ' || COALESCE(CAST(c.limit_micro_usd AS VARCHAR(20)), 'nothing')
        || ', its entries say ' || COALESCE(CAST(l.most AS VARCHAR(20)), 'nothing')
    FROM chosen c LEFT JOIN capped l ON l.scope_id = c.id WHERE COALESCE(c.limit_micro_usd, -1) <> COALESCE(l.most, -1)
    UNION ALL
    SELECT s.kind || ':' || s.key || ' has spent ' || s.spent_micro_usd || ' and reserved ' || s.reserved_micro_usd
        || ', its days ' || COALESCE(d.spent, 0) || ' and ' || COALESCE(d.reserved, 0)
    FROM agents_ledgerscope s LEFT JOIN dated d ON d.tenant_id = s.tenant_id AND d.kind = s.kind AND d.key = s.key
    WHERE {shared} AND s.day IS NULL
        AND (s.spent_micro_usd <> COALESCE(d.spent, 0) OR s.reserved_micro_usd <> COALESCE(d.reserved, 0))
    """,
)

CAPS_HOLD = Invariant(
    "caps_hold",
    "Nothing was ever reserved past a limit: no scope held more than its limit after it, with what it had spent.",
    """
    WITH {scopes},
    watched AS (
        SELECT id, label, reserved_micro_usd + spent_micro_usd AS held FROM chosen
        UNION
        SELECT s.id, {label}, s.reserved_micro_usd + s.spent_micro_usd FROM agents_ledgerscope s WHERE {shared} AND s.day IS NULL
    ),
    -- Of the scopes for good, what was moved since the first movement of a run that is looked at.
    first AS (
        SELECT CASE WHEN {all_time} THEN 0 ELSE COALESCE(min(e.id), 9223372036854775807) END AS id
        FROM chosen c JOIN agents_ledgerentry e ON e.scope_id = c.id
    ),
    standing AS (
        SELECT w.label, e.kind, e.limit_micro_usd AS most, e.reference,
            w.held - COALESCE(sum({reserved} + {spent}) OVER later, 0) AS held
        FROM watched w JOIN agents_ledgerentry e ON e.scope_id = w.id AND e.id >= (SELECT id FROM first)
        WINDOW later AS (PARTITION BY e.scope_id ORDER BY e.id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
    SELECT label || ' held ' || held || ' of ' || most || ' after ' || reference FROM standing WHERE kind = 'reserve' AND held > most
    """,
)

LOTS_AGREE = Invariant(
    "lots_agree",
    "What runs drew, and have of it, is in every scope once: in their own, their callers', and those of tenant, agent and model.",
    """
    WITH {scopes},
    called AS MATERIALIZED (
        SELECT parent_id, sum(reserved_micro_usd) AS reserved, sum(spent_micro_usd) AS spent
        FROM agents_ledgerscope WHERE parent_id IS NOT NULL GROUP BY parent_id
    ),
    run AS (
        SELECT c.label, c.reserved_micro_usd, c.spent_micro_usd, COALESCE(k.reserved, 0) + (
            SELECT COALESCE(sum(l.open_micro_usd), 0) FROM agents_ledgerlot l WHERE l.scope_id = c.id AND l.model = '') AS reserved,
            COALESCE(k.spent, 0) + (
            SELECT COALESCE(sum(l.spent_micro_usd), 0) FROM agents_ledgerlot l WHERE l.scope_id = c.id AND l.model = '') AS spent
        FROM chosen c LEFT JOIN called k ON k.parent_id = c.id WHERE c.kind = 'run'
    ),
    lot AS MATERIALIZED (
        SELECT s.tenant_id, l.day, l.model, sum(l.open_micro_usd) AS reserved, sum(l.spent_micro_usd) AS spent
        FROM agents_ledgerlot l JOIN agents_ledgerscope s ON s.id = l.scope_id
        WHERE ({all_tenants} OR s.tenant_id IN ({tenants})) AND l.{recent_day} GROUP BY s.tenant_id, l.day, l.model
    ),
    -- What all agents of a tenant have is what the tenant has; of a model it is what was drawn on it.
    agents AS MATERIALIZED (
        SELECT tenant_id, day, sum(reserved_micro_usd) AS reserved, sum(spent_micro_usd) AS spent
        FROM chosen WHERE kind = 'agent' AND day IS NOT NULL GROUP BY tenant_id, day
    ),
    day AS MATERIALIZED (
        SELECT c.*, CASE WHEN c.kind = 'model' THEN c.key ELSE '' END AS model FROM chosen c WHERE c.day IS NOT NULL AND c.kind <> 'agent'
    ),
    apart AS (
        SELECT label, reserved_micro_usd, spent_micro_usd, reserved, spent FROM run
        UNION ALL
        SELECT d.label, d.reserved_micro_usd, d.spent_micro_usd, COALESCE(l.reserved, 0), COALESCE(l.spent, 0)
        FROM day d LEFT JOIN lot l ON l.tenant_id = d.tenant_id AND l.day = d.day AND l.model = d.model
        UNION ALL
        SELECT 'agents of ' || d.label, COALESCE(a.reserved, 0), COALESCE(a.spent, 0), d.reserved_micro_usd, d.spent_micro_usd
        FROM day d LEFT JOIN agents a ON a.tenant_id = d.tenant_id AND a.day = d.day WHERE d.kind = 'tenant'
        UNION ALL
        SELECT 'a scope missing of tenant:' || t.public_id || '@' || CAST(l.day AS VARCHAR(10)), 0, 0, l.reserved, l.spent
        FROM lot l JOIN agents_tenant t ON t.id = l.tenant_id
        LEFT JOIN day d ON d.tenant_id = l.tenant_id AND d.day = l.day AND d.model = l.model WHERE d.id IS NULL
    )
    SELECT label || ' has spent ' || spent_micro_usd || ' and reserved ' || reserved_micro_usd
        || ', and it should be ' || spent || ' and ' || reserved
    FROM apart WHERE reserved_micro_usd <> reserved OR spent_micro_usd <> spent
    """,
)

ENDS_ARE_SETTLED = Invariant(
    "ends_are_settled",
    "A run that is over has settled all it spent itself and holds no money; what is held belongs to runs that go on, and to no other.",
    """
    WITH ended AS (
        SELECT c.public_id, c.spent_micro_usd,
            (SELECT COALESCE(sum(l.spent_micro_usd), 0) FROM agents_ledgerlot l WHERE l.scope_id = s.id AND l.model = '') AS settled,
            (SELECT COALESCE(sum(l.open_micro_usd), 0) FROM agents_ledgerlot l WHERE l.scope_id = s.id) AS held
        FROM checked c LEFT JOIN agents_ledgerscope s ON s.tenant_id = c.tenant_id AND s.kind = 'run' AND s.key = c.public_id
        WHERE c.status IN ({over})
    )
    SELECT public_id || ' is over and spent ' || spent_micro_usd || ', settled ' || settled || ', still holds ' || held
    FROM ended WHERE spent_micro_usd <> settled OR held <> 0
    UNION ALL
    SELECT s.key || ' has ' || s.reserved_micro_usd || ' reserved and there is no such run'
    FROM agents_ledgerscope s LEFT JOIN runs_run r ON r.public_id = s.key
    WHERE {all_tenants} AND s.kind = 'run' AND s.reserved_micro_usd <> 0 AND r.id IS NULL
    """,
)

_RESERVED = "CASE WHEN e.kind = 'reserve' THEN e.amount_micro_usd WHEN e.kind IN ('settle', 'release') THEN -e.amount_micro_usd ELSE 0 END"
_SPENT = "CASE WHEN e.kind IN ('settle', 'absorb') THEN e.amount_micro_usd ELSE 0 END"


def words_of(since: datetime | None, tenants: str, all_tenants: str) -> dict[str, str]:
    """Return the words of the queries about money: `scopes` makes `chosen`, those that are held against their entries.

    They are those of the runs that are looked at, those of recent days, and, where all of time is looked at, those for good.
    """
    # A day begins earlier or later elsewhere: two more hold all that was moved since, wherever that was.
    recent = "day IS NOT NULL" if since is None else f"day >= '{(since - timedelta(days=2)).date()}'"
    all_time = "1 = 1" if since is None else "1 = 0"
    shared = f"s.kind IN ('tenant', 'agent', 'model') AND ({all_tenants} OR s.tenant_id IN ({tenants}))"
    label = "s.kind || ':' || s.key || COALESCE('@' || CAST(s.day AS VARCHAR(10)), '') AS label"
    chosen = f"""chosen AS (
        SELECT s.*, {label} FROM checked c
        JOIN agents_ledgerscope s ON s.tenant_id = c.tenant_id AND s.kind = 'run' AND s.key = c.public_id
        UNION ALL SELECT s.*, {label} FROM agents_ledgerscope s WHERE {shared} AND s.{recent}
        UNION ALL SELECT s.*, {label} FROM agents_ledgerscope s WHERE {shared} AND s.day IS NULL AND {all_time}
    )"""  # noqa: S608 - constants
    moved = {"reserved": _RESERVED, "spent": _SPENT}
    return {"scopes": chosen, "label": label, "shared": shared, "recent_day": recent, "all_time": all_time, **moved}
