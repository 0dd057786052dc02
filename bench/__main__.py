"""`python -m bench [--quick] [--only W1 W5] [--json FILE]`: starts the command with the settings it needs."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "bench.settings",
    "AOS_SKILL_MODULES": "bench.skills",
    "AOS_PLUGINS": "false",
    "AOS_LOG_LEVEL": "WARNING",
}

if __name__ == "__main__":
    os.environ.update(SETTINGS)
    execute_from_command_line(["manage.py", "bench", *sys.argv[1:]])
