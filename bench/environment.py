"""What every process of a benchmark is started with: its skills and nothing a person happens to have set for them."""

from __future__ import annotations

ENVIRONMENT = {
    "AOS_SKILL_MODULES": "bench.skills",
    "AOS_PLUGINS": "false",
    "AOS_LOG_LEVEL": "WARNING",
}
