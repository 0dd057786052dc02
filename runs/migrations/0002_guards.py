"""Tells the database what models cannot say of runs: that charges stand, who numbers events, how the table of runs is read."""

from __future__ import annotations

from typing import Any

from django.db import migrations

# A charge is never changed. It is never deleted either, which SQLite is not told: it has no TRUNCATE, and what empties a
# whole database deletes.
# A migration that lets SQLite make the table anew (it does so to alter a column) must make the trigger again.
POSTGRESQL = (
    """
    CREATE FUNCTION runs_charge_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'charges are never changed or deleted' USING ERRCODE = 'check_violation', CONSTRAINT = 'charges_stand';
    END $$
    """,
    "CREATE TRIGGER charge_refuse BEFORE UPDATE OR DELETE ON runs_charge FOR EACH ROW EXECUTE FUNCTION runs_charge_refuse()",
)
NO_POSTGRESQL = ("DROP TRIGGER charge_refuse ON runs_charge", "DROP FUNCTION runs_charge_refuse()")
SQLITE = (
    """
    CREATE TRIGGER charge_refuse BEFORE UPDATE ON runs_charge BEGIN
        SELECT RAISE(ABORT, 'charges_stand: charges are never changed');
    END
    """,
)
NO_SQLITE = ("DROP TRIGGER charge_refuse",)


def set_trigger(apps: Any, schema_editor: Any) -> None:
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def drop_trigger(apps: Any, schema_editor: Any) -> None:
    for statement in NO_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else NO_SQLITE:
        schema_editor.execute(statement, params=None)


def number_by_transaction(apps: Any, schema_editor: Any) -> None:
    """PostgreSQL alone has several writers at a time, and says itself which transaction writes a row."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE runs_outbox ALTER COLUMN tx SET DEFAULT (pg_current_xact_id()::text::bigint)")


def tune(apps: Any, schema_editor: Any) -> None:
    """Tell PostgreSQL what it cannot know of the table of runs.

    Room is left in its pages for the next version of a run, so that a change that touches no index rewrites none. And
    agents are many, whatever the last look at the table said: a plan that filters the runs of a tenant by agent would be
    kept when one of them has a hundred thousand queued.
    """
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE runs_run SET (fillfactor = 85)")
        schema_editor.execute("ALTER TABLE runs_run ALTER COLUMN agent_id SET (n_distinct = -0.05)")


def untune(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE runs_run RESET (fillfactor)")
        schema_editor.execute("ALTER TABLE runs_run ALTER COLUMN agent_id RESET (n_distinct)")


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]
    operations = [
        migrations.RunPython(set_trigger, drop_trigger),
        migrations.RunPython(number_by_transaction, migrations.RunPython.noop),
        migrations.RunPython(tune, untune),
    ]
