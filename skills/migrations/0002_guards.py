"""Has the database itself refuse to change a price that was in force, or to date one back."""

from __future__ import annotations

from typing import Any

from django.db import migrations

# A price that has been in force is what charges are explained by: no row is changed, and none deleted. One of the operator
# begins today or later, days being those of UTC, and may be withdrawn while its day has not come.
# A migration that lets SQLite make the table anew (it does so to alter a column) must make these again.

STANDS = "prices_stand: a price is never changed, and withdrawn only before its day has come"
LATE = "price_not_backdated: what was charged stays charged, so a price begins today or later"

POSTGRESQL = (
    f"""
    CREATE FUNCTION skills_price_add() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.origin = 'operator' AND NEW.valid_from < (now() AT TIME ZONE 'UTC')::date THEN
            RAISE EXCEPTION '{LATE}' USING ERRCODE = 'check_violation', CONSTRAINT = 'price_not_backdated';
        END IF;
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE FUNCTION skills_price_keep() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
            AND OLD.valid_from > (now() AT TIME ZONE 'UTC')::date
            AND to_jsonb(NEW) - 'withdrawn_at' - 'withdrawn_by' = to_jsonb(OLD) - 'withdrawn_at' - 'withdrawn_by' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '{STANDS}' USING ERRCODE = 'check_violation', CONSTRAINT = 'prices_stand';
    END $$
    """,
    "CREATE TRIGGER price_add BEFORE INSERT ON skills_pricerow FOR EACH ROW EXECUTE FUNCTION skills_price_add()",
    "CREATE TRIGGER price_keep BEFORE UPDATE OR DELETE ON skills_pricerow FOR EACH ROW EXECUTE FUNCTION skills_price_keep()",
)

KEPT = (
    "id", "public_id", "provider", "model", "match", "valid_from", "tiers", "per_call_micro_usd", "version", "origin", "note",
    "created_by", "created_at",
)

SQLITE = (
    f"""
    CREATE TRIGGER price_add BEFORE INSERT ON skills_pricerow
    WHEN NEW.origin = 'operator' AND NEW.valid_from < date('now') BEGIN
        SELECT RAISE(ABORT, '{LATE}');
    END
    """,
    f"""
    CREATE TRIGGER price_keep BEFORE UPDATE ON skills_pricerow
    WHEN OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL OR OLD.valid_from IS NULL OR OLD.valid_from <= date('now')
        OR {" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)} BEGIN
        SELECT RAISE(ABORT, '{STANDS}');
    END
    """,
    # Not ABORT: SQLite has no TRUNCATE, and what empties a whole database deletes from its tables. The row stays.
    """
    CREATE TRIGGER price_stay BEFORE DELETE ON skills_pricerow BEGIN
        SELECT RAISE(IGNORE);
    END
    """,
)

NO_POSTGRESQL = (
    "DROP TRIGGER price_keep ON skills_pricerow",
    "DROP TRIGGER price_add ON skills_pricerow",
    "DROP FUNCTION skills_price_keep()",
    "DROP FUNCTION skills_price_add()",
)

NO_SQLITE = tuple(f"DROP TRIGGER {name}" for name in ("price_stay", "price_keep", "price_add"))


def set_triggers(apps: Any, schema_editor: Any) -> None:
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def drop_triggers(apps: Any, schema_editor: Any) -> None:
    for statement in NO_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else NO_SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("skills", "0001_initial")]
    operations = [migrations.RunPython(set_triggers, drop_triggers)]
