"""The six names of the runtime: execute · describe_skill · query · simulate · get_resource_contract · failure_catalog.

An index, nothing else: what each does stands where it belongs. Every skin (REST, commands, console, SDK) calls these
and shows what they return.
"""

from catalog.selectors import catalog_json as failure_catalog
from runs.execution import execute
from runs.money.resource_contract import get_resource_contract
from runs.query.questions import query
from runs.simulation import simulate
from skills.selectors import describe_skill

__all__ = ["describe_skill", "execute", "failure_catalog", "get_resource_contract", "query", "simulate"]
