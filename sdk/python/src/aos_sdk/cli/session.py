"""`aos login`, `aos logout`, `aos whoami`: whose key is used, and where it is kept."""

from __future__ import annotations

import sys

import click

from aos_sdk import AOS, ConfigurationError, NotFoundError, Record
from aos_sdk.cli.refusals import Refusal, usage
from aos_sdk.cli.settings import address_for, profile_meant, profiles_in, read_config, write_config
from aos_sdk.cli.verbs import Session, verb


@click.command()
@click.option("--as", "name", metavar="PROFILE", help="Keep it under this name; else --profile, else the current one.")
@verb
def login(session: Session, /, *, name: str | None) -> None:
    """Keep a key, read from a prompt or standard input, after trying it."""
    config = read_config()
    profiles = profiles_in(config)
    profile = profile_meant(name or session.given.get("profile"))
    # A new profile is most likely for the server that is in use.
    beside = profiles.get(str(config.get("current")), {})
    url = address_for(session.given.get("url"), profiles.get(profile, beside))
    key = _given_key()
    who = _tried(key, url)
    profiles[profile] = {**profiles.get(profile, {}), "url": url, "key": key}
    path = write_config(profile, profiles)
    session.paper.note(f"kept in {path} as profile '{profile}', which is now the one that is used", "green")
    session.paper.one({"profile": profile, "url": url, **who}, name="profile")


def _given_key() -> str:
    typed = click.prompt("API key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    key = str(typed).strip()
    if not key:
        raise usage("no key came on standard input", "aos login < file-with-the-key")
    return key


def _tried(key: str, url: str) -> Record:
    try:
        with AOS(key, url) as client:
            return _who(client)
    except ConfigurationError as error:
        raise usage(error.message) from None


def _who(client: AOS) -> Record:
    try:
        return client.whoami()
    except NotFoundError:
        # An older server cannot say who it is, and refuses a bad key all the same.
        client.skills.list().first()
        return Record({"name": None})


@click.command()
@verb
def logout(session: Session, /) -> None:
    """Forget the key of the profile. It stays valid: `aos keys revoke` ends it."""
    config = read_config()
    profiles = profiles_in(config)
    name = profile_meant(session.given.get("profile"))
    if not profiles.get(name, {}).get("key"):
        raise Refusal("NO_KEY", f"the profile '{name}' has no key", exit_code=4, tries=["aos config list"])
    profiles[name].pop("key")
    write_config(str(config.get("current") or name), profiles)
    session.paper.note(f"forgot the key of profile '{name}'; it stays valid until it is revoked")


@click.command()
@verb
def whoami(session: Session, /) -> None:
    """Tell whose key this is and what it may do."""
    who = session.client.whoami()
    session.paper.one(who, name="name", rows=[("server", session.settings.url), *((name, value) for name, value in who.items())])
