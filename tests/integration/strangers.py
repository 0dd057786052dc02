"""Rows of every table for one tenant, made from the models alone, and a role that owns no table: what the second wall is tried with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from typing import Any

import psycopg
from django.db import connection, models
from django.utils import timezone

from agents.models import AuditChain, Tenant
from agents.second_wall import row_policies
from runs.models import Run

ROLE = f"aos_web_{os.getpid()}"
_numbers = count(1)


@contextmanager
def a_role() -> Iterator[str]:
    """Make a role that may log in and owns nothing, while the block lasts."""
    password = connection.settings_dict["PASSWORD"] or "unused"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD %s", (password,))
    try:
        yield ROLE
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {ROLE}")
            cursor.execute(f"DROP ROLE {ROLE}")


def connected_as(role: str) -> psycopg.Connection[Any]:
    """Return a connection of this role to the test's database."""
    params = {**connection.get_connection_params(), "user": role}
    wanted = ("dbname", "user", "password", "host", "port")
    return psycopg.connect(**{name: params[name] for name in wanted if name in params}, autocommit=True)


def rows_of(tenant: Tenant) -> dict[type[models.Model], models.Model]:
    """Make a row of every table that is behind the wall, and hang them all on this tenant."""
    made: dict[type[models.Model], models.Model] = {Tenant: tenant}
    for model in row_policies.models_of_ours():
        if row_policies.wall_of(model) is not None:
            _row(model, tenant, made)
    return made


def _row(model: type[models.Model], tenant: Tenant, made: dict[type[models.Model], models.Model]) -> models.Model:
    if model not in made:
        row = model(**{field.attname: _value(field, tenant, made) for field in model._meta.concrete_fields if _is_to_be_told(field)})
        row.save(force_insert=True)
        made[model] = row
    return made[model]


def _is_to_be_told(field: models.Field[Any, Any]) -> bool:
    if field.generated or isinstance(field, models.AutoField | models.CompositePrimaryKey):
        return False
    return field.name in ("tenant", "status") or not (field.null or field.blank or field.has_default() or field.has_db_default())


def _value(field: models.Field[Any, Any], tenant: Tenant, made: dict[type[models.Model], models.Model]) -> Any:
    if field.model is AuditChain and field.name == "key":
        return f"tenant:{tenant.pk}"
    if isinstance(field, models.ForeignKey):
        return _row(field.related_model, tenant, made).pk
    if field.name == "run_id":
        return _row(Run, tenant, made).pk
    if field.choices:
        # The last one: a run that is over nobody takes up.
        return field.choices[-1][0]
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.DateField):
        return date(2026, 1, 1)
    if isinstance(field, models.JSONField):
        return {}
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.CharField):
        return f"{tenant.slug}-{next(_numbers)}"[: field.max_length]
    return "{}" if isinstance(field, models.TextField) else b"" if isinstance(field, models.BinaryField) else 1
