"""The Django app `agents`: raises the wall between tenants after `migrate`, closes it as a request begins, keeps people's names theirs."""

from django.apps import AppConfig
from django.core.signals import request_started
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, post_save, pre_save


class AgentsConfig(AppConfig):
    name = "agents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.models import User  # noqa: PLC0415 - there are no models before Django is ready

        from agents import person_names  # noqa: PLC0415
        from agents.access.accounts import narrow_keys  # noqa: PLC0415
        from agents.models import Membership  # noqa: PLC0415
        from agents.second_wall import row_policies, walls  # noqa: PLC0415

        post_migrate.connect(row_policies.raise_walls, sender=self)
        request_started.connect(walls.forget)
        connection_created.connect(walls.close_new)
        pre_save.connect(person_names.before_save, sender=User)
        post_save.connect(person_names.after_save, sender=User)
        post_save.connect(narrow_keys, sender=Membership)
