"""The Django apps of the site: `aos_site` itself (settings, the HTTP edge, the console's frame), and the admin as it is here."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


class SiteConfig(AppConfig):
    name = "aos_site"

    def ready(self) -> None:
        from aos_site import checks  # noqa: F401,PLC0415 - they register themselves, once apps are loaded


class ConsoleConfig(SimpleAdminConfig):
    """Django's admin, whose pages come with the addresses of the site: to load them takes as long as all else, and workers have none."""

    def ready(self) -> None:
        register(check_dependencies, Tags.admin)
        register(check_pages, Tags.admin)


def check_pages(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check the pages of the console as Django does, once they are there."""
    import_module(settings.ROOT_URLCONF)
    found: list[CheckMessage] = check_admin_app(app_configs, **kwargs)
    return found
