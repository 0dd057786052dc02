"""`python -m bench [--quick] [--only W1 W5] [--json FILE]`: starts the command with the settings it needs."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from bench.environment import ENVIRONMENT

if __name__ == "__main__":
    os.environ.update(ENVIRONMENT, DJANGO_SETTINGS_MODULE="bench.settings")
    execute_from_command_line(["manage.py", "bench", *sys.argv[1:]])
