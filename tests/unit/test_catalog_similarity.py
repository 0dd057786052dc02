"""Causes that are alike get a high number and a reason in words; the number is bounded, symmetric and always the same."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.groups.similarity import similar_to, similarity
from catalog.signature import normalise

REASONS = [
    pytest.param("no answer within <n> ms", "no answer within <n> ms", "the same 5 words", id="the same"),
    pytest.param("host refused the connection", "the connection host refused", "the same 4 words in another order", id="another order"),
    pytest.param(
        "upstream call gave up after timeout", "upstream call gave up after reset", "5 of 6 words the same; differs in 'timeout' / 'reset'",
        id="one word each",
    ),
    pytest.param("connection reset", "connection reset by peer", "2 of 4 words the same; differs in 'by', 'peer'", id="words only one has"),
    pytest.param("a b c d e", "f", "0 of 5 words the same; differs in 'a', 'b', 'c', … / 'f'", id="nothing in common"),
    pytest.param("", "connection reset", "there are no words to compare", id="nothing to compare"),
    pytest.param("reset", "reset", "the same 1 word", id="a single word"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "reason"), REASONS)
def test_it_says_why_in_words(one: str, other: str, reason: str) -> None:
    assert similarity(one, other).reason == reason


CLOSER = [
    pytest.param("no answer from the host", "no answer from a host", "no disk on the host", id="common words weigh little"),
    pytest.param("row <id> is gone", "row <n> is gone", "row <id> is locked", id="names for what varies weigh little"),
    pytest.param("host refused connection", "host refused connection twice", "connection refused host twice", id="the order counts"),
    pytest.param("timeout timeout reset", "timeout timeout closed", "timeout reset closed closed", id="how often a word stands counts"),
]


@pytest.mark.parametrize(("cause", "near", "far"), CLOSER)
def test_it_finds_the_nearer_one_nearer(cause: str, near: str, far: str) -> None:
    assert similarity(cause, near).score > similarity(cause, far).score


_CAUSES = st.one_of(
    st.text(alphabet=st.characters(), max_size=400).map(normalise),
    st.lists(st.sampled_from(["a", "host", "refused", "<n>", "timeout", "is", "gone"]), max_size=9).map(" ".join),
)


@given(_CAUSES, _CAUSES)
def test_it_is_bounded_and_symmetric(one: str, other: str) -> None:
    likeness = similarity(one, other)
    assert 0 <= likeness.score <= 1
    assert likeness.score == similarity(other, one).score
    assert similarity(one, other) == likeness


@given(_CAUSES)
def test_it_gives_one_to_the_same_words_only(cause: str) -> None:
    score = similarity(cause, cause).score
    assert score in (0.0, 1.0)
    assert similarity(cause, cause + " otherwise").score < 1


def test_it_suggests_the_most_alike_first_and_leaves_out_the_rest() -> None:
    known = [("b", "no answer within <n> ms"), ("a", "no answer within <n> ms"), ("c", "no answer in time"), ("d", "disk is full")]
    found = similar_to("no answer within <n> ms", known)
    assert [similar.signature for similar in found][:2] == ["a", "b"]
    assert "d" not in [similar.signature for similar in found]
    assert similar_to("no answer within <n> ms", known, at_most=1) == found[:1]
    assert similar_to("no answer within <n> ms", known, at_least=0) == sorted(
        similar_to("no answer within <n> ms", reversed(known), at_least=0), key=lambda similar: (-similar.score, similar.signature)
    )


def test_it_reads_no_more_than_a_cause_is_long() -> None:
    started = time.thread_time()
    similarity("word " * 200_000, "other " * 200_000)
    assert time.thread_time() - started < 0.2
