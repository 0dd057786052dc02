"""`manage.py work`: executes runs on this host until it is told to stop."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from runs.shell.supervision import Supervisor, run_cluster
from skills.registry import registry
from skills.services import record_versions


class Command(BaseCommand):
    help = "Executes runs: a supervised django-q2 cluster. SIGTERM finishes or hands back within the grace; a second one at once."
    requires_system_checks = "__all__"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, help="Worker processes; one of them is kept free for schedules (AOS_WORKERS).")
        parser.add_argument("--capacity", type=int, help="Runs one process drives at once (AOS_WORK_CAPACITY).")
        parser.add_argument("--cluster", action="store_true", help="The supervised cluster itself; started by the supervisor.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster"]:
            sys.exit(run_cluster())
        record_versions(registry)
        # The cluster reads its settings when it starts, so the choice travels as environment.
        if options["processes"]:
            os.environ["AOS_WORKERS"] = str(options["processes"])
        if options["capacity"]:
            os.environ["AOS_WORK_CAPACITY"] = str(options["capacity"])
        sys.exit(Supervisor([sys.executable, sys.argv[0], "work", "--cluster"]).run())
