"""Writes down how every entry stands that was made before versions were kept."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from catalog.entries import CREATED, EDITED, SEEDED, SEEDER, document_of


def keep_what_there_is(apps: Any, schema_editor: Any) -> None:
    versions = apps.get_model("catalog", "EntryVersion")
    rows = apps.get_model("catalog", "CatalogEntry").objects.filter(versions__isnull=True)
    versions.objects.bulk_create(
        versions(
            entry=row,
            version=row.version,
            action=EDITED if row.version > 1 else CREATED if row.tenant_id else SEEDED,
            document=document_of(row),
            by=SEEDER,
            reason="as it stood when AOS began to keep versions",
        )
        for row in rows
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_injected")]
    operations = [migrations.RunPython(keep_what_there_is, migrations.RunPython.noop)]
