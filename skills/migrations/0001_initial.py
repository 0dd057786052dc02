"""The tables of skills: skills as they were seen, and prices."""

import skills.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='SkillVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64)),
                ('version', models.CharField(max_length=32)),
                ('digest', models.CharField(max_length=64)),
                ('metadata', models.JSONField()),
                ('first_seen_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('name', '-first_seen_at'),
                'constraints': [models.UniqueConstraint(fields=('name', 'version', 'digest'), name='one_row_per_skill_digest')],
            },
        ),
        migrations.CreateModel(
            name='PriceRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=skills.models.new_price_id, editable=False, max_length=36, unique=True)),
                ('provider', models.CharField(max_length=32)),
                ('model', models.CharField(max_length=128)),
                ('match', models.JSONField()),
                ('valid_from', models.DateField(null=True)),
                ('tiers', models.JSONField(default=list)),
                ('per_call_micro_usd', models.BigIntegerField(null=True)),
                ('version', models.CharField(max_length=160, unique=True)),
                ('origin', models.CharField(choices=[('shipped', 'Shipped'), ('operator', 'Operator')], max_length=8)),
                ('note', models.CharField(blank=True, default='', max_length=500)),
                ('created_by', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('withdrawn_by', models.CharField(blank=True, default='', max_length=200)),
                ('withdrawn_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ('id',),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('per_call_micro_usd__gte', 0), ('provider', 'skill')), models.Q(models.Q(('provider', 'skill'), _negated=True), ('per_call_micro_usd', None)), _connector='OR'), name='price_by_call_or_token'), models.CheckConstraint(condition=models.Q(('origin', 'shipped'), ('valid_from__isnull', False), _connector='OR'), name='price_has_its_day')],
            },
        ),
    ]
