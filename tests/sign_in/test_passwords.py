"""Passwords at the console: for emergencies where there is an issuer, and never more than a few wrong ones."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from agents.audit import entries_of
from agents.sign_in import throttle
from agents.sign_in.models import AttemptWindow

PASSWORD = "pw-of-tests-1"


@pytest.fixture
def quick(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def people(db: None, quick: None) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    User.objects.create_user("clerk", password=PASSWORD, is_staff=True)


def attempt(name: str, password: str = "wrong", address: str = "192.0.2.1", **headers: str) -> Any:
    return Client().post("/admin/login/", {"username": name, "password": password, "next": "/admin/"}, REMOTE_ADDR=address, headers=headers)


@pytest.fixture
def issuer(settings: Any) -> None:
    settings.AUTH_SERVICE_URL, settings.OIDC_CLIENT_ID = "https://id.example.org", "console"


def test_without_an_issuer_everybody_of_the_staff_may_use_theirs(people: None) -> None:
    assert attempt("root", PASSWORD)["Location"] == "/admin/"
    assert attempt("clerk", PASSWORD).status_code == 302


def test_with_an_issuer_only_superusers_may(people: None, issuer: None) -> None:
    assert attempt("root", PASSWORD).status_code == 302
    refused, wrong = attempt("clerk", PASSWORD), attempt("clerk", "wrong")
    assert (refused.status_code, b"Please enter the correct" in refused.content) == (200, True)
    assert b"Please enter the correct" in wrong.content
    assert "sessionid" not in refused.cookies


def test_it_writes_down_who_came_in_and_who_did_not(people: None) -> None:
    attempt("root", PASSWORD)
    attempt("root")
    attempt("my-secret-in-the-wrong-field")
    written = [(entry.action, entry.actor, entry.target) for entry in reversed(entries_of(None))]
    assert written == [
        ("session.login", "root", "root"),
        ("session.refused", "nobody", "root"),
        ("session.refused", "nobody", "somebody unknown"),
    ]


@pytest.mark.parametrize("name", ["root", "nobody-of-that-name"])
def test_five_wrong_ones_close_a_name_for_five_minutes(people: None, name: str) -> None:
    # The form reads all of these as the one name.
    for n, spelt in enumerate((name, f" {name}", f"{name}\u3000\t", name.replace("o", "\uff4f"), name)):
        assert attempt(spelt, address=f"192.0.2.{n}").status_code == 200
    assert attempt("\uff52" + name[1:] if name == "root" else f"  {name}", PASSWORD, address="192.0.2.98").status_code == 429
    refused = attempt(name.upper(), PASSWORD, address="192.0.2.99")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 300
    assert "Too many attempts" in refused.content.decode()
    assert attempt("clerk", PASSWORD, address="192.0.2.99").status_code == 302, "others come in"


def test_it_opens_again_when_the_five_minutes_are_over(people: None) -> None:
    for _ in range(5):
        attempt("root")
    assert attempt("root", PASSWORD).status_code == 429
    for row in AttemptWindow.objects.all():
        row.instants_ms = [at - throttle.WINDOW_MS for at in row.instants_ms]
        row.save()
    assert attempt("root", PASSWORD).status_code == 302


def test_twenty_wrong_ones_close_an_address(people: None) -> None:
    for n in range(20):
        assert attempt(f"name-{n}", address="2001:db8::1").status_code == 200
    assert attempt("root", PASSWORD, address="2001:db8::2").status_code == 429, "a neighbour in the same network of version 6"
    assert attempt("root", PASSWORD, address="2001:db8:0:1::1").status_code == 302


def test_right_ones_do_not_count(people: None) -> None:
    assert {attempt("root", PASSWORD).status_code for _ in range(25)} == {302}


def test_behind_a_proxy_the_address_is_what_the_proxy_wrote(people: None, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert throttle.address_of({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "made-up, 198.51.100.7"}) == "198.51.100.7"
    settings.SECURE_PROXY_SSL_HEADER = None
    assert throttle.address_of({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}) == "10.0.0.1"


def test_no_name_is_kept_in_the_clear(people: None) -> None:
    attempt("my-secret-in-the-wrong-field")
    assert all("secret" not in row.key for row in AttemptWindow.objects.all())


def test_what_is_over_is_swept_away(people: None) -> None:
    AttemptWindow.objects.create(key="old", over_at_ms=1)
    attempt("root")
    assert not AttemptWindow.objects.filter(key="old").exists()


@pytest.mark.django_db(transaction=True)
def test_attempts_made_together_do_not_slip_through() -> None:
    def begin(n: int) -> bool:
        try:
            return throttle.begin("root", f"192.0.2.{n}").retry_after_ms is None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(16))) == throttle.FAILURES_OF_A_NAME


@pytest.mark.django_db
def test_an_unknown_name_takes_as_long_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    # A tenth of what it takes otherwise, and still far more than all the rest of a request.
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 100_000)
    User.objects.create_superuser("root", password=PASSWORD)

    def seconds(name: str) -> float:
        begun = time.process_time()
        attempt(name)
        return time.process_time() - begun

    seconds("root")
    known, unknown = (median(seconds(name) for _ in range(3)) for name in ("root", "nobody-of-that-name"))
    assert 0.5 < unknown / known < 2
