"""The Django app `runs`."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "runs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Ring the bell when somebody freezes or lifts: a worker must not go on by what it knew. Let skills be described with
        what runs have shown of them."""
        from agents.freezes import on_change  # noqa: PLC0415 - rows exist only from here on
        from runs.history.reading import measured_of  # noqa: PLC0415
        from runs.shell.bell import ring  # noqa: PLC0415
        from skills.selectors import measure_by  # noqa: PLC0415

        on_change(ring)
        measure_by(measured_of)
