"""What every test may ask for: a test database in a file of its own, and the environment real processes need."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, connections
from django.test import TestCase, TransactionTestCase
from hypothesis import HealthCheck, settings
from pytest_django.plugin import blocking_manager_key

from agents import audit
from tests import emptying
from tests.phases import PHASES, Phase, is_left_out
from tests.template import Template, copy_into

# Machines that test are shared and slow by turns: a slow example is no finding, a wrong one is.
settings.register_profile("aos", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("aos")

# To read the tests leaves no garbage to speak of, and to look for some goes through all that was read, again and again.
gc.disable()

# A shell that starts this run in the background has it ignore Ctrl-C, and what is ignored is inherited by the real
# processes whose answer to Ctrl-C is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)

PROJECT = Path(__file__).resolve().parent.parent
CONSOLE = PROJECT / "tests" / "console"
DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_reset_sequences", "live_server", "admin_user"})


LONGEST = (
    "test_services_machine.py",
    "test_ledger_machine.py",
    "test_accessibility.py",
    "test_simulation.py",
    "test_journeys.py",
    "test_ledger_crowd.py",
    "test_shell_supervision.py",
    "test_demo.py",
    "test_dev.py",
    "test_js_sdk.py",
    "test_front_door_crowds.py",
    "test_keys_in_a_browser.py",
    "test_runs_and_circuits.py",
    "test_poison.py",
    "test_crash_after_effect.py",
    "test_quickstart.py",
    "test_break_glass.py",
    "test_bench_console.py",
    "test_broken_postgresql.py",
    "test_event_streams.py",
)
"""Files with tests of ten seconds and more, longest first: they begin so, that no process is alone with one of them at the end."""


TEMPLATE = pytest.StashKey[Template]()
PHASE = pytest.StashKey[Phase]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--phase", choices=sorted({name for name, _ in PHASES}), help="Which part of `make test` to run (tests/phases.py).")


def pytest_configure(config: pytest.Config) -> None:
    name = config.getoption("phase")
    if name is not None:
        phase = config.stash[PHASE] = PHASES[name, connection.vendor]
        config.option.markexpr = phase.marks


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if PHASE in config.stash and is_left_out(config.stash[PHASE], collection_path) else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process that will be handed tests where the database is that it begins with a copy of."""
    if TEMPLATE not in node.config.stash:
        node.config.stash[TEMPLATE] = Template()
    node.workerinput["template"] = str(node.config.stash[TEMPLATE].folder)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Make that database while the other processes read the tests."""
    if TEMPLATE in session.config.stash:
        with session.config.stash[blocking_manager_key].unblock():
            session.config.stash[TEMPLATE].make()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if TEMPLATE in config.stash:
        with config.stash[blocking_manager_key].unblock():
            config.stash[TEMPLATE].remove()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the database, so that only that runs again on the second database; what uses none comes first, after
    what takes longest.

    The console's tests are together on one database, those of its pure views too.
    """
    for item in items:
        if uses_database(item) or CONSOLE in item.path.parents:
            item.add_marker("database")
        if item.get_closest_marker("acceptance"):
            item.add_marker("slow")
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (places.get(item.path.name, len(places)), item.get_closest_marker("database") is not None))


def pytest_collection_finish() -> None:
    """Search for garbage again, but not in what was collected: it is most of what a process holds, and stays to its end."""
    gc.freeze()
    gc.enable()


def uses_database(item: pytest.Item) -> bool:
    """Tell whether a test reads or writes the database, by its marks and fixtures."""
    if item.get_closest_marker("django_db") is not None:
        return True
    if issubclass(getattr(item, "cls", None) or object, TransactionTestCase):
        return True
    return not DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Tell whether Django begins with the database it finds: a SQLite file, which lies in a folder that pytest removes."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each test process a database of its own, so that runs beside each other on one checkout do not meet."""
    for each in connections.all():
        chosen = each.settings_dict
        if each.vendor == "sqlite":
            # A file, not :memory:, because worker threads and processes have connections of their own.
            chosen["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        else:
            chosen["TEST"]["NAME"] = f"test_{chosen['NAME']}_{os.getpid()}"
        if hasattr(request.config, "workerinput"):
            copy_into(chosen, Path(request.config.workerinput["template"]))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Take note of the new database, so that tests which commit are cleaned up after quickly; see off who still uses it at the end."""
    with django_db_blocker.unblock():
        emptying.remember("default")
    emptying.take_the_place_of_flush()
    keep_connection()
    yield
    with django_db_blocker.unblock():
        emptying.see_off("default")
        connection.close()


def keep_connection() -> None:
    """Let tests that roll back use one connection after each other: a new one reads the catalog of PostgreSQL anew, table by table."""

    def rolled_back(cls: Any) -> None:
        cls._rollback_atomics(cls.cls_atomics)
        super(TestCase, cls).tearDownClass()

    setattr(TestCase, "tearDownClass", classmethod(rolled_back))  # noqa: B010 - Django's own, which closes it


@pytest.fixture(autouse=True)
def nobody_acts() -> None:
    """Let no test act as whom another came in as: Django's test client leaves in this thread who made its last request."""
    audit.act_as(audit.NOBODY.name, via=audit.NOBODY.via, trace_id="")


@pytest.fixture
def live_database_url(transactional_db: None) -> str:
    """Return the URL by which real processes reach the test database; what they must see has to be committed."""
    return url_of(connection.settings_dict)


@pytest.fixture
def live_environment(live_database_url: str, tmp_path: Path) -> dict[str, str]:
    """Return the environment to start `manage.py …` with, so that it works on the test database."""
    return {
        **os.environ,
        "DATABASE_URL": live_database_url,
        "DJANGO_SETTINGS_MODULE": "aos_site.settings",
        "PYTHONUNBUFFERED": "1",
        "AOS_PLUGINS": "false",
        "HOME": str(tmp_path),
    }


def url_of(database: dict[str, Any]) -> str:
    """Return Django's settings of a database as the URL `DATABASE_URL` takes."""
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{quote(str(database['NAME']))}"
    credentials = quote(database["USER"], safe="")
    if database["PASSWORD"]:
        credentials += ":" + quote(database["PASSWORD"], safe="")
    if database["HOST"].startswith("/"):
        return f"postgres://{credentials}@/{quote(database['HOST'])}/{quote(database['NAME'])}"
    port = f":{database['PORT']}" if database["PORT"] else ""
    return f"postgres://{credentials}@{database['HOST']}{port}/{quote(database['NAME'])}"
