"""A database migrated once for all processes of a test run: the one that hands out the tests makes it, the others begin with a copy.

To migrate takes each process longer than a hundred tests do. A copy is migrated too, which does nothing where nothing is missing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.db import connection


class Template:
    """The database that is copied; nobody can copy it before it is made."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="aos-template-"))
        self.name = str(self.folder / "template.sqlite3")
        if connection.vendor == "postgresql":
            self.name = f"test_{connection.settings_dict['NAME']}_{os.getpid()}_template"
        self._lock = _lock_of(self.folder)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._made = False

    def make(self) -> None:
        """Migrate it, and let the others have it."""
        own = connection.settings_dict["NAME"]
        connection.settings_dict["TEST"]["NAME"] = self.name
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        connection.close()
        connection.settings_dict["NAME"] = settings.DATABASES[connection.alias]["NAME"] = own
        self._made = True
        (self.folder / "name").write_text(self.name)
        self._lock.close()

    def remove(self) -> None:
        if self._made:
            connection.creation._destroy_test_db(self.name, verbosity=0)  # type: ignore[attr-defined]
        self._lock.close()
        shutil.rmtree(self.folder)


def copy_into(chosen: dict[str, Any], folder: Path) -> None:
    """Wait until the database of this folder is made, and have Django make its test database of these settings as a copy of it."""
    with _lock_of(folder) as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
    name = (folder / "name").read_text()
    if chosen["ENGINE"].endswith("sqlite3"):
        shutil.copyfile(name, chosen["TEST"]["NAME"])
    else:
        chosen["TEST"]["TEMPLATE"] = name


def _lock_of(folder: Path) -> TextIO:
    return (folder / "lock").open("a")
