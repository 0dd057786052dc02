"""The database under a simulation, for tests; and the workshop of the integration tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.integration.conftest import workshop  # noqa: F401 - a fixture is found by its name
from tests.simulation.store import Store, opened_store


@pytest.fixture
def store(transactional_db: None) -> Iterator[Store]:
    # A seed says thousands of things that nobody reads; its trace tells them better.
    logging.disable(logging.CRITICAL)
    try:
        with opened_store() as opened:
            yield opened
    finally:
        logging.disable(logging.NOTSET)
