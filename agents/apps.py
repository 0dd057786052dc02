"""The Django app `agents`: puts the wall between tenants into the database after `migrate`, and closes it as each request begins."""

from django.apps import AppConfig
from django.core.signals import request_started
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class AgentsConfig(AppConfig):
    name = "agents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from agents.second_wall import row_policies, walls  # noqa: PLC0415 - there are no models before Django is ready

        post_migrate.connect(row_policies.raise_walls, sender=self)
        request_started.connect(walls.forget)
        connection_created.connect(walls.close_new)
