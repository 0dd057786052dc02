"""Runs the identity provider: `python -m ops.identity_provider --port 9000 --seed people.json [--state FOLDER]`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

import django
import uvicorn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ops.identity_provider", description="An OpenID Connect issuer for development.")
    parser.add_argument("--port", type=int, required=True, help="where to listen on 127.0.0.1")
    parser.add_argument("--seed", type=Path, required=True, help="JSON file of people and clients; groups are read anew for every token")
    parser.add_argument(
        "--state", type=Path, help="folder of database and keys (PEM files, the last by name signs); a fresh one unless told"
    )
    options = parser.parse_args()
    # The server hands the signal on when it has ended, and the default would leave the folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="identity-provider-") as fresh:
        os.environ["IDENTITY_PROVIDER_SEED"] = str(options.seed.resolve())
        os.environ["IDENTITY_PROVIDER_STATE"] = str((options.state or Path(fresh)).resolve())
        os.environ["DJANGO_SETTINGS_MODULE"] = "ops.identity_provider.settings"
        django.setup()
        # Both need Django set up.
        from django.core.asgi import get_asgi_application  # noqa: PLC0415

        from ops.identity_provider.seeding import seed  # noqa: PLC0415

        seed()
        uvicorn.run(get_asgi_application(), host="127.0.0.1", port=options.port, log_level="warning", lifespan="off")


if __name__ == "__main__":
    main()
