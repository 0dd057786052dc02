"""The web server of production: granian over the site. `manage.py serve` puts it in its own place: `python -m aos_site.server {…}`.

It is a process of its own because it loads nothing of the site, which only its children do: they are what serves.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server import MPServer

from aos_site.logs import dict_config, shared_processors


def server_of(options: dict[str, Any]) -> MPServer:
    """Return the server for what `manage.py serve` asks for. TLS and HTTP/2 are the proxy's."""
    processes = options["processes"]
    return MPServer(
        "aos_site.asgi:application",
        address=options["host"],
        port=options["port"],
        # AOS has nothing to do at the start and the end of a process that this would tell it of.
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        # One timer for both: how long a head may take to come, and how long a connection may rest between two of them.
        http1_settings=HTTP1Settings(header_read_timeout=options["idle_seconds"] * 1_000),
        websockets=False,
        workers=processes,
        backlog=options["backlog"],
        # Counts connections, not requests: who follows events holds one, and who rests between two requests does.
        backpressure=options["backlog"],
        respawn_failed_workers=True,
        workers_kill_timeout=options["grace_seconds"],
        log_dictconfig=dict_config(shared_processors(), level=options["log_level"], as_json=options["log_json"]),
    )


if __name__ == "__main__":
    server_of(json.loads(sys.argv[1])).serve()
