"""Console pages of skills that are lists of rows; what a skill says of itself is shown above this app (`runs/console/agents/`)."""

from __future__ import annotations

from skills import admin_prices  # noqa: F401 - pages register themselves
