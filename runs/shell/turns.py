"""Whose turn it is, as SQL: tenants by stride, then runs by rank, within the limits of tenants and agents.

    tenants with queued runs → their room, and how far each has come → who is served now → runs on offer → the chosen

A tenant's n-th run of a claim comes at `pass + n · stride`, and the greater its weight the shorter its stride: what
comes first is chosen. Room is counted from the rows of running runs, so no counter can drift. However many tenants and
agents have work, a claim looks at a window of them, in the order of their ids, and the next goes on where it ended.

Both databases are asked the same. They differ in how the runs of each tenant are looked up (LATERAL, or IN) and in
what must be locked: on SQLite only one claims at a time. Parameters: `session`, `limit`, and `after`, the tenant the
window begins after.
"""

from __future__ import annotations

from dataclasses import dataclass

STRIDE = 1_000_000
"""How far a run moves a tenant of weight 1 on."""
CREDIT = 8
"""So many turns a tenant may be ahead that comes back: what it did not ask for meanwhile is not saved up."""
WINDOW = 64
"""How many tenants, and agents of a tenant, a claim looks at."""
SERVED = 32
"""How many of those tenants it takes runs from, at most."""
NO_PLACE = -1
"""Stands for the pass of a tenant that has no row in the round yet."""


@dataclass(frozen=True)
class Dialect:
    """How a database says what the two say differently.

    `held` are the tenants served, locked, with the pass they have by then: others that claim from them wait there.
    """

    greatest: str
    least: str
    lock_lease: str
    held: str
    runs_of_tenant: str
    runs_of_agent: str


_OF_TENANT = "q.status = 'queued' AND q.tenant_id = s.id ORDER BY q.rank_ms, q.id"
_OF_AGENT = "q.status = 'queued' AND q.tenant_id = s.id AND q.agent_id = a.agent_id ORDER BY q.rank_ms, q.id"

POSTGRESQL = Dialect(
    greatest="GREATEST",
    least="LEAST",
    lock_lease="FOR SHARE",
    held="""
        SELECT tenant_id, stride_pass FROM runs_tenantqueue WHERE tenant_id IN (SELECT id FROM served) ORDER BY tenant_id FOR UPDATE""",
    runs_of_tenant=f"""
    CROSS JOIN LATERAL (
        SELECT q.* FROM runs_run q WHERE {_OF_TENANT} LIMIT LEAST(%(limit)s, s.share) FOR UPDATE SKIP LOCKED
    ) r""",
    runs_of_agent=f"""
    CROSS JOIN LATERAL (
        SELECT q.* FROM runs_run q WHERE {_OF_AGENT} LIMIT LEAST(%(limit)s, s.share, a.room) FOR UPDATE SKIP LOCKED
    ) r""",
)
SQLITE = Dialect(
    greatest="max",
    least="min",
    lock_lease="",
    held="SELECT id AS tenant_id, seen AS stride_pass FROM served",
    runs_of_tenant=f"CROSS JOIN runs_run r ON r.id IN (SELECT q.id FROM runs_run q WHERE {_OF_TENANT} LIMIT %(limit)s)",
    runs_of_agent=f"CROSS JOIN runs_run r ON r.id IN (SELECT q.id FROM runs_run q WHERE {_OF_AGENT} LIMIT %(limit)s)",
)

AGENT_LIMITS = "SELECT 1 FROM agents_agent a WHERE a.tenant_id = t.id AND a.max_concurrent_runs IS NOT NULL"


def plain(dialect: Dialect) -> str:
    """Return the named queries of a claim where one tenant alone has work and no limit: `chosen`, and the `verdict`."""
    return f"""
WITH RECURSIVE ends AS (
    SELECT {_next_tenant("%(after)s")} AS first_id,
        (SELECT r.tenant_id FROM runs_run r WHERE r.status = 'queued'
            ORDER BY r.tenant_id DESC, r.rank_ms DESC, r.id DESC LIMIT 1) AS last_id
), alone AS (
    SELECT t.id, %(limit)s AS share FROM ends JOIN agents_tenant t ON t.id = ends.first_id
    WHERE ends.first_id = ends.last_id AND t.max_concurrent_runs IS NULL AND NOT EXISTS ({AGENT_LIMITS})
), lease AS (
    SELECT id FROM runs_session WHERE id = %(session)s AND state = 'live' AND EXISTS (SELECT 1 FROM alone) {dialect.lock_lease}
), chosen AS (
    SELECT s.id AS tenant_id, r.id, r.started_at FROM lease CROSS JOIN alone s {dialect.runs_of_tenant}
), verdict AS (
    SELECT 0 AS next_after, NOT EXISTS (SELECT 1 FROM alone) AND ends.last_id IS NOT NULL AS is_shared, CASE
        WHEN ends.last_id IS NULL THEN 'taken'
        WHEN NOT EXISTS (SELECT 1 FROM alone) THEN 'shared'
        WHEN NOT EXISTS (SELECT 1 FROM lease) THEN 'fenced'
        ELSE 'taken' END AS verdict
    FROM ends
)"""


def shared(dialect: Dialect) -> str:
    """Return the named queries of a claim among several tenants, or within limits: `chosen`, `next`, and the `verdict`.

    `next` is where the tenants claimed from stand afterwards.
    """
    return ", ".join((_tenants(dialect), _AGENTS, _served(dialect), _chosen(dialect), _VERDICT))


def _tenants(dialect: Dialect) -> str:
    """The tenants in the window, how far each has come, and how many more of its runs may be worked on."""
    return f"""
WITH RECURSIVE ring (tenant_id, place) AS (
    SELECT {_next_tenant("%(after)s")}, 1
    UNION ALL
    SELECT {_next_tenant("ring.tenant_id")}, ring.place + 1 FROM ring WHERE ring.tenant_id IS NOT NULL AND ring.place < {WINDOW}
), looked AS (
    SELECT count(tenant_id) AS tenants, max(tenant_id) AS last_id, (SELECT max(stride_pass) FROM runs_tenantqueue) AS furthest FROM ring
), lease AS (
    SELECT id FROM runs_session WHERE id = %(session)s AND state = 'live' AND EXISTS (SELECT 1 FROM looked WHERE tenants > 0)
    {dialect.lock_lease}
), tenant AS (
    SELECT t.id, t.weight, COALESCE(q.stride_pass, {NO_PLACE}) AS seen, COALESCE(q.after_agent_id, 0) AS after_agent_id,
        {dialect.greatest}(COALESCE(q.stride_pass, 0), COALESCE(looked.furthest, 0) - {CREDIT * STRIDE} / t.weight) AS pass,
        {_room("t.max_concurrent_runs", "r.tenant_id = t.id")} AS room,
        EXISTS ({AGENT_LIMITS}) AS by_agent
    FROM ring CROSS JOIN looked CROSS JOIN lease
    JOIN agents_tenant t ON t.id = ring.tenant_id LEFT JOIN runs_tenantqueue q ON q.tenant_id = t.id
)"""


def _served(dialect: Dialect) -> str:
    """Who is furthest behind and has room.

    `standing` are those of them nobody else has claimed from since they were looked at, as far as it matters: room that
    was counted before another claim is no longer there. Every claim moves the pass of whom it takes from.
    """
    return f"""
ready AS (
    SELECT t.*, {STRIDE} / t.weight AS stride, COALESCE(agents.next_agent_id, 0) AS next_agent_id
    FROM tenant t LEFT JOIN agents ON agents.tenant_id = t.id
    WHERE (t.room > 0 OR t.room IS NULL)
        AND (NOT t.by_agent OR agents.with_room > 0 OR t.after_agent_id <> COALESCE(agents.next_agent_id, 0))
), served AS (
    SELECT r.*, sum(r.weight) OVER () AS weights
    FROM (SELECT * FROM ready ORDER BY pass, id LIMIT {dialect.least}({SERVED}, %(limit)s)) r
), held AS (
    {dialect.held}
), standing AS (
    SELECT s.*, (2 * %(limit)s * s.weight + s.weights - 1) / s.weights AS share FROM served s JOIN held ON held.tenant_id = s.id
    WHERE held.stride_pass = s.seen OR (s.room IS NULL AND NOT s.by_agent)
)"""


def _chosen(dialect: Dialect) -> str:
    """The runs on offer, those that are taken, and where that leaves their tenants.

    More than twice its share of a claim nobody is offered; rows are locked for what is on offer.
    """
    return f"""
offered AS (
    SELECT s.id AS tenant_id, s.pass, s.stride, s.room, r.id, r.rank_ms, r.started_at FROM standing s {dialect.runs_of_tenant}
    WHERE NOT s.by_agent
    UNION ALL
    SELECT tenant_id, pass, stride, room, id, rank_ms, started_at FROM (
        SELECT s.id AS tenant_id, s.pass, s.stride, s.room, r.id, r.rank_ms, r.started_at, a.room AS agent_room,
            row_number() OVER (PARTITION BY a.agent_id ORDER BY r.rank_ms, r.id) AS place
        FROM standing s JOIN agent a ON a.tenant_id = s.id {dialect.runs_of_agent}
        WHERE s.by_agent AND (a.room > 0 OR a.room IS NULL)
    ) of_agents WHERE agent_room IS NULL OR place <= agent_room
), chosen AS (
    SELECT tenant_id, id, started_at FROM (
        SELECT o.*, row_number() OVER (PARTITION BY o.tenant_id ORDER BY o.rank_ms, o.id) AS turn FROM offered o
    ) in_turn WHERE room IS NULL OR turn <= room
    ORDER BY pass + turn * stride, rank_ms, id LIMIT %(limit)s
), next AS (
    SELECT s.id AS tenant_id, s.next_agent_id,
        s.pass + s.stride * (SELECT count(*) FROM chosen WHERE chosen.tenant_id = s.id) AS stride_pass
    FROM standing s WHERE s.after_agent_id <> s.next_agent_id OR s.id IN (SELECT tenant_id FROM chosen)
)"""


# Ordered like the whole index of queued runs: asked for less, SQLite would rather walk a longer one of all runs.


def _next_tenant(after: str) -> str:
    return (
        f"(SELECT r.tenant_id FROM runs_run r WHERE r.status = 'queued' AND r.tenant_id > {after}"
        " ORDER BY r.tenant_id, r.rank_ms, r.id LIMIT 1)"
    )


def _next_agent(tenant: str, after: str) -> str:
    return (
        f"(SELECT r.agent_id FROM runs_run r WHERE r.status = 'queued' AND r.tenant_id = {tenant} AND r.agent_id > {after}"
        " ORDER BY r.agent_id, r.rank_ms, r.id LIMIT 1)"
    )


def _room(limit: str, of: str) -> str:
    """Return how many more may run, null where there is no limit, which costs no count."""
    return f"CASE WHEN {limit} IS NOT NULL THEN {limit} - (SELECT count(*) FROM runs_run r WHERE r.status = 'running' AND {of}) END"


_AGENTS = f"""
lane (tenant_id, agent_id, place) AS (
    SELECT t.id, {_next_agent("t.id", "t.after_agent_id")}, 1 FROM tenant t WHERE t.by_agent AND (t.room > 0 OR t.room IS NULL)
    UNION ALL
    SELECT lane.tenant_id, {_next_agent("lane.tenant_id", "lane.agent_id")}, lane.place + 1
    FROM lane WHERE lane.agent_id IS NOT NULL AND lane.place < {WINDOW}
), agent AS (
    SELECT lane.tenant_id, lane.agent_id,
        {_room("a.max_concurrent_runs", "r.tenant_id = lane.tenant_id AND r.agent_id = lane.agent_id")} AS room
    FROM lane JOIN agents_agent a ON a.id = lane.agent_id
), agents AS (
    SELECT tenant_id, CASE WHEN count(*) < {WINDOW} THEN 0 ELSE max(agent_id) END AS next_agent_id,
        sum(CASE WHEN room <= 0 THEN 0 ELSE 1 END) AS with_room
    FROM agent GROUP BY tenant_id
)"""
"""The agents with queued runs of tenants that limit one of their agents, and how many more runs of each may be worked on."""

_VERDICT = f"""
verdict AS (
    SELECT CASE WHEN looked.tenants < {WINDOW} THEN 0 ELSE looked.last_id END AS next_after,
        looked.tenants > 1 OR %(after)s > 0 OR EXISTS (SELECT 1 FROM tenant WHERE room IS NOT NULL OR by_agent) AS is_shared, CASE
        WHEN looked.tenants = 0 THEN CASE WHEN %(after)s = 0 THEN 'taken' ELSE 'again' END
        WHEN NOT EXISTS (SELECT 1 FROM lease) THEN 'fenced'
        WHEN EXISTS (SELECT 1 FROM served WHERE seen = {NO_PLACE}) THEN 'unopened'
        WHEN (SELECT count(*) FROM chosen) >= %(limit)s THEN 'taken'
        WHEN looked.tenants = {WINDOW} OR %(after)s > 0 THEN 'again'
        WHEN (SELECT count(*) FROM ready) > (SELECT count(*) FROM standing) THEN 'again'
        WHEN EXISTS (SELECT 1 FROM standing s WHERE s.next_agent_id <> s.after_agent_id OR (s.room IS NULL OR s.room > s.share)
            AND s.share <= (SELECT count(*) FROM offered o WHERE o.tenant_id = s.id)) THEN 'again'
        ELSE 'taken' END AS verdict
    FROM looked
)"""
"""Whether the claim took as much as it may, or another look is worth while: 'again' where somebody else claimed from the
same tenants, where there are more than were served, or where one had more to offer than its share."""
