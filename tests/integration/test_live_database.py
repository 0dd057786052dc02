"""The test harness: real processes reach the test database, on SQLite as on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys

import environ
import pytest
from django.db import connection

from tests.conftest import PROJECT, url_of

COUNT = "import django; django.setup(); from django.contrib.auth.models import User; print(User.objects.count())"


@pytest.mark.slow
def test_it_shows_committed_rows_to_another_process(live_environment: dict[str, str], django_user_model: type) -> None:
    django_user_model.objects.create_user("alice")
    done = subprocess.run([sys.executable, "-c", COUNT], cwd=PROJECT, env=live_environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr


@pytest.mark.django_db
def test_it_is_a_database_of_this_process_only() -> None:
    name = str(connection.settings_dict["NAME"])
    assert "test" in name
    assert name not in (str(PROJECT / "var/test.sqlite3"), "test_postgres")


POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "NAME": "n", "USER": "u"}


@pytest.mark.parametrize(
    "database",
    [
        pytest.param({"ENGINE": "django.db.backends.sqlite3", "NAME": "/a b/c+d.sqlite3"}, id="sqlite-path-with-signs"),
        pytest.param({**POSTGRESQL, "PASSWORD": "", "HOST": "/var/run/socket", "PORT": ""}, id="unix-socket"),
        pytest.param({**POSTGRESQL, "PASSWORD": "a:b@c/d", "HOST": "db", "PORT": 5433}, id="password"),
    ],
)
def test_it_writes_urls_settings_read_back(database: dict[str, object]) -> None:
    read = environ.Env.db_url_config(url_of(database))
    assert {key: read[key] for key in database} == database
