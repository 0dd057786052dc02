"""The command `aos`: a thin skin over the SDK for people and scripts."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    try:
        from aos_sdk.cli.app import run  # noqa: PLC0415 - without click there is something to say first
    except ModuleNotFoundError as missing:
        if missing.name != "click":
            raise
        sys.exit("error: the command line needs the extra [cli]; try: pip install 'aos-sdk[cli]'")
    sys.exit(run(arguments))
