#!/usr/bin/env python
"""Runs a management command of AOS."""

import gc
import os
import sys

try:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
except ModuleNotFoundError:
    sys.exit("error: what AOS needs is not installed for this Python. Run 'make setup', then use .venv/bin/python manage.py")

if __name__ == "__main__":
    # What is imported stays: to look through it for garbage at every 700th object costs a seventh of the start.
    gc.set_threshold(50_000, 20, 20)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aos_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        # Commands that have something to end or to say do so themselves; the others just stop.
        sys.stderr.write("interrupted\n")
        sys.exit(130)
