"""The Django app `aos_site`: settings, the HTTP edge, the console's frame."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "aos_site"

    def ready(self) -> None:
        from aos_site import checks, openapi  # noqa: F401,PLC0415 - register themselves, once apps are loaded
