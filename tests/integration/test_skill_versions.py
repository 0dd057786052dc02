"""Which skill versions an installation has run with."""

from __future__ import annotations

import pytest

from skills.models import SkillVersion
from skills.registry import registry
from skills.services import record_versions

pytestmark = pytest.mark.django_db


def test_it_notes_each_version_once() -> None:
    assert record_versions(registry) == len(registry.names())
    assert record_versions(registry) == 0
    assert set(SkillVersion.objects.values_list("name", flat=True)) == set(registry.names())


def test_it_keeps_both_where_metadata_changed_under_the_same_number() -> None:
    record_versions(registry)
    SkillVersion.objects.filter(name="http_call").update(digest="0" * 64)
    assert record_versions(registry) == 1
    assert SkillVersion.objects.filter(name="http_call").count() == 2
