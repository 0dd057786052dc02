"""`manage.py work`: executes runs on this host until it is told to stop."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core import checks

from runs.housekeeping.schedules import keep_schedules
from runs.management import exits
from runs.management.base import RuntimeCommand, refuse_blind
from runs.shell.processes.cluster import run_cluster
from runs.shell.processes.supervision import Supervisor
from skills.registry import registry
from skills.services import record_versions

CHECKS = ("queue", "database", "catalog", "worker")


class Command(RuntimeCommand):
    help = "Executes runs until SIGTERM or Ctrl-C: what is under way is finished or handed back within the grace, on a second one at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, help="Worker processes; one of them is kept free for schedules (AOS_WORKERS).")
        parser.add_argument("--capacity", type=int, help="Runs one process drives at once (AOS_WORK_CAPACITY).")

    def respond(self, options: dict[str, Any]) -> int:
        choose(options["processes"], options["capacity"])
        faults = [found for found in checks.run_checks(tags=CHECKS, include_deployment_checks=True) if found.is_serious()]
        for fault in faults:
            self.notes.line(f"error[{fault.id}]: {fault.msg}", "red")
        if faults:
            return exits.USAGE
        refuse_blind()
        record_versions(registry)
        keep_schedules()
        return Supervisor(run_cluster).run()


def choose(processes: int | None, capacity: int | None) -> None:
    """Have the options of the command line stand in the settings, where the processes of the cluster find them."""
    if processes is not None:
        settings.WORKERS = processes
        settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": processes, "queue_limit": processes}
    if capacity is not None:
        settings.WORK_CAPACITY = capacity
