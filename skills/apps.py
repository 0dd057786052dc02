"""The Django app `skills`: fills the registry once, when Django starts, and the price rows with what a release brings, after `migrate`."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate

from skills import plugins
from skills.registry import registry


class SkillsConfig(AppConfig):
    name = "skills"
    default_auto_field = "django.db.models.BigAutoField"
    quarantined: list[plugins.Quarantined] = []

    def ready(self) -> None:
        SkillsConfig.quarantined = plugins.load(registry, with_plugins=settings.WITH_PLUGINS, modules=settings.SKILL_MODULES)
        post_migrate.connect(take_over_prices, sender=self)


def take_over_prices(*, using: str, **told: Any) -> None:
    """Add the prices this release ships, once their table is there: it is not after a migration back to before it was."""
    from skills.services import has_prices, take_over_shipped_prices  # noqa: PLC0415 - rows can be imported when all apps are loaded

    if has_prices(using):
        take_over_shipped_prices(using)
