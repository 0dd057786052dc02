"""What a client offers: a group a part of the API, and the six runtime interfaces by their flat names."""

from __future__ import annotations

from functools import cached_property

from aos_sdk._operation import M
from aos_sdk.resources.access import ApiKeys, Audit, ServiceAccounts
from aos_sdk.resources.agents import Agents
from aos_sdk.resources.approvals import Approvals, Questions
from aos_sdk.resources.budgets import Budgets, Prices, Usage
from aos_sdk.resources.bulk import BulkOperations
from aos_sdk.resources.catalog import Catalog
from aos_sdk.resources.doubts import DeadLetters, InDoubt
from aos_sdk.resources.events import Events
from aos_sdk.resources.failures import Failures
from aos_sdk.resources.grants import Grants
from aos_sdk.resources.limits import Circuits, Drift, Freezes
from aos_sdk.resources.plans import Plans, Schemas
from aos_sdk.resources.recovery import Recovery
from aos_sdk.resources.runs import Goals, Runs
from aos_sdk.resources.runtime import FlatNames, Runtime
from aos_sdk.resources.skills import Skills
from aos_sdk.resources.webhooks import Webhooks


class Groups(FlatNames[M]):
    """Every operation of the API, by group."""

    @cached_property
    def agents(self) -> Agents[M]:
        """Who acts."""
        return Agents(self._client)

    @cached_property
    def api_keys(self) -> ApiKeys[M]:
        """Keys of programs."""
        return ApiKeys(self._client)

    @cached_property
    def approvals(self) -> Approvals[M]:
        """Steps that wait for a person's yes."""
        return Approvals(self._client)

    @cached_property
    def audit(self) -> Audit[M]:
        """Who did what."""
        return Audit(self._client)

    @cached_property
    def budgets(self) -> Budgets[M]:
        """Limits of money."""
        return Budgets(self._client)

    @cached_property
    def bulk(self) -> BulkOperations[M]:
        """One action over many runs."""
        return BulkOperations(self._client)

    @cached_property
    def catalog(self) -> Catalog[M]:
        """What to do about failures."""
        return Catalog(self._client)

    @cached_property
    def circuits(self) -> Circuits[M]:
        """Hosts that are left alone for a while."""
        return Circuits(self._client)

    @cached_property
    def dead_letters(self) -> DeadLetters[M]:
        """Runs given up after too many crashes."""
        return DeadLetters(self._client)

    @cached_property
    def grants(self) -> Grants[M]:
        """A yes given in advance, within limits."""
        return Grants(self._client)

    @cached_property
    def drift(self) -> Drift[M]:
        """What behaves otherwise than it used to."""
        return Drift(self._client)

    @cached_property
    def events(self) -> Events[M]:
        """What happens, over all runs."""
        return Events(self._client)

    @cached_property
    def failures(self) -> Failures[M]:
        """What failed, by cause."""
        return Failures(self._client)

    @cached_property
    def freezes(self) -> Freezes[M]:
        """What is stopped until somebody lifts it."""
        return Freezes(self._client)

    @cached_property
    def goals(self) -> Goals[M]:
        """Runs of a goal that a planner plans."""
        return Goals(self._client)

    @cached_property
    def in_doubt(self) -> InDoubt[M]:
        """Steps of which nobody knows whether they happened."""
        return InDoubt(self._client)

    @cached_property
    def plans(self) -> Plans[M]:
        """Plans before they run."""
        return Plans(self._client)

    @cached_property
    def prices(self) -> Prices[M]:
        """What calls cost."""
        return Prices(self._client)

    @cached_property
    def questions(self) -> Questions[M]:
        """Steps that wait for a person's answer."""
        return Questions(self._client)

    @cached_property
    def recovery(self) -> Recovery[M]:
        """Recoveries that have earned, or may earn, confidence."""
        return Recovery(self._client)

    @cached_property
    def runs(self) -> Runs[M]:
        """What happens, happened and will happen."""
        return Runs(self._client)

    @cached_property
    def runtime(self) -> Runtime[M]:
        """What the server can do."""
        return Runtime(self._client)

    @cached_property
    def schemas(self) -> Schemas[M]:
        """JSON Schemas of what the server takes and gives."""
        return Schemas(self._client)

    @cached_property
    def service_accounts(self) -> ServiceAccounts[M]:
        """Programs that act in their own name."""
        return ServiceAccounts(self._client)

    @cached_property
    def skills(self) -> Skills[M]:
        """What agents can do."""
        return Skills(self._client)

    @cached_property
    def usage(self) -> Usage[M]:
        """What was spent, on what."""
        return Usage(self._client)

    @cached_property
    def webhooks(self) -> Webhooks[M]:
        """Endpoints that are told what happens."""
        return Webhooks(self._client)
