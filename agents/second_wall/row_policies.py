"""What the second wall says of each table: made from the models, and put into PostgreSQL after every `migrate`.

A table's rows belong to the tenant in its `tenant` column, else to that of the row it hangs on (a run's, a scope's). So a new table is
behind the wall with the migration that makes it; one whose tenant cannot be seen by that stands in BY_HAND, and one that
is no tenant's in OPEN, with the reason. `manage.py row_security --check` finds what stands in none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connections, transaction
from django.db.models import ForeignKey, Model

from agents.second_wall.walls import EVERYTHING, SETTING
from skills.canonical import digest

APPS = ("skills", "agents", "sign_in", "catalog", "runs")
POLICY = "aos_wall"
READ_POLICY = "aos_wall_read"

OPEN: dict[str, str] = {
    "skills.SkillVersion": "skills are the installation's",
    "skills.PriceRow": "prices are the installation's",
    "sign_in.AttemptWindow": "counts logins before anybody is known, by hashes",
    "agents.PersonName": "people are the installation's; in which tenants one is, their memberships say",
    "catalog.FailureSum": "counts of all tenants together, of kinds of failures alone",
    "runs.Session": "workers are the installation's",
    "runs.AlertSum": "counts of all tenants together",
    "runs.DeliverySum": "counts of all tenants together",
    "runs.LearningMark": "how far a job of the installation has come",
    "runs.TallyMark": "how far a job of the installation has come",
    "runs.TraceMark": "how far a job of the installation has come",
}
"""Tables that hold nothing of a tenant, and why."""

_TOLD = f"current_setting('{SETTING}', true)"
_ALL = f"{_TOLD} = '{EVERYTHING}'"
_NOBODY = f"coalesce({_TOLD}, '') = ''"
# An empty text, and the one for everything, are no list of numbers; the planner may try them before it looks at what stands in front.
_IDS = f"string_to_array(nullif(nullif({_TOLD}, '{EVERYTHING}'), ''), ',')"


def _mine(column: str) -> str:
    return f"({_ALL} OR {column} = ANY ({_IDS}::bigint[]))"


class Wall(NamedTuple):
    """What a policy says of a table's rows: who may do all with one, and who may read it besides; `columns` is what it goes by."""

    table: str
    columns: tuple[str, ...]
    using: str
    check: str
    read: str = ""
    functions: tuple[str, ...] = ()

    @property
    def statements(self) -> list[str]:
        """Return what puts the policies in place of those that may be there."""
        made = [
            *self.functions,
            f"ALTER TABLE {self.table} ENABLE ROW LEVEL SECURITY",
            *(f"DROP POLICY IF EXISTS {name} ON {self.table}" for name in (POLICY, READ_POLICY)),
            f"CREATE POLICY {POLICY} ON {self.table} USING ({self.using}) WITH CHECK ({self.check})",
        ]
        return made + ([f"CREATE POLICY {READ_POLICY} ON {self.table} FOR SELECT USING ({self.read})"] if self.read else [])


def _of_tenant(model: type[Model]) -> Wall:
    field = next(field for field in model._meta.concrete_fields if field.name == "tenant")
    column = str(field.column)
    mine = _mine(column)
    # What is nobody's is everybody's to read, and nobody's to write but who sees all.
    return Wall(model._meta.db_table, (column,), mine, mine, f"{column} IS NULL" if field.null else "")


def _at_the_door(model: type[Model], column: str) -> Wall:
    """Return the wall of what tells who asks: readable as long as nobody is known, and from then on like any other."""
    return Wall(model._meta.db_table, (column,), _mine(column), _mine(column), _NOBODY)


def _of_chain(model: type[Model]) -> Wall:
    table, column = model._meta.db_table, "key"
    mine = f"({_ALL} OR {table}.{column} LIKE 'tenant:%' AND substr({table}.{column}, 8) = ANY ({_IDS}))"
    return Wall(table, (column,), mine, mine)


def _through(model: type[Model], column: str, parent: type[Model]) -> Wall:
    """Return the wall of rows that hang on others: they are seen by who sees those, since the wall stands around the question as well."""
    table, of = model._meta.db_table, parent._meta.db_table
    found = f"SELECT FROM {of} parent WHERE parent.id = {table}.{column}"
    above = wall_of(parent)
    assert above is not None, f"{of} is behind the wall"
    if "tenant_id IS NULL" not in above.read:
        return Wall(table, (column,), f"EXISTS ({found})", f"aos_sees_{of}({column})", "", (_function(of, "true"),))
    own = _mine("parent.tenant_id")
    shared = f"EXISTS ({found} AND parent.tenant_id IS NULL)"
    return Wall(table, (column,), f"EXISTS ({found} AND {own})", f"aos_sees_{of}({column})", shared, (_function(of, own),))


def _written_with_parent(wall: Wall) -> Wall:
    """Let one statement write a row and the one it hangs on, and return it: what it has just written, the statement does not see, but
    a volatile function does. Nobody asks the function about rows that are seen without it."""
    return wall._replace(using=f"{wall.using} OR {wall.check}")


def _function(of: str, only: str) -> str:
    """Return what makes the function that says whether a row may hang on another one."""
    return f"""CREATE OR REPLACE FUNCTION aos_sees_{of}(wanted bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
        BEGIN RETURN EXISTS (SELECT FROM {of} parent WHERE parent.id = wanted AND {only}); END $$"""


def _by_hand(label: str, model: type[Model]) -> Wall | None:
    match label:
        case "agents.Tenant":
            return _at_the_door(model, "id")
        case "agents.ApiKey" | "agents.Membership" | "agents.ServiceAccount":
            return _at_the_door(model, "tenant_id")
        case "agents.AuditChain":
            return _of_chain(model)
        # They name their run by its number alone.
        case "runs.LostHold" | "runs.SentTrace":
            return _through(model, "run_id", apps.get_model("runs", "Run"))
        case "runs.RunEvent":
            return _written_with_parent(_through(model, "run_id", apps.get_model("runs", "Run")))
    return None


def wall_of(model: type[Model]) -> Wall | None:
    """Return the wall of a model's table, None where nothing tells whose its rows are."""
    by_hand = _by_hand(model._meta.label, model)
    if by_hand is not None or model._meta.label in OPEN:
        return by_hand
    relations = [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
    if any(field.name == "tenant" for field in relations):
        return _of_tenant(model)
    for field in relations:
        parent = field.related_model
        if not field.null and parent is not model and parent._meta.app_label in APPS and wall_of(parent) is not None:
            return _through(model, field.column, parent)
    return None


def models_of_ours() -> Iterator[type[Model]]:
    """Yield the models of AOS, proxies and what has no table left out."""
    for label in APPS:
        yield from (model for model in apps.get_app_config(label).get_models() if model._meta.managed and not model._meta.proxy)


def undecided() -> list[str]:
    """Return the models of which nobody has said whether they are behind the wall."""
    return sorted(model._meta.label for model in models_of_ours() if wall_of(model) is None and model._meta.label not in OPEN)


# Names alone are compared with what the database has: it keeps policies in words of its own, so each has a hash of ours beside it.
_STANDING = """
    SELECT c.relname, CASE WHEN c.relrowsecurity THEN obj_description(p.oid, 'pg_policy') END,
        ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
    FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = %s
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY (%s)
"""


def missing(using: str = "default") -> list[Wall]:
    """Return the walls that do not stand as they should, of tables that are there."""
    walls = {wall.table: wall for wall in map(wall_of, models_of_ours()) if wall is not None}
    with connections[using].cursor() as cursor:
        cursor.execute(_STANDING, (POLICY, list(walls)))
        standing = cursor.fetchall()
    # After a migration back to before a column was, there is nothing to go by.
    there = [(walls[table], says) for table, says, columns in standing if set(walls[table].columns) <= set(columns)]
    return [wall for wall, says in there if says != digest(wall.statements)]


def raise_walls(*, using: str, **told: Any) -> None:
    """Put all policies in place, after `migrate`. Who owns the tables is not subject to them."""
    if connections[using].vendor != "postgresql":
        return
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        for wall in missing(using):
            for statement in wall.statements:
                cursor.execute(statement)
            cursor.execute(f"COMMENT ON POLICY {POLICY} ON {wall.table} IS '{digest(wall.statements)}'")
