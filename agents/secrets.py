"""Where `${secrets.NAME}` is looked up: a JSON file {tenant slug: {NAME: value}} that only the server can read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileSecrets:
    """The secrets of one tenant, read anew at each call so that a rotated file needs no restart."""

    tenant_slug: str
    path: str

    def reveal(self, name: str) -> str:
        """Return a secret. Raises KeyError where the tenant has none of this name."""
        if not self.path:
            raise KeyError(name)
        own = json.loads(Path(self.path).read_text(encoding="utf-8")).get(self.tenant_slug, {})
        return str(own[name])
