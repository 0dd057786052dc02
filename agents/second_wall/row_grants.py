"""What the role of a web process may do with each table: all that pages and routes need, and no more."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connection

READ, APPEND, ALL = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE, DELETE"

# What workers and jobs write, and pages show.
_READ_ALONE = {
    "runs.Session",
    "runs.LostHold",
    "runs.Charge",
    "runs.ChargeSum",
    "runs.AlertSum",
    "runs.TallyMark",
    "runs.LearningMark",
    "runs.SkillHistory",
    "runs.TraceMark",
    "runs.SentTrace",
    "runs.TenantQueue",
    "runs.StepSummary",
    "catalog.FailureSum",
    "contenttypes.ContentType",
    "auth.Permission",
    "django_q.Task",
    "django_q.Schedule",
}
# What is never changed, by anybody.
_APPENDED = {
    "runs.RunEvent",
    "agents.AuditEntry",
    "agents.LedgerEntry",
    "agents.PersonName",
    "catalog.EntryVersion",
    "catalog.RecoveryDecision",
}


def grants() -> dict[str, str]:
    """Return {table: privileges} of everything a web process touches."""
    found = {"django_migrations": READ}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            label = model._meta.label
            found[model._meta.db_table] = READ if label in _READ_ALONE else APPEND if label in _APPENDED else ALL
    return found


def grant_to(role: str) -> Iterator[str]:
    """Give a role exactly what a web process needs, taking back what it had beyond; yield each statement that was carried out."""
    name = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), current_database()")
        schema, database = map(connection.ops.quote_name, cursor.fetchone())
        statements = [
            f"GRANT CONNECT ON DATABASE {database} TO {name}",
            f"GRANT USAGE ON SCHEMA {schema} TO {name}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
            *(f"GRANT {privileges} ON {table} TO {name}" for table, privileges in sorted(grants().items())),
        ]
        for statement in statements:
            cursor.execute(statement)
            yield statement


def exists(role: str) -> bool:
    """Tell whether there is a role of this name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,))
        return cursor.fetchone() is not None


def faults_of(role: str) -> Iterator[str]:
    """Yield what makes a role one that the wall does not hold, or that cannot do its work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", (role,))
        found = cursor.fetchone()
        if found is None:
            yield f"there is no role {role}"
            return
        if found[0]:
            yield f"{role} is a superuser or has BYPASSRLS: no policy holds it"
        cursor.execute(_OWNED, (role,))
        owned = [table for (table,) in cursor.fetchall()]
        if owned:
            yield f"{role} can act as the owner of {', '.join(owned)}: no policy of theirs holds it"
        wanted = grants()
        cursor.execute(_LACKING, {"role": role, "tables": list(wanted), "privileges": list(wanted.values())})
        lacking = [table for (table,) in cursor.fetchall()]
        if lacking:
            yield f"{role} lacks what it needs of {', '.join(lacking)}: manage.py row_security --grant {role}"


_OWNED = """
    SELECT c.relname FROM pg_class c WHERE c.relrowsecurity AND c.relnamespace = current_schema()::regnamespace
        AND pg_has_role(%s, c.relowner, 'USAGE') ORDER BY 1
"""
_LACKING = """
    SELECT c.relname FROM unnest(%(tables)s::text[], %(privileges)s::text[]) wanted (relname, privileges) JOIN pg_class c USING (relname)
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND EXISTS (
        SELECT FROM regexp_split_to_table(wanted.privileges, ', ') each WHERE NOT has_table_privilege(%(role)s, c.oid, each)
    ) ORDER BY 1
"""
