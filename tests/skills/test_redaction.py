"""What looks like a credential is masked wherever a failure is told, and what only reads a little like one is left alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skills.base import SkillFailure
from skills.contracts import Effect, FailureDetails, FaultDetail
from skills.execution import LONGEST_TEXT, MOST_FAULTS, failure_info
from skills.net.redaction import without_credentials

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
MASKED = [
    pytest.param("Authorization: Bearer abc-SECRET1", "Authorization: ***", id="a bearer header"),
    pytest.param("authorization=Basic dXNlcjpTRUNSRVQx", "authorization=***", id="a basic header"),
    pytest.param('{"Authorization": "Custom SECRET1 and more", "a": 1}', '{"Authorization": ***, "a": 1}', id="a header in JSON"),
    pytest.param(r"{\"authorization\": \"Bearer SECRET1\", \"a\": 1}", r"{\"authorization\": ***, \"a\": 1}", id="JSON within JSON"),
    pytest.param('Proxy-Authorization: Digest username="u", response="SECRET1"\nHost: a', "Proxy-Authorization: ***\nHost: a", id="digest"),
    pytest.param("Set-Cookie: sid=SECRET1; Path=/", "Set-Cookie: ***", id="a cookie"),
    pytest.param("401 for Bearer SECRET1-token", "401 for Bearer ***", id="a bearer token alone"),
    pytest.param("GET /x?api_key=SECRET1&page=2", "GET /x?api_key=***&page=2", id="a key in a query"),
    pytest.param("api-key: SECRET1", "api-key: ***", id="a key in a header"),
    pytest.param("X-Api-Key: SECRET1", "X-Api-Key: ***", id="a key in a header of one's own"),
    pytest.param("password=SECRET1", "password=***", id="a password"),
    pytest.param("DB_PASSWORD='SECRET1 with spaces' HOST=a", "DB_PASSWORD=*** HOST=a", id="a quoted password"),
    pytest.param('"password" : "SEC\\"RET1", "user": "u"', '"password" : ***, "user": "u"', id="a quote within a password"),
    pytest.param('"password": "SECRET1\\', '"password": ***', id="a quotation that is cut within an escape"),
    pytest.param("password=SEC,RET1;x", "password=***", id="commas within a password"),
    pytest.param('PASSWD=""SECRET1', "PASSWD=***", id="right behind a quotation"),
    pytest.param('{"password":"SECRET1","user":"u"}', '{"password":***,"user":"u"}', id="JSON without spaces"),
    pytest.param('password="SECRET1 that never ends', "password=***", id="a quotation that is cut"),
    pytest.param("client_secret%3DSECRET1", "client_secret%3D***", id="escaped for a URL"),
    pytest.param("<accessToken>SECRET1</accessToken>", "<accessToken>***</accessToken>", id="XML"),
    pytest.param("aws_secret_access_key = SECRET1", "aws_secret_access_key = ***", id="a long name"),
    pytest.param("token=SECRET1-SECRET2", "token=***", id="a token"),
    pytest.param("postgres://bob:SECRET1@db.example/x", "postgres://***@db.example/x", id="a password in a URL"),
    pytest.param("key sk-ant-api03-SECRET1SECRET2 is revoked", "key *** is revoked", id="a provider's key"),
    pytest.param("ghp_" + "a1" * 18, "***", id="a forge's key"),
    pytest.param("AKIAIOSFODNN7EXAMPLE is unknown", "*** is unknown", id="a cloud's key"),
    pytest.param("xoxb-1234567890-abcdef", "***", id="a chat's key"),
    pytest.param(f"bad token {JWT}", "bad token ***", id="a signed token"),
    pytest.param("aos_test_abcdefghijkl_" + "0" * 56, "***", id="a key of our own"),
    pytest.param("-----BEGIN RSA PRIVATE KEY-----\nSECRET1\n-----END RSA PRIVATE KEY----- x", "*** x", id="a private key"),
]  # fmt: skip
KEPT = [
    "Basic authentication failed",
    "bearer authentication is required",
    "invalid token: unexpected end of JSON",
    "Key (id)=(5) already exists",
    "duplicate key value violates unique constraint pk_orders_customer_id",
    "no secret is named github",
    "monkey business = none",
    "the key of the object is too long",
    "https://example.com/a@b",
    "cookies are disabled",
]


@pytest.mark.parametrize(("text", "masked"), MASKED)
def test_it_masks(text: str, masked: str) -> None:
    assert without_credentials(text) == masked


@pytest.mark.parametrize("text", KEPT)
def test_it_leaves_alone(text: str) -> None:
    assert without_credentials(text) == text


_PIECES = st.sampled_from(
    [
        "password",
        "=",
        ": ",
        '"',
        "'",
        "\\",
        "abc1",
        "Bearer ",
        "Authorization",
        "Cookie",
        "\n",
        " ",
        "://",
        "@",
        "api_key",
        "***",
        "<",
        "&",
        ",",
        ";",
        "}",
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=15).map("".join)))
@example('PASSWD=""0')
@example('"password":"a","user":"b"')
@example('Cookie: "a"b, c')
def test_it_masks_nothing_twice(text: str) -> None:
    once = without_credentials(text)
    assert without_credentials(once) == once


@pytest.mark.parametrize(
    "piece", ["password", "secret_", 'password="', "key=", "Bearer ", "://", "-----BEGIN PRIVATE KEY-----", "eyJ", "sk-a", "cookie:", "\\"]
)
def test_it_stays_fast_on_hostile_text(piece: str) -> None:
    started = time.thread_time()
    without_credentials(piece * (2**17 // len(piece)))
    assert time.thread_time() - started < 1


def told(**said: object) -> SkillFailure:
    return SkillFailure("HTTP_5XX", **{"message": "failed", **said})  # type: ignore[arg-type]


def test_it_clears_every_text_of_a_failure() -> None:
    secret = "password=SECRET1"
    details = FailureDetails(target=f"GET /?{secret}", errors=[FaultDetail(pointer="/url", code="upstream_said", detail=secret)])
    info = failure_info(told(message=secret, suggestions=[secret], details=details), Effect.READ)
    assert "SECRET1" not in info.model_dump_json()
    assert info.model_dump_json().count("password=***") == 4


@pytest.mark.parametrize(
    ("message", "length"),
    [
        pytest.param("x" * LONGEST_TEXT, LONGEST_TEXT, id="what fits"),
        pytest.param("x" * (LONGEST_TEXT + 1), LONGEST_TEXT + 1, id="one more, and the sign that it is cut"),
        pytest.param("x" * 2**20, LONGEST_TEXT + 1, id="a mebibyte"),
        pytest.param("x" * 1_980 + " password=" + "s" * 2**20, 1_980 + len(" password=***…"), id="cut in a secret"),
    ],
)  # fmt: skip
def test_it_cuts_a_message_and_says_so(message: str, length: int) -> None:
    shown = failure_info(told(message=message), Effect.READ).message
    assert len(shown) == length
    assert shown.endswith("…") == (len(message) > LONGEST_TEXT)


def test_it_keeps_so_many_faults() -> None:
    faults = [FaultDetail(pointer=f"/{n}", code="c", detail="d") for n in range(MOST_FAULTS + 1)]
    assert len(failure_info(told(details=FailureDetails(errors=faults)), Effect.READ).details.errors) == MOST_FAULTS
