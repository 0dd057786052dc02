"""Who goes next of the runs whose workers died again and again."""

from __future__ import annotations

import pytest

from runs.shell.quarantine import GROUP, Suspect, next_group

MAX_CRASHES = 3


@pytest.mark.parametrize(
    ("parked", "group"),
    [
        pytest.param([], [], id="nobody waits"),
        pytest.param([(1, 2), (2, 2)], [1, 2], id="two deaths go together"),
        pytest.param([(1, 3), (2, 3), (3, 2)], [1], id="a last chance goes alone"),
        pytest.param([(1, 2), (2, 3), (3, 2)], [1, 3], id="a last chance waits for its turn"),
        pytest.param([(n, 2) for n in range(GROUP + 5)], list(range(GROUP)), id="no more than a group"),
    ],
)
def test_it_chooses_the_next_group(parked: list[Suspect], group: list[int]) -> None:
    assert next_group(parked, MAX_CRASHES) == group


def test_it_sends_each_alone_where_the_second_death_is_the_last_chance() -> None:
    assert next_group([(1, 2), (2, 2)], max_crashes=2) == [1]
