"""A delivery is believed only when its signature holds for the very bytes that came, and when it is fresh."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from aos_sdk import AOS, WebhookVerificationError, webhooks

from tests.sdk.python.wire import Wire, json_answer

# The example of the Standard Webhooks specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
NOW = 1_614_265_330


def refused(body: bytes | str = BODY, secret: str = SECRET, now: float = NOW, **headers: str | None) -> str:
    """Return why a delivery is refused."""
    told = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    with pytest.raises(WebhookVerificationError) as raised:
        webhooks.verify(body, {name: value for name, value in told.items() if value is not None}, secret, now=now)
    return raised.value.reason


def test_it_believes_the_specifications_example() -> None:
    assert webhooks.verify(BODY, HEADERS, SECRET, now=NOW).test == 2432232314
    assert webhooks.verify(BODY.decode(), {name.title(): value for name, value in HEADERS.items()}, SECRET, now=NOW) == {"test": 2432232314}


def test_a_client_offers_the_same() -> None:
    with AOS("aos_x") as client, pytest.raises(WebhookVerificationError) as raised:
        client.webhooks.verify(BODY, HEADERS, SECRET)
    assert raised.value.reason == "too_old"


@pytest.mark.parametrize("secret", ["whsec_" + base64.b64encode(bytes(range(64))).decode(), SECRET, SECRET.removeprefix("whsec_")])
@pytest.mark.parametrize("body", [b"{}", '{"a":"ü\u2028"}'.encode(), b'{"long":"' + b"x" * 20_000 + b'"}'])
def test_it_signs_as_anybody_does(secret: str, body: bytes) -> None:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    by_hand = "v1," + base64.b64encode(hmac.new(key, b"msg_1.1614265330." + body, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1614265330", "webhook-signature": by_hand}
    assert webhooks.verify(body, headers, secret, now=NOW) == json.loads(body)


def test_one_of_several_signatures_is_enough() -> None:
    right = HEADERS["webhook-signature"]
    assert webhooks.verify(BODY, {**HEADERS, "webhook-signature": f"v1,AAAA v1a,xyz {right}"}, SECRET, now=NOW)


def test_it_refuses_what_was_changed() -> None:
    assert refused(BODY + b" ") == "no_matching_signature"
    assert refused(webhook_id="msg_other") == "no_matching_signature"
    assert refused(webhook_timestamp=str(NOW + 1)) == "no_matching_signature"
    assert refused(secret="whsec_" + base64.b64encode(b"another secret, of 24 b.").decode()) == "no_matching_signature"


@pytest.mark.parametrize("signature", ["v1,", "v1", "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "g0hM9SsE", "v1,ü", " "])
def test_it_refuses_what_is_no_signature_of_ours(signature: str) -> None:
    assert refused(webhook_signature=signature) == "no_matching_signature"


@pytest.mark.parametrize("name", ["webhook_id", "webhook_timestamp", "webhook_signature"])
def test_it_refuses_without(name: str) -> None:
    assert refused(**{name: None}) == "missing_header"
    assert refused(**{name: ""}) == "missing_header"


def test_five_minutes_is_fresh() -> None:
    for now in (NOW - 300, NOW + 300):
        assert webhooks.verify(BODY, HEADERS, SECRET, now=now)
    assert refused(now=NOW + 301) == "too_old"
    assert refused(now=NOW - 301) == "too_new"


@pytest.mark.parametrize("timestamp", ["x", "-5", "1e9", "١٢٣", "9" * 40, "1614265330.5"])
def test_it_refuses_a_time_that_is_none(timestamp: str) -> None:
    assert refused(webhook_timestamp=timestamp) == "invalid_timestamp"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_ü", "whsec_!!!"])
def test_it_refuses_a_secret_that_is_none(secret: str) -> None:
    assert refused(secret=secret) == "invalid_secret"


def test_a_genuine_delivery_that_is_no_json_is_told() -> None:
    signature = webhooks.sign(b"hello", "msg_1", str(NOW), SECRET)
    assert refused(b"hello", webhook_id="msg_1", webhook_signature=signature) == "invalid_body"


def test_an_answer_is_signed_over_the_bytes_that_travel() -> None:
    with Wire([json_answer(b'{"requested": "approve"}')]).serving() as wire, AOS("aos_x", wire.url) as client:
        client.webhooks.answer("whk_1", SECRET, "run_1", "pay", "approve", reason="checked twice, ü")
    head, _, body = wire.requests[0].partition("\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    assert webhooks.verify(body, headers, SECRET).step_id == "pay"
