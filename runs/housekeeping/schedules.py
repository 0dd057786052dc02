"""What AOS does by the clock: jobs of its own that django-q2's scheduler hands to a worker beside the drains."""

from __future__ import annotations

import logging
from typing import NamedTuple

from django.apps import apps

from catalog import circuits
from runs.bulk import carrying_on
from runs.history import learning
from runs.housekeeping import drift, retention
from runs.recovery import nightly
from runs.shell import tally
from runs.shell.processes import doorbell
from runs.tracing import sending
from runs.webhooks import sending as webhooks

log = logging.getLogger(__name__)


class Job(NamedTuple):
    """A function without arguments, by its import path, and how often it is called (a `Schedule.TYPE` of django-q2)."""

    name: str
    function: str
    every: str


MINUTELY = "I"
HOURLY = "H"
DAILY = "D"
JOBS = (
    Job("aos: retention", "runs.housekeeping.schedules.remove_what_is_due", HOURLY),
    Job("aos: tally", "runs.housekeeping.schedules.add_up_charges", HOURLY),
    Job("aos: history", "runs.housekeeping.schedules.learn_from_runs", HOURLY),
    Job("aos: drift", "runs.housekeeping.schedules.look_for_drift", HOURLY),
    Job("aos: circuits", "runs.housekeeping.schedules.forget_circuits", HOURLY),
    Job("aos: recoveries", "runs.housekeeping.schedules.learn_from_failures", DAILY),
    Job("aos: webhooks", "runs.housekeeping.schedules.deliver_webhooks", MINUTELY),
    Job("aos: traces", "runs.housekeeping.schedules.send_traces", MINUTELY),
)


def keep_schedules() -> None:
    """Have every job scheduled once, as written here. Whoever starts workers calls it; it may be called any number of times."""
    schedules = apps.get_model("django_q", "Schedule")._default_manager
    for job in JOBS:
        wanted = {"func": job.function, "schedule_type": job.every, "repeats": -1}
        mine = schedules.filter(name=job.name).order_by("pk")
        kept = mine.first() or schedules.create(name=job.name, **wanted)
        mine.filter(pk=kept.pk).update(**wanted)
        # Two hosts that start at the same moment both make one: the next to start removes what is too much.
        mine.exclude(pk=kept.pk).delete()


def remove_what_is_due() -> None:
    """Remove what retention no longer keeps; leaves between two batches when the worker is told to stop."""
    for removed in retention.remove_due(stopped=doorbell.is_stopping):
        if any(removed.rows.values()):
            log.info("retention.removed", extra={"class": removed.name, "runs": removed.runs, "rows": removed.rows})


def add_up_charges() -> None:
    """Add up what has been charged since the last time, so that questions about usage read few rows."""
    added = tally.add_up()
    if added:
        log.info("charges.added_up", extra={"rows": added})


def learn_from_runs() -> None:
    """Fold runs that are over into the histories of their skills, should no drain have looked; leaves when the worker is told to stop."""
    while not doorbell.is_stopping() and learning.learn():
        pass


def forget_circuits() -> None:
    """Forget circuits that are at rest, so that hosts nobody calls any more do not add up."""
    forgotten = circuits.forget_old()
    if forgotten:
        log.info("circuits.forgotten", extra={"rows": forgotten})


def learn_from_failures() -> None:
    """Make candidates of the failures nothing helps against, measure what was tried, take back what harms; leaves when told to stop."""
    learned = nightly.learn(stopped=doorbell.is_stopping)
    found = nightly.learned_json(learned)
    log.info("recoveries.learned", extra={name: value for name, value in found.items() if name != "data"})


def look_for_drift() -> None:
    """Tell of skill versions and agents that go another way than they used to; leaves between two tenants when told to stop."""
    opened = drift.look_for_drift(stopped=doorbell.is_stopping)
    if opened:
        log.info("drift.detected", extra={"alerts": opened})


def deliver_webhooks() -> None:
    """Send what is due to the endpoints of webhooks. Pushers make this task as soon as there is something; the clock is the second net."""
    try:
        attempts = webhooks.deliver(stopped=doorbell.is_stopping)
    finally:
        doorbell.tell_delivery_ended()
    if attempts:
        log.info("webhooks.delivered", extra={"attempts": attempts})


def carry_on_bulk() -> None:
    """Work off what is to be done to many runs. Pushers make this task as long as there is something nobody is at."""
    taken = carrying_on.carry_on(stopped=doorbell.is_stopping)
    if taken:
        log.info("bulk.carried_on", extra={"runs": taken})


def send_traces() -> None:
    """Send the traces of ended runs to the collector, where one is set; leaves between two lots when told to stop."""
    found = sending.send_ended(stopped=doorbell.is_stopping)
    if found.sent or found.refused:
        log.info("traces.sent", extra={"runs": found.sent, "refused": found.refused})
