"""The broker for AOS_BROKER_URL: ordinary tasks travel through Redis, while the bell and the runs stay with the database.

Redis keeps no receipts: a task it has handed out is lost with its worker, and a schedule comes again at its next time.
A Redis that is away costs ordinary tasks only: nothing here raises for it but `enqueue`, whose caller has to know.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import redis
from django_q.brokers import Broker
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf

from runs.shell.processes.doorbell import BellBroker

log = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0
"""A Redis that does not answer within this time counts as away."""
AWAY_SECONDS = 2.0


class RedisBroker(BellBroker, Redis):
    """Keeps the other tasks in a list in Redis."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._away_until = 0.0

    def ordinary(self) -> list[tuple[Any, str]]:
        """Return the next task, or nothing; none while Redis is away."""
        if time.monotonic() < self._away_until:
            return []
        try:
            task = self.connection.lpop(self.list_key)
        except redis.RedisError as error:
            log.warning("doorbell.redis_away", extra={"why": str(error)})
            self._away_until = time.monotonic() + AWAY_SECONDS
            return []
        return [] if task is None else [(None, task)]

    def ping(self) -> bool:
        """Tell whether Redis answers. The guard asks this before it starts, and runs do not need Redis."""
        try:
            return bool(self.connection.ping())
        except redis.RedisError as error:
            log.warning("doorbell.redis_away", extra={"why": str(error)})
            return False

    # The guard writes its state every second: into the cache as with every other broker, or it would wait for Redis.
    set_stat = Broker.set_stat
    get_stat = Broker.get_stat
    get_stats = Broker.get_stats

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        return redis.from_url(Conf.REDIS, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, health_check_interval=30)
