"""`aos doctor`: checks address, server, key, clock and versions, each with what to do about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import click
import httpx

from aos_sdk import AOS, AOSError, ConfigurationError, NotFoundError
from aos_sdk._client import trust
from aos_sdk._transport import USER_AGENT, checked_base_url
from aos_sdk._version import VERSION
from aos_sdk.cli import exits
from aos_sdk.cli.printing import clean
from aos_sdk.cli.refusals import plain
from aos_sdk.cli.verbs import Session, verb

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
SKEW_SECONDS = 60
API_VERSION = "1"
Check = dict[str, Any]


def check(name: str, ok: bool | None, detail: str, hint: str = "", code: int = exits.OK) -> Check:
    """Return one finding; `ok` None stands for what could not be looked at."""
    return {"check": name, "ok": ok, "detail": detail, "hint": hint, "exit": code}


@click.command()
@verb
def doctor(session: Session, /) -> int:
    """Check address, server, key, clock and versions. Exit: 0 all is well, 4 the key is not, 7 the server is not."""
    found = list(checks(session))
    if session.paper.form == "text":
        for each in found:
            icon, colour = {True: ("✓", "green"), False: ("✕", "red"), None: ("·", "yellow")}[each["ok"]]
            mark = click.style(icon, fg=colour) if session.paper.is_terminal else icon
            session.paper.line(f"{mark} {each['check']}: {clean(each['detail'])}")
            if each["hint"] and not each["ok"]:
                session.paper.line(f"  try: {each['hint']}")
    else:
        told = [{name: value for name, value in each.items() if name != "exit"} for each in found]
        session.paper.many(told, name="check", columns=[])
    return max((each["exit"] for each in found), default=exits.OK)


def checks(session: Session) -> Iterator[Check]:
    """Yield the findings, from the outside inward; what depends on a failed one is not looked at."""
    settings = session.settings
    try:
        url = checked_base_url(settings.url)
    except ConfigurationError as error:
        yield check("address", False, error.message, "aos config set url https://…", exits.USAGE)
        return
    yield _address(url, settings.url_from)
    started = time.time()
    try:
        ready = httpx.get(f"{url}/readyz", timeout=10, headers={"User-Agent": USER_AGENT}, verify=trust())
    except httpx.HTTPError as error:
        yield check("server", False, f"no answer from {url}: {plain(error)}", _hint(url, error), exits.SERVER)
        return
    yield _server(ready)
    if ready.status_code not in (200, 503):
        return
    yield _clock(ready, started, time.time())
    if not settings.key:
        yield check("key", False, "there is none", "aos login", exits.NOT_ALLOWED)
        return
    yield from _key_and_versions(settings.key, url, settings.key_from)


def _hint(url: str, error: httpx.HTTPError) -> str:
    if "WRONG_VERSION_NUMBER" in str(error):
        return f"nobody speaks TLS there: http{url.removeprefix('https')}"
    return "aos dev" if httpx.URL(url).host in LOCAL else "is the address right, and the network there?"


def _address(url: str, source: str) -> Check:
    parsed = httpx.URL(url)
    if parsed.scheme == "http" and parsed.host not in LOCAL:
        return check("address", False, f"{url} ({source}): the key travels readable for everybody between", "use https://")
    return check("address", True, f"{url} ({source})")


def _server(answer: httpx.Response) -> Check:
    if answer.status_code == 200:
        return check("server", True, "ready")
    if answer.status_code == 503:
        hint = "is a worker running, and the database there?"
        return check("server", False, f"not ready: {answer.text[:200]}", hint, exits.SERVER)
    return check("server", False, f"answers {answer.status_code} for /readyz: is it AOS?", "aos config show", exits.SERVER)


def _clock(answer: httpx.Response, before: float, after: float) -> Check:
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return check("clock", None, "the server does not say what time it is")
    skew = theirs - after if theirs > after else before - 1 - theirs if theirs < before - 1 else 0.0
    if abs(skew) > SKEW_SECONDS:
        return check("clock", False, f"differs by {abs(skew):.0f} s from the server's", "set the clock: timedatectl set-ntp true")
    return check("clock", True, f"within {SKEW_SECONDS} s of the server's")


def _key_and_versions(key: str, url: str, source: str) -> Iterator[Check]:
    try:
        with AOS(key, url, timeout=10, max_retries=0) as client:
            yield _key(client, source)
            api = client.runtime.capabilities().version
    except ConfigurationError as error:
        yield check("key", False, f"{error.message} ({source})", "aos login", exits.NOT_ALLOWED)
        return
    except AOSError as error:
        # What else than a refused key goes wrong here is the server's affair.
        code = exits.NOT_ALLOWED if exits.exit_of_error(error) == exits.NOT_ALLOWED else exits.SERVER
        yield check(
            "key", False, f"{error.message} ({source})", "aos login", code if code in (exits.NOT_ALLOWED, exits.SERVER) else exits.SERVER
        )
        return
    same = str(api) == API_VERSION
    yield check("versions", same, f"aos {VERSION}, API {api}", "" if same else "take the aos-sdk that came with the server")


def _key(client: AOS, source: str) -> Check:
    try:
        who = client.whoami()
    except NotFoundError:
        return check("key", None, f"the server is older and cannot say whose it is ({source})")
    return check("key", True, f"{who.get('name')} of {who.get('tenant')} ({source})")
