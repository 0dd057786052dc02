"""The Django app `skills`: fills the registry once, when Django starts."""

from django.apps import AppConfig
from django.conf import settings

from skills import plugins
from skills.registry import registry


class SkillsConfig(AppConfig):
    name = "skills"
    default_auto_field = "django.db.models.BigAutoField"
    quarantined: list[plugins.Quarantined] = []

    def ready(self) -> None:
        SkillsConfig.quarantined = plugins.load(registry, with_plugins=settings.WITH_PLUGINS, modules=settings.SKILL_MODULES)
