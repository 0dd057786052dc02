"""Databases that things are done to: this process is pointed at one for a while, a server freezes, a disk is full."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import environ
from django.core.management import call_command
from django.db import connection, connections

from tests.databases import Server
from tests.processes import children

WHERE = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


@contextmanager
def pointed_at(url: str) -> Iterator[None]:
    """Have all threads of this process use another database of the same kind while the block lasts, with the tables in it."""
    chosen = connection.settings_dict  # one for all threads
    before = {name: chosen[name] for name in WHERE}
    connections.close_all()
    chosen.update({name: value for name, value in environ.Env.db_url_config(url).items() if name in WHERE})
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        connections.close_all()
        chosen.update(before)


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Let a server hang while the block lasts: it takes what it is sent, and answers nothing."""
    # The postmaster first, so that nobody is born in between.
    os.kill(server.pid, signal.SIGSTOP)
    stopped = children(server.pid)
    for process in stopped:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in (*(process.pid for process in stopped), server.pid):
            os.kill(pid, signal.SIGCONT)
