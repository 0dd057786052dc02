"""Standard Webhooks as they travel: published vectors, headers, bodies, the plan of retries."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.webhooks import timing
from runs.webhooks.messages import LONGEST_BODY, NotSigned, body_of, check, headers_for, key_of, new_secret

# The example of the specification's reference libraries, https://github.com/standard-webhooks/standard-webhooks.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def signed(body: bytes = BODY, *secrets: str, at: int = AT) -> dict[str, str]:
    return headers_for(MESSAGE, at, body, secrets or (SECRET,))


def test_it_signs_as_the_reference_libraries_do() -> None:
    assert signed()["webhook-signature"] == SIGNATURE
    assert check({"webhook-id": MESSAGE, "webhook-timestamp": str(AT), "webhook-signature": SIGNATURE}, BODY, [SECRET], AT) == MESSAGE


def test_it_signs_with_the_old_and_the_new_secret_while_one_is_changed() -> None:
    new = new_secret()
    headers = signed(BODY, new, SECRET)
    assert headers["webhook-signature"].count("v1,") == 2
    for each in (new, SECRET):
        assert check(headers, BODY, [each], AT) == MESSAGE


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 256},
        {"webhook-timestamp": str(AT + 1)},
        {"webhook-timestamp": "yesterday"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "1" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": SIGNATURE.replace("v1", "v2")},
        {"webhook-signature": SIGNATURE.removeprefix("v1,")},
        {"webhook-signature": "v1,\ud800"},
    ],
    ids=lambda change: " ".join(f"{name}={value[:20]!a}" for name, value in change.items()),
)
def test_it_believes_no_message_with_another_header(change: dict[str, str]) -> None:
    with pytest.raises(NotSigned):
        check(signed() | change, BODY, [SECRET], AT)


@pytest.mark.parametrize(("seconds", "believed"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_it_believes_what_was_signed_within_five_minutes(seconds: int, believed: bool) -> None:
    if believed:
        assert check(signed(), BODY, [SECRET], AT + seconds) == MESSAGE
    else:
        with pytest.raises(NotSigned, match="too long ago"):
            check(signed(), BODY, [SECRET], AT + seconds)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_it_signs_each_body_in_its_own_way(one: bytes, other: bytes) -> None:
    headers = signed(one)
    if one == other:
        assert check(headers, other, [SECRET], AT)
    else:
        with pytest.raises(NotSigned):
            check(headers, other, [SECRET], AT)


def test_it_makes_secrets_of_enough_bytes() -> None:
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(24 <= len(key_of(secret)) <= 64 and secret.startswith("whsec_") for secret in made)
    with pytest.raises(ValueError, match="not a webhook secret"):
        key_of("whsec_???")


def test_it_keeps_bodies_thin() -> None:
    small = json.loads(body_of("run.failed", "2026-01-01T00:00:00Z", {"run_id": "run_1", "status": "failed"}))
    assert small == {"type": "run.failed", "timestamp": "2026-01-01T00:00:00Z", "data": {"run_id": "run_1", "status": "failed"}}
    large = body_of("run.waiting", "2026-01-01T00:00:00Z", {"run_id": "run_1", "asks": ["é" * 100] * 500, "link": "/api/v1/runs/run_1"})
    assert len(large.encode()) < LONGEST_BODY
    assert json.loads(large)["data"] == {"run_id": "run_1", "link": "/api/v1/runs/run_1", "shortened": True}


def test_it_tries_again_after_longer_and_longer_waits_and_then_no_more() -> None:
    waits = [timing.wait_after(attempt, "msg_1") for attempt in range(1, 11)]
    assert waits[-1] is None
    known = [wait for wait in waits if wait is not None]
    assert len(known) == 9
    for planned, wait in zip(timing.RETRIES, known, strict=True):
        assert planned <= wait <= planned * 1.1
    assert waits == [timing.wait_after(attempt, "msg_1") for attempt in range(1, 11)], "the same whenever it is asked"
    assert waits[0] != timing.wait_after(1, "msg_2"), "what failed together does not come back together"


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [(timedelta(0), 5, 5.5), (timedelta(hours=1), 3_600, 3_600), (timedelta(days=30), 86_400, 86_400), (timedelta(seconds=-5), 5, 5.5)],
)
def test_it_rests_as_long_as_a_receiver_asks_within_reason(asked: timedelta, least: float, most: float) -> None:
    wait = timing.wait_after(1, "msg_1", asked)
    assert wait is not None
    assert least <= wait.total_seconds() <= most
