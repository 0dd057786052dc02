"""The checker of histories: it finds an order where there is one, and none where there is none."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.linearizability import Histories, NotLinearizable, Operation, linearization


def did(name: str, given: Any, answer: Any, called_at: int, answered_at: int) -> Operation:
    return Operation("anybody", name, given, answer, called_at, answered_at)


def register(state: Any, operation: Operation) -> Iterable[Any]:
    """A place for one value."""
    if operation.name == "write":
        yield operation.given
    elif operation.answer == state:
        yield state


def lock(state: str | None, operation: Operation) -> Iterable[str | None]:
    """Held by one at a time: `take` answers whether it was got."""
    if operation.answer == (state is None):
        yield operation.client if state is None else state


def bag(state: frozenset[int], operation: Operation) -> Iterable[frozenset[int]]:
    """`put` keeps the number or loses it, and does not say which; `list` tells all that is kept."""
    if operation.name == "put":
        yield from (state | {operation.given}, state)
    elif operation.answer == state:
        yield state


EXPLAINED = {
    "nothing": [],
    "one after the other": [did("write", 1, None, 0, 1), did("read", None, 1, 2, 3)],
    "a read during a write sees the new": [did("write", 1, None, 0, 9), did("read", None, 1, 2, 3)],
    "a read during a write sees the old": [did("write", 1, None, 0, 9), did("read", None, 0, 2, 3)],
    "called at the instant of an answer is at once": [did("write", 1, None, 0, 5), did("read", None, 0, 5, 6)],
    "two writes at once, seen in the order they were not called in": [
        did("write", 1, None, 0, 9),
        did("write", 2, None, 1, 9),
        did("read", None, 2, 3, 4),
        did("read", None, 1, 5, 6),
    ],
}
UNEXPLAINED = {
    "a read of what was never written": [did("write", 1, None, 0, 1), did("read", None, 2, 2, 3)],
    "a stale read": [did("write", 1, None, 0, 1), did("read", None, 0, 2, 3)],
    "a value that comes and goes during one write": [
        did("write", 1, None, 0, 9),
        did("read", None, 1, 1, 2),
        did("read", None, 0, 3, 4),
    ],
    "two reads that disagree on the order of two writes": [
        did("write", 1, None, 0, 9),
        did("write", 2, None, 0, 9),
        did("read", None, 1, 1, 2),
        did("read", None, 2, 3, 4),
        did("read", None, 1, 5, 6),
    ],
}


@pytest.mark.parametrize("history", EXPLAINED.values(), ids=EXPLAINED)
def test_it_puts_in_order(history: list[Operation]) -> None:
    order = linearization(history, 0, register)
    assert sorted(order, key=repr) == sorted(history, key=repr)
    assert keeps_to_time(order)


@pytest.mark.parametrize("history", UNEXPLAINED.values(), ids=UNEXPLAINED)
def test_it_refuses(history: list[Operation]) -> None:
    with pytest.raises(NotLinearizable):
        linearization(history, 0, register)


def test_it_refuses_two_who_got_the_same_lock() -> None:
    with pytest.raises(NotLinearizable):
        linearization([did("take", None, True, 0, 9), did("take", None, True, 1, 8)], None, lock)


def test_it_refuses_one_who_was_turned_away_from_an_open_door() -> None:
    with pytest.raises(NotLinearizable):
        linearization([did("take", None, False, 0, 1), did("take", None, True, 2, 3)], None, lock)


def test_it_tries_every_state_an_operation_may_leave_behind() -> None:
    lost = [did("put", 1, None, 0, 1), did("put", 2, None, 2, 3), did("list", None, frozenset({2}), 4, 5)]
    assert linearization(lost, frozenset(), bag) == lost
    with pytest.raises(NotLinearizable):
        linearization([*lost, did("list", None, frozenset({1, 2}), 6, 7)], frozenset(), bag)


def test_it_says_how_far_it_came_and_what_does_not_fit() -> None:
    history = [did("write", 7, None, 0, 1), did("read", None, 7, 2, 3), did("read", None, 8, 4, 5)]
    with pytest.raises(NotLinearizable, match=r"2 operations (.*\n){3}which leaves 7.*\n.*read\(None\) → 8") as refused:
        linearization(history, 0, register)
    assert refused.value.order == history[:2]


def test_it_remembers_what_it_tried_instead_of_trying_every_order() -> None:
    # Fourteen writes at once leave one of two states however they are ordered; without a memory 14! orders would have to
    # be tried before the read is found wrong.
    history = [did("write", place % 2, None, 0, 9) for place in range(14)] + [did("read", None, 5, 1, 2)]
    with pytest.raises(NotLinearizable):
        linearization(history, 0, register)


def test_it_puts_a_long_history_of_many_clients_in_order() -> None:
    history = [did("write", place, None, 10 * place, 10 * place + 150) for place in range(2_000)]
    assert keeps_to_time(linearization([*history, did("read", None, 1_999, 30_000, 30_001)], 0, register))


OPERATIONS = st.builds(
    lambda name, value, called_at, length: did(name, value, value, called_at, called_at + length),
    st.sampled_from(["read", "write"]),
    st.integers(0, 2),
    st.integers(0, 8),
    st.integers(0, 4),
)


@given(st.lists(OPERATIONS, max_size=5))
def test_it_agrees_with_trying_every_order(history: list[Operation]) -> None:
    explained = any(keeps_to_time(order) and is_explained(order) for order in permutations(history))
    try:
        assert is_explained(linearization(history, 0, register))
    except NotLinearizable:
        assert not explained
    else:
        assert explained


def keeps_to_time(order: Iterable[Operation]) -> bool:
    """Tell whether nothing stands behind what was called only after it had been answered."""
    latest_call = 0
    for operation in order:
        if operation.answered_at < latest_call:
            return False
        latest_call = max(latest_call, operation.called_at)
    return True


def is_explained(order: Iterable[Operation]) -> bool:
    state: Any = 0
    for operation in order:
        following = list(register(state, operation))
        if not following:
            return False
        [state] = following
    return True


def test_it_records_what_threads_do_by_object() -> None:
    histories = Histories()
    threads = [threading.Thread(target=histories.call, args=("door", "knock", n, lambda: "come in"), name=f"t{n}") for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert histories.call("window", "open", None, lambda: 3) == 3
    assert {(o.client, o.given, o.answer) for o in histories.of["door"]} == {(f"t{n}", n, "come in") for n in range(8)}
    assert all(operation.called_at <= operation.answered_at for operation in histories.of["door"])
    assert [operation.name for operation in histories.of["window"]] == ["open"]
