"""Console pages of skills: which versions this installation has seen, and what each says about itself."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from skills import admin_prices  # noqa: F401 - pages register themselves
from skills.console_base import ReadOnlyAdmin
from skills.models import SkillVersion
from skills.wording import duration, money


@admin.register(SkillVersion)
class SkillVersionAdmin(ReadOnlyAdmin):
    list_display = ("name", "version", "effect", "cost", "first_seen_at")
    search_fields = ("=name", "^digest")

    @display(description="Effect")
    def effect(self, row: SkillVersion) -> str:
        return str(row.metadata.get("effect", ""))

    @display(description="Worst case")
    def cost(self, row: SkillVersion) -> str:
        return money(row.metadata.get("cost_model", {}).get("worst_case_micro_usd"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        return self.page(request, "console/skill.html", row, {"aos_meta": row.metadata, **described(row.metadata)})


def described(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return what the describe page shows beside the raw metadata."""
    schemas = [(title, metadata.get(name)) for title, name in _SCHEMAS]
    return {
        "aos_facts": _facts(metadata),
        "aos_schemas": [(title, json.dumps(schema, indent=2, ensure_ascii=False)) for title, schema in schemas],
    }


_SCHEMAS = (("Parameters", "input_schema"), ("Result", "output_schema"), ("Configuration", "config_schema"))


def _facts(metadata: dict[str, Any]) -> list[tuple[str, str]]:
    limits, cost = metadata.get("constraints", {}), metadata.get("cost_model", {})
    return [
        ("Effect", str(metadata.get("effect", "")).replace("_", " ")),
        ("Stability", str(metadata.get("stability", ""))),
        ("Deterministic", "yes" if metadata.get("deterministic") else "no"),
        ("Time limit", duration(limits.get("timeout_ms"))),
        ("Calls at once", str(limits.get("max_concurrency") or "unlimited")),
        ("Worst case", money(cost.get("worst_case_micro_usd"))),
        ("Key", "of run, step and parameters" if metadata.get("key_strategy") == "run_step_params" else "none"),
        ("Probe", metadata.get("probe") or "none"),
        ("Undone by", metadata.get("reversible_by") or "nothing"),
        ("Digest", str(metadata.get("digest", ""))),
    ]
