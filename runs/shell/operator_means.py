"""What the operator adds to a call and no tenant may set: endpoints and keys of model providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from skills.base import Skill
from skills.ports import SecretsPort

_PREFIX = "operator:"


@dataclass(frozen=True)
class OperatorSecrets:
    """A tenant's secrets, and beside them the operator's under names no plan can write (they hold a colon)."""

    tenant: SecretsPort

    def reveal(self, name: str) -> str:
        """Return a secret. Raises KeyError."""
        if name.startswith(_PREFIX):
            return str(settings.LLM_PROVIDERS[name.removeprefix(_PREFIX)]["api_key"])
        return self.tenant.reveal(name)


def with_operator_means(skill: Skill | None, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a skill's configuration with the operator's fields taken from the settings, whatever the profile says."""
    if skill is None or not skill.operator_config:
        return dict(config)
    own = {key: value for key, value in config.items() if key not in skill.operator_config}
    provider = settings.LLM_PROVIDERS.get(str(own.get("provider")), {})
    if provider.get("base_url"):
        own["base_url"] = provider["base_url"]
    if provider.get("api_key"):
        own["api_key_secret"] = _PREFIX + str(own["provider"])
    return own
