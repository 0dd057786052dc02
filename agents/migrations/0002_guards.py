"""Has the database itself keep the ledger's sums and refuse what would change the past: triggers of ledger and audit log."""

from __future__ import annotations

from typing import Any

from django.db import migrations

# The sums of a scope are what its entries say: nobody else writes them. Of the entries none is changed, and none deleted
# while its scope is there; they go with it. What is drawn is refused here a second time where it passes the limit, or
# says that it was held to another.
# A migration that lets SQLite make one of the two tables anew (it does so to alter a column) must make these again.

MOVE = """
    UPDATE agents_ledgerscope SET
        reserved_micro_usd = reserved_micro_usd
            + CASE NEW.kind WHEN 'reserve' THEN NEW.amount_micro_usd WHEN 'settle' THEN -NEW.amount_micro_usd
                WHEN 'release' THEN -NEW.amount_micro_usd ELSE 0 END,
        spent_micro_usd = spent_micro_usd + CASE WHEN NEW.kind IN ('settle', 'absorb') THEN NEW.amount_micro_usd ELSE 0 END,
        limit_micro_usd = CASE NEW.kind WHEN 'adjust' THEN NEW.limit_micro_usd
            WHEN 'top_up' THEN limit_micro_usd + NEW.amount_micro_usd ELSE limit_micro_usd END
    WHERE id = NEW.scope_id
"""

LEDGER_ON_POSTGRESQL = (
    f"""
    CREATE FUNCTION agents_ledger_move() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE held bigint; most bigint;
    BEGIN
        {MOVE} RETURNING reserved_micro_usd + spent_micro_usd, limit_micro_usd INTO held, most;
        IF NEW.kind = 'reserve' AND (held > most OR most IS DISTINCT FROM NEW.limit_micro_usd) THEN
            RAISE EXCEPTION 'scope % holds at most %, and this would make it %', NEW.scope_id, most, held
                USING ERRCODE = 'check_violation', CONSTRAINT = 'reserved_within_limit';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION agents_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT 1 FROM agents_ledgerscope WHERE id = OLD.scope_id) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'ledger entries are never changed or deleted' USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_stand';
    END $$
    """,
    """
    CREATE FUNCTION agents_ledger_forget() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM agents_ledgerentry WHERE scope_id = OLD.id;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER ledger_move AFTER INSERT ON agents_ledgerentry FOR EACH ROW EXECUTE FUNCTION agents_ledger_move()",
    "CREATE TRIGGER ledger_refuse BEFORE UPDATE OR DELETE ON agents_ledgerentry FOR EACH ROW EXECUTE FUNCTION agents_ledger_refuse()",
    "CREATE TRIGGER ledger_forget AFTER DELETE ON agents_ledgerscope FOR EACH ROW EXECUTE FUNCTION agents_ledger_forget()",
)

LEDGER_ON_SQLITE = (
    f"""
    CREATE TRIGGER ledger_move AFTER INSERT ON agents_ledgerentry BEGIN
        {MOVE};
        SELECT RAISE(ABORT, 'reserved_within_limit: a scope would hold more than its limit') FROM agents_ledgerscope
        WHERE id = NEW.scope_id AND NEW.kind = 'reserve'
            AND (reserved_micro_usd + spent_micro_usd > limit_micro_usd OR limit_micro_usd IS NOT NEW.limit_micro_usd);
    END
    """,
    """
    CREATE TRIGGER ledger_refuse BEFORE UPDATE ON agents_ledgerentry BEGIN
        SELECT RAISE(ABORT, 'entries_stand: ledger entries are never changed or deleted');
    END
    """,
    # Not ABORT: SQLite has no TRUNCATE, and what empties a whole database deletes from its tables in any order. The row
    # stays, until its scope goes.
    """
    CREATE TRIGGER ledger_keep BEFORE DELETE ON agents_ledgerentry
    WHEN EXISTS (SELECT 1 FROM agents_ledgerscope WHERE id = OLD.scope_id) BEGIN
        SELECT RAISE(IGNORE);
    END
    """,
    """
    CREATE TRIGGER ledger_forget AFTER DELETE ON agents_ledgerscope BEGIN
        DELETE FROM agents_ledgerentry WHERE scope_id = OLD.id;
    END
    """,
)

NO_LEDGER_ON_POSTGRESQL = (
    "DROP TRIGGER ledger_forget ON agents_ledgerscope",
    "DROP TRIGGER ledger_refuse ON agents_ledgerentry",
    "DROP TRIGGER ledger_move ON agents_ledgerentry",
    "DROP FUNCTION agents_ledger_forget()",
    "DROP FUNCTION agents_ledger_refuse()",
    "DROP FUNCTION agents_ledger_move()",
)

NO_LEDGER_ON_SQLITE = tuple(f"DROP TRIGGER {name}" for name in ("ledger_forget", "ledger_keep", "ledger_refuse", "ledger_move"))

# Entries are never changed or deleted, whoever asks. A whole database is emptied by TRUNCATE; where there is none, on SQLite, an
# entry stays until its chain goes.
AUDIT_ON_POSTGRESQL = (
    """
    CREATE FUNCTION agents_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'audit_stands: audit entries are never changed or deleted'; END $$
    """,
    "CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE ON agents_auditentry FOR EACH ROW EXECUTE FUNCTION agents_audit_refuse()",
)
AUDIT_ON_SQLITE = (
    """
    CREATE TRIGGER audit_refuse BEFORE UPDATE ON agents_auditentry BEGIN
        SELECT RAISE(ABORT, 'audit_stands: audit entries are never changed or deleted');
    END
    """,
    """
    CREATE TRIGGER audit_keep BEFORE DELETE ON agents_auditentry
    WHEN EXISTS (SELECT 1 FROM agents_auditchain WHERE id = OLD.chain_id) BEGIN
        SELECT RAISE(IGNORE);
    END
    """,
    """
    CREATE TRIGGER audit_forget AFTER DELETE ON agents_auditchain BEGIN
        DELETE FROM agents_auditentry WHERE chain_id = OLD.id;
    END
    """,
)
NO_AUDIT_ON_POSTGRESQL = ("DROP TRIGGER audit_refuse ON agents_auditentry", "DROP FUNCTION agents_audit_refuse()")
NO_AUDIT_ON_SQLITE = tuple(f"DROP TRIGGER {name}" for name in ("audit_forget", "audit_keep", "audit_refuse"))


def set_triggers(apps: Any, schema_editor: Any) -> None:
    for statement in LEDGER_ON_POSTGRESQL + AUDIT_ON_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else LEDGER_ON_SQLITE + AUDIT_ON_SQLITE:
        schema_editor.execute(statement, params=None)


def drop_triggers(apps: Any, schema_editor: Any) -> None:
    for statement in NO_AUDIT_ON_POSTGRESQL + NO_LEDGER_ON_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else NO_AUDIT_ON_SQLITE + NO_LEDGER_ON_SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial")]
    operations = [migrations.RunPython(set_triggers, drop_triggers)]
