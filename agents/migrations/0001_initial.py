"""The tables of agents: tenants, people and what they may, agents, keys, budgets and the ledger, the audit log."""

import agents.models.tenants
import datetime
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.fields.json
import django.db.models.functions.comparison
import functools
import skills.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Tenant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=functools.partial(skills.ids.new_id, *('ten',), **{}), editable=False, max_length=40, unique=True)),
                ('slug', models.SlugField(max_length=64, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('is_active', models.BooleanField(default=True)),
                ('max_queued_runs', models.PositiveIntegerField(default=10000, help_text='Submits beyond this many queued runs answer 429.')),
                ('max_concurrent_runs', models.PositiveIntegerField(blank=True, help_text='Runs beyond this many stay queued while so many are being worked on; empty is unlimited.', null=True)),
                ('requests_per_minute', models.PositiveIntegerField(blank=True, help_text='Requests to the API beyond this many a minute answer 429; empty is the default, 0 is unlimited.', null=True)),
                ('weight', models.PositiveSmallIntegerField(default=1, help_text='A tenant of weight 2 gets two turns for each of a tenant of weight 1 while both have queued runs.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)])),
                ('allow_faults', models.BooleanField(default=False, help_text='Whether runs of this tenant may have faults injected on purpose.')),
                ('time_zone', models.CharField(default='UTC', help_text='Where its days begin and end, as “Europe/Berlin”.', max_length=64, validators=[agents.models.tenants.refuse_unknown_zone])),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('slug',),
                'constraints': [models.CheckConstraint(condition=models.Q(('weight__gte', 1), ('weight__lte', 1000)), name='tenant_weight_in_range')],
            },
        ),
        migrations.CreateModel(
            name='ServiceAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=functools.partial(skills.ids.new_id, *('svc',), **{}), editable=False, max_length=40, unique=True)),
                ('tenant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='service_accounts', to='agents.tenant')),
                ('name', models.CharField(max_length=64)),
                ('description', models.CharField(blank=True, max_length=500)),
                ('role', models.CharField(max_length=16)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('tenant', 'name'), name='one_service_account_per_name')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=functools.partial(skills.ids.new_id, *('key',), **{}), editable=False, max_length=40, unique=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='agents.tenant')),
                ('name', models.CharField(max_length=100)),
                ('prefix', models.CharField(max_length=16, unique=True)),
                ('secret_hmac', models.CharField(max_length=64)),
                ('scopes', models.JSONField(default=list)),
                ('owner', models.CharField(blank=True, default='', help_text='Who made it, as the audit log names actors.', max_length=200)),
                ('service_account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='agents.serviceaccount')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ('-created_at',),
            },
        ),
        migrations.CreateModel(
            name='StoredAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tenant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agents.tenant')),
                ('key', models.CharField(help_text='A hash of who asked, the method and the route, and the key.', max_length=64)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField()),
                ('body', models.JSONField(null=True)),
                ('location', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'key'), name='one_answer_per_idempotency_key')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='agents.tenant')),
                ('role', models.CharField(choices=[('viewer', 'Viewer'), ('developer', 'Developer'), ('operator', 'Operator'), ('approver', 'Approver'), ('tenant_admin', 'Tenant Admin'), ('auditor', 'Auditor')], default='viewer', max_length=16)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'tenant'), name='one_membership_per_tenant')],
            },
        ),
        migrations.CreateModel(
            name='PersonName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=150, unique=True)),
                ('look', models.CharField(help_text='What it has in common with names that look like it.', max_length=200, unique=True)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='names', to=settings.AUTH_USER_MODEL)),
                ('since', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Agent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=functools.partial(skills.ids.new_id, *('agt',), **{}), editable=False, max_length=40, unique=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='agents', to='agents.tenant')),
                ('name', models.CharField(max_length=64, validators=[django.core.validators.RegexValidator('^[a-z0-9_-]{1,64}$')])),
                ('description', models.CharField(blank=True, max_length=2000)),
                ('status', models.CharField(choices=[('active', 'Active'), ('paused', 'Paused'), ('disabled', 'Disabled')], default='active', max_length=8)),
                ('owner', models.CharField(blank=True, default='', help_text='Whose it is, as the audit log names actors.', max_length=200)),
                ('profile', models.JSONField(default=dict)),
                ('max_concurrent_runs', models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Cast(django.db.models.functions.comparison.NullIf(django.db.models.fields.json.KeyTextTransform('max_concurrent_runs', 'profile'), models.Value('null')), models.IntegerField()), output_field=models.IntegerField(null=True))),
                ('version', models.PositiveIntegerField(default=1, help_text='Counts changes of the profile.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ('name',),
                'indexes': [models.Index(condition=models.Q(('max_concurrent_runs__isnull', False)), fields=['tenant'], name='agent_limited')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'name'), name='one_agent_per_name')],
            },
        ),
        migrations.CreateModel(
            name='AgentVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agent', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='agents.agent')),
                ('version', models.PositiveIntegerField()),
                ('profile', models.JSONField()),
                ('saved_by', models.CharField(max_length=200)),
                ('reason', models.CharField(blank=True, max_length=2000)),
                ('saved_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agent', 'version'), name='one_row_per_agent_version')],
            },
        ),
        migrations.CreateModel(
            name='AuditChain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text="The tenant's row id, or the platform.", max_length=64, unique=True)),
                ('last_seq', models.BigIntegerField(default=0)),
                ('head', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='agents.auditchain')),
                ('seq', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('actor', models.CharField(max_length=200)),
                ('via', models.CharField(help_text='api, console, command or worker.', max_length=16)),
                ('key_id', models.CharField(blank=True, max_length=40)),
                ('action', models.CharField(max_length=64)),
                ('target', models.CharField(blank=True, max_length=300)),
                ('before', models.TextField(blank=True)),
                ('after', models.TextField(blank=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('trace_id', models.CharField(blank=True, max_length=32)),
                ('prev', models.CharField(blank=True, max_length=64)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'ordering': ('-seq',),
                'indexes': [models.Index(fields=['chain', 'action', '-seq'], name='audit_by_action')],
                'constraints': [models.UniqueConstraint(fields=('chain', 'seq'), name='one_audit_entry_per_seq')],
            },
        ),
        migrations.CreateModel(
            name='BreakGlass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agents.tenant')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.CharField(max_length=500)),
                ('opened_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('pages', models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name='Freeze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=functools.partial(skills.ids.new_id, *('frz',), **{}), editable=False, max_length=40, unique=True)),
                ('tenant', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agents.tenant')),
                ('kind', models.CharField(choices=[('tenant', 'Tenant'), ('agent', 'Agent'), ('skill', 'Skill')], max_length=6)),
                ('key', models.CharField(max_length=64)),
                ('reason', models.CharField(max_length=500)),
                ('frozen_by', models.CharField(max_length=200)),
                ('frozen_at', models.DateTimeField(auto_now_add=True)),
                ('lifted_because', models.CharField(blank=True, max_length=500)),
                ('lifted_by', models.CharField(blank=True, max_length=200)),
                ('lifted_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ('-frozen_at',),
                'constraints': [models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('tenant', models.Value(0)), models.F('kind'), models.F('key'), condition=models.Q(('lifted_at', None)), name='one_live_freeze'), models.CheckConstraint(condition=models.Q(('kind', 'skill'), ('tenant__isnull', False), _connector='OR'), name='freeze_of_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('lifted_at', None), ('lifted_by', '')), models.Q(('lifted_at__isnull', False), models.Q(('lifted_by', ''), _negated=True)), _connector='OR'), name='freeze_lifted_by_somebody')],
            },
        ),
        migrations.CreateModel(
            name='RateWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agents.tenant')),
                ('scope', models.CharField(max_length=400)),
                ('calls', models.TextField(default='[]')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'scope'), name='one_window_per_scope')],
            },
        ),
        migrations.CreateModel(
            name='LedgerScope',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agents.tenant')),
                ('kind', models.CharField(choices=[('tenant', 'Tenant'), ('agent', 'Agent'), ('model', 'Model'), ('run', 'Run')], max_length=8)),
                ('key', models.CharField(max_length=160)),
                ('day', models.DateField(null=True)),
                ('parent', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agents.ledgerscope')),
                ('limit_micro_usd', models.BigIntegerField(null=True)),
                ('reserved_micro_usd', models.BigIntegerField(default=0)),
                ('spent_micro_usd', models.BigIntegerField(default=0)),
                ('alerted_limit_micro_usd', models.BigIntegerField(null=True)),
                ('is_closed', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('parent__isnull', False)), fields=['parent'], name='called_runs'), models.Index(condition=models.Q(('kind__in', ('tenant', 'agent', 'model'))), fields=['tenant', 'day'], name='shared_scopes')],
                'constraints': [models.UniqueConstraint(models.F('tenant'), models.F('kind'), models.F('key'), django.db.models.functions.comparison.Coalesce('day', models.Value(datetime.date(1, 1, 1))), name='one_scope_per_key'), models.CheckConstraint(condition=models.Q(('reserved_micro_usd__gte', 0), ('spent_micro_usd__gte', 0)), name='scope_sums_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='entries', to='agents.ledgerscope')),
                ('kind', models.CharField(choices=[('reserve', 'Reserve'), ('settle', 'Settle'), ('release', 'Release'), ('absorb', 'Absorb'), ('top_up', 'Top Up'), ('adjust', 'Adjust')], max_length=8)),
                ('amount_micro_usd', models.BigIntegerField()),
                ('limit_micro_usd', models.BigIntegerField(null=True)),
                ('reference', models.CharField(max_length=160)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name_plural': 'ledger entries',
                'indexes': [models.Index(fields=['scope', 'id'], name='agents_ledg_scope_i_ecf021_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'top_up')), fields=('scope', 'reference'), name='one_top_up_per_reference'), models.CheckConstraint(condition=models.Q(('kind', 'adjust'), ('amount_micro_usd__gt', 0), _connector='OR'), name='entry_moves_something'), models.CheckConstraint(condition=models.Q(('kind__in', ('adjust', 'reserve')), ('limit_micro_usd__isnull', True), _connector='OR'), name='entry_says_its_limit')],
            },
        ),
        migrations.CreateModel(
            name='LedgerLot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lots', to='agents.ledgerscope')),
                ('reference', models.CharField(max_length=100)),
                ('model', models.CharField(blank=True, default='', max_length=160)),
                ('day', models.DateField()),
                ('amount_micro_usd', models.BigIntegerField()),
                ('open_micro_usd', models.BigIntegerField()),
                ('spent_micro_usd', models.BigIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='lot_by_day')],
                'constraints': [models.UniqueConstraint(fields=('scope', 'reference', 'model'), name='one_lot_per_draw'), models.CheckConstraint(condition=models.Q(('open_micro_usd__gte', 0), ('spent_micro_usd__gte', 0), ('amount_micro_usd__gte', django.db.models.expressions.CombinedExpression(models.F('open_micro_usd'), '+', models.F('spent_micro_usd')))), name='lot_adds_up')],
            },
        ),
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agents.tenant')),
                ('kind', models.CharField(choices=[('tenant', 'Tenant'), ('agent', 'Agent'), ('model', 'Model')], max_length=8)),
                ('key', models.CharField(max_length=160)),
                ('period', models.CharField(choices=[('total', 'Total'), ('day', 'Day')], max_length=5)),
                ('limit_micro_usd', models.BigIntegerField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ('kind', 'key', 'period'),
                'constraints': [models.UniqueConstraint(fields=('tenant', 'kind', 'key', 'period'), name='one_budget_per_scope'), models.CheckConstraint(condition=models.Q(('limit_micro_usd__gte', 0)), name='budget_not_negative')],
            },
        ),
    ]
