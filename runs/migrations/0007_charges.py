import django.db.models.deletion
from django.db import migrations, models

from agents.days import day_of

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


def set_trigger(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def drop_trigger(apps, schema_editor):
    for statement in NO_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else NO_SQLITE:
        schema_editor.execute(statement, params=None)


def carry_over(apps, schema_editor):
    """Charge what each run had spent before calls were charged: one row a run, which names no skill."""
    charge, run = apps.get_model("runs", "Charge"), apps.get_model("runs", "Run")
    spent = run.objects.filter(spent_micro_usd__gt=0).select_related("tenant", "agent").order_by("pk")
    batch = []
    for each in spent.iterator(chunk_size=2_000):
        at_ms = round((each.finished_at or each.created_at).timestamp() * 1_000)
        batch.append(
            charge(
                tenant=each.tenant,
                agent_public_id=each.agent.public_id,
                run_public_id=each.public_id,
                seq=each.last_seq,
                day=day_of(at_ms, each.tenant.time_zone),
                at_ms=at_ms,
                cost_micro_usd=each.spent_micro_usd,
                pricing_status="estimated",
            )
        )
        if len(batch) == 2_000:
            charge.objects.bulk_create(batch)
            batch = []
    charge.objects.bulk_create(batch)
    # PostgreSQL makes the indexes last, and none while checks are still due.
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0003_ledger_scopes'),
        ('runs', '0006_blocked_runs'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope_kind', models.CharField(max_length=8)),
                ('alerts', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('scope_kind',), name='one_alert_sum_per_kind')],
            },
        ),
        migrations.CreateModel(
            name='TallyMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=16)),
                ('up_to', models.BigIntegerField(default=0)),
                ('noted', models.BigIntegerField(default=0)),
                ('noted_at_ms', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('name',), name='one_mark_per_tally')],
            },
        ),
        migrations.CreateModel(
            name='BudgetAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run_public_id', models.CharField(help_text='The run whose spending did it.', max_length=40)),
                ('scope_kind', models.CharField(max_length=8)),
                ('scope', models.CharField(max_length=200)),
                ('spent_micro_usd', models.BigIntegerField()),
                ('limit_micro_usd', models.BigIntegerField()),
                ('at_ms', models.BigIntegerField()),
                ('tenant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', '-id'], name='alert_by_tenant')],
            },
        ),
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agent_public_id', models.CharField(max_length=40)),
                ('run_public_id', models.CharField(max_length=40)),
                ('seq', models.IntegerField()),
                ('step', models.CharField(blank=True, max_length=80)),
                ('attempt', models.IntegerField(default=0)),
                ('skill', models.CharField(blank=True, max_length=80)),
                ('skill_version', models.CharField(blank=True, max_length=32)),
                ('provider', models.CharField(blank=True, max_length=64)),
                ('model', models.CharField(blank=True, max_length=160)),
                ('day', models.DateField()),
                ('at_ms', models.BigIntegerField()),
                ('cost_micro_usd', models.BigIntegerField()),
                ('input_tokens', models.BigIntegerField(default=0)),
                ('output_tokens', models.BigIntegerField(default=0)),
                ('cache_read_tokens', models.BigIntegerField(default=0)),
                ('cache_write_tokens', models.BigIntegerField(default=0)),
                ('pricing_version', models.CharField(blank=True, max_length=160)),
                ('pricing_status', models.CharField(choices=[('priced', 'Priced'), ('unpriced', 'Unpriced'), ('estimated', 'Estimated')], default='priced', max_length=9)),
                ('waste', models.CharField(blank=True, choices=[('', 'none'), ('retry', 'Retry'), ('loop', 'Loop')], default='', max_length=5)),
                ('tenant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'day'], name='charge_by_day'), models.Index(fields=['tenant', 'agent_public_id', 'day'], name='charge_by_agent')],
                'constraints': [models.UniqueConstraint(fields=('run_public_id', 'seq', 'step'), name='one_charge_per_call')],
            },
        ),
        migrations.CreateModel(
            name='ChargeSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('agent_public_id', models.CharField(max_length=40)),
                ('skill', models.CharField(max_length=80)),
                ('model', models.CharField(max_length=160)),
                ('pricing_status', models.CharField(max_length=9)),
                ('waste', models.CharField(max_length=5)),
                ('calls', models.BigIntegerField()),
                ('cost_micro_usd', models.BigIntegerField()),
                ('input_tokens', models.BigIntegerField()),
                ('output_tokens', models.BigIntegerField()),
                ('cache_read_tokens', models.BigIntegerField()),
                ('cache_write_tokens', models.BigIntegerField()),
                ('tenant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'day', 'agent_public_id', 'skill', 'model', 'pricing_status', 'waste'), name='one_sum_per_kind')],
            },
        ),
        migrations.RunPython(set_trigger, drop_trigger),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
