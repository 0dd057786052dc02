"""Where the server is and which key it is shown: the order, the file, and that a key goes nowhere else."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aos_sdk.cli import settings
from aos_sdk.cli.refusals import Refusal
from pytest_httpserver import HTTPServer

from tests.conftest import PROJECT
from tests.sdk.python.conftest import KEY, Told, problem
from tests.sdk.python.test_retries import Answering
from tests.sdk.python.wire import Wire, json_answer

Aos = Callable[..., Told]
WHO = {"tenant": "acme", "name": "alice", "kind": "api_key", "key_id": "key_1", "scopes": ["runs:read"], "limits": {}}


@pytest.fixture
def alone(aos: Aos, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Aos:
    """Return the command line without anything in its environment, in an empty folder."""
    monkeypatch.delenv("AOS_API_URL")
    monkeypatch.delenv("AOS_API_KEY")
    monkeypatch.chdir(tmp_path)
    return aos


def login(aos: Aos, url: str, monkeypatch: pytest.MonkeyPatch, key: str = KEY, *more: str) -> Told:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{key}\n"))
    return aos("--url", url, "login", *more)


def test_login_tries_a_key_and_keeps_it_for_its_owner_only(
    alone: Aos, httpserver: HTTPServer, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = answering((200, WHO))
    told = login(alone, httpserver.url_for(""), monkeypatch)
    assert told.code == 0
    assert answers.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert stat.S_IMODE(settings.config_path().stat().st_mode) == 0o600
    assert KEY not in told.out + told.err
    assert json.loads(alone("whoami", "--json").out) == WHO
    assert alone("config", "list").out.split("\t")[-1] == "aos_test_abc_…\n"
    assert KEY not in alone("config", "show").out
    assert alone("logout").code == 0
    assert alone("whoami").code == 4
    assert alone("logout").code == 4


def test_login_keeps_no_key_that_is_refused(
    alone: Aos, httpserver: HTTPServer, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering((401, problem(401, "PERMISSION_DENIED")))
    assert login(alone, httpserver.url_for(""), monkeypatch).code == 4
    assert login(alone, httpserver.url_for(""), monkeypatch, "").code == 2
    assert not settings.config_path().exists()


def test_the_order_is_flag_environment_project_profile_default(alone: Aos, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def found(flag: str | None = None) -> tuple[str, str]:
        resolved = settings.resolve(flag)
        return resolved.url, resolved.url_from

    assert found() == ("http://127.0.0.1:8000", "default")
    settings.write_config("default", {"default": {"url": "https://profile", "key": KEY}})
    assert found() == ("https://profile", "profile")
    (tmp_path / "aos.toml").write_text('url = "https://project"\nagent = "scout"\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert found() == ("https://project", "aos.toml")
    assert settings.resolve().agent == "scout"
    monkeypatch.setenv("AOS_API_URL", "https://environment")
    assert found() == ("https://environment", "AOS_API_URL")
    assert found("https://flag/api/v1/") == ("https://flag", "--url")


def test_a_kept_key_goes_to_no_other_server(alone: Aos, tmp_path: Path) -> None:
    settings.write_config("default", {"default": {"url": "https://mine", "key": KEY}, "work": {"url": "https://work", "key": "aos_w"}})
    assert settings.resolve().key == KEY
    (tmp_path / "aos.toml").write_text('url = "https://evil.example"\n')
    assert settings.resolve().key is None
    assert alone("runs", "list").code == 4
    assert settings.resolve("https://work").key == "aos_w"
    assert settings.resolve("https://mine", "work").key == KEY


@pytest.mark.parametrize("variable", ["AOS_API_KEY", "AOS_API_KEY_FILE"])
def test_a_key_of_the_environment_goes_to_no_server_a_project_alone_names(
    alone: Aos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    (tmp_path / "key").write_text(KEY)
    monkeypatch.setenv(variable, KEY if variable == "AOS_API_KEY" else str(tmp_path / "key"))
    (tmp_path / "aos.toml").write_text('url = "https://evil.example"\n')
    told = alone("runs", "list")
    assert told.code == 2
    assert "export AOS_API_URL=https://evil.example" in told.err
    assert KEY not in told.err
    monkeypatch.setenv("AOS_API_URL", "https://evil.example")
    assert settings.resolve().key == KEY
    monkeypatch.delenv("AOS_API_URL")
    settings.write_config("default", {"default": {"url": "https://evil.example", "key": "aos_other"}})
    assert settings.resolve().key == KEY


def test_a_key_in_a_file_of_a_project_is_refused(alone: Aos, tmp_path: Path) -> None:
    (tmp_path / "aos.toml").write_text(f'key = "{KEY}"\n')
    told = alone("runs", "list")
    assert told.code == 2
    assert "aos login" in told.err
    assert KEY not in told.err


def test_another_server_needs_another_key(alone: Aos) -> None:
    settings.write_config("default", {"default": {"url": "https://mine", "key": KEY}})
    assert alone("config", "set", "url", "https://other").code == 0
    assert settings.resolve().key is None
    assert alone("config", "set", "agent", 'sco"ut\\').code == 0
    assert settings.resolve().agent == 'sco"ut\\'
    assert alone("config", "unset", "agent").code == 0
    assert settings.resolve().agent is None


def test_profiles_are_chosen_by_name(alone: Aos, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.write_config("a", {"a": {"url": "https://a"}, "b": {"url": "https://b"}})
    assert settings.resolve().url == "https://a"
    assert settings.resolve(None, "b").url == "https://b"
    monkeypatch.setenv("AOS_PROFILE", "b")
    assert settings.resolve().url == "https://b"
    monkeypatch.delenv("AOS_PROFILE")
    assert alone("config", "use", "b").code == 0
    assert settings.resolve().url == "https://b"


def test_a_profile_that_is_not_there_is_told_with_what_names_it(alone: Aos, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings.write_config("default", {"default": {"url": "https://mine", "key": KEY}})
    (tmp_path / "aos.toml").write_text('profile = "projects"\n')
    for named_by, name in (("aos.toml", "projects"), ("AOS_PROFILE", "typo")):
        if named_by == "AOS_PROFILE":
            monkeypatch.setenv(named_by, name)
        for words in (("runs", "list"), ("config", "show"), ("doctor",)):
            told = alone(*words)
            assert told.code == 2, told
            assert told.err.startswith(f"error[USAGE]: there is no profile '{name}', which {named_by} names")
            assert f"try: aos --profile {name} login" in told.err


def test_what_is_kept_is_kept_under_the_profile_that_is_meant(
    alone: Aos, httpserver: HTTPServer, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering((200, WHO))
    settings.write_config("default", {"default": {"url": "https://mine", "key": KEY}})
    monkeypatch.setenv("AOS_PROFILE", "work")
    assert login(alone, httpserver.url_for(""), monkeypatch, "aos_test_work").code == 0
    assert alone("config", "set", "agent", "scout").code == 0
    kept = settings.profiles_in(settings.read_config())
    assert (kept["default"], kept["work"]["key"], kept["work"]["agent"]) == ({"url": "https://mine", "key": KEY}, "aos_test_work", "scout")
    assert alone("logout").code == 0
    assert settings.profiles_in(settings.read_config())["default"]["key"] == KEY


@pytest.mark.parametrize("content", [b"current = ", b"\xff\xfe", b'profiles = "x"\ncurrent = 7'])
def test_a_configuration_that_cannot_be_read_is_told(content: bytes, alone: Aos) -> None:
    path = settings.config_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    told = alone("runs", "list")
    assert told.code in (2, 4)
    assert "Traceback" not in told.err


def test_a_key_file_is_read(alone: Aos, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("AOS_API_KEY_FILE", str(tmp_path / "key"))
    assert settings.resolve().key == KEY
    monkeypatch.setenv("AOS_API_KEY_FILE", str(tmp_path / "nothing"))
    with pytest.raises(Refusal) as raised:
        settings.resolve()
    assert raised.value.exit_code == 4


def test_the_doctor_finds_everything_well(aos: Aos, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/readyz").respond_with_json({"status": "ready"})
    httpserver.expect_request("/api/v1/whoami").respond_with_json(WHO)
    httpserver.expect_request("/api/v1/runtime/capabilities").respond_with_json({"version": "1"})
    told = aos("doctor")
    assert told.code == 0
    assert [line.split()[0] for line in told.out.splitlines()] == ["✓"] * 5
    assert [each["check"] for each in json.loads(aos("doctor", "--json").out)["data"]] == ["address", "server", "clock", "key", "versions"]


def test_the_doctor_says_what_to_do(aos: Aos, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    late = b"HTTP/1.1 503 No\r\nDate: Thu, 01 Jan 2015 00:00:00 GMT\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    with Wire([late, json_answer(b'{"code": "PERMISSION_DENIED", "detail": "no"}', "401 No")]).serving() as wire:
        monkeypatch.setenv("AOS_API_URL", wire.url)
        told = aos("doctor")
    assert told.code == 7
    assert told.out.count("  try: ") == 3
    assert "differs by" in told.out
    monkeypatch.setenv("AOS_API_URL", "http://127.0.0.1:1")
    assert aos("doctor").code == 7
    monkeypatch.setenv("AOS_API_URL", "nowhere")
    assert aos("doctor").code == 2
    monkeypatch.setenv("AOS_API_URL", httpserver.url_for(""))
    monkeypatch.delenv("AOS_API_KEY")
    httpserver.expect_request("/readyz").respond_with_json({})
    assert aos("doctor").code == 4


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell: str, aos: Aos) -> None:
    assert "_AOS_COMPLETE" in aos("completion", shell).out


def test_completion_completes_in_a_shell(aos: Aos, tmp_path: Path) -> None:
    command = tmp_path / "aos"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m aos_sdk.cli "$@"\n')
    command.chmod(0o755)
    (tmp_path / "completion").write_text(aos("completion", "bash").out)
    typed = 'source completion; COMP_WORDS=(aos replay run_1 --mode ""); COMP_CWORD=4; _aos_completion aos; echo "${COMPREPLY[@]}"'
    surroundings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(PROJECT / "sdk/python/src"), "HOME": str(tmp_path)}
    done = subprocess.run(["bash", "-c", typed], cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["verify", "tape", "live", "what-if"]


def test_dev_starts_the_checkout_found_from_here_upward(alone: Aos, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, command: started.append(command))
    assert alone("dev").code == 2
    home = tmp_path / "checkout"
    (home / "aos_site").mkdir(parents=True)
    (home / "manage.py").touch()
    (home / "below").mkdir()
    monkeypatch.chdir(home / "below")
    assert alone("dev", "--port", "8123", "--db", "x.sqlite3").code == 0
    assert started[0][1:] == ["manage.py", "dev", "--port", "8123", "--db", str(home / "below" / "x.sqlite3")]
    assert Path.cwd() == home
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AOS_HOME", str(home))
    assert alone("dev").code == 0
    assert started[1][1:] == ["manage.py", "dev"]


def test_help_loads_neither_the_client_nor_the_types() -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "sdk/python/src")}
    command = "import sys, aos_sdk.cli.app as app; app.run(['--help']); sys.exit('httpx' in sys.modules or 'aos_sdk.types' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], env=environment, capture_output=True, check=False).returncode == 0
