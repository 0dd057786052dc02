"""`aos config`: what is configured, and where it comes from."""

from __future__ import annotations

from typing import Any

import click

from aos_sdk import ConfigurationError
from aos_sdk._transport import checked_base_url
from aos_sdk.cli.refusals import usage
from aos_sdk.cli.settings import SETTINGS, config_path, profile_meant, profiles_in, read_config, write_config
from aos_sdk.cli.verbs import Session, column, verb

CHANGEABLE = click.Choice([name for name in SETTINGS if name != "key"])


@click.group()
def config() -> None:
    """Look at and change what is configured."""


@config.command()
@verb
def path(session: Session, /) -> None:
    """Print where the profiles are kept."""
    if session.paper.form == "text":
        session.paper.form = "ids"  # the path alone, so that another command can be given it
    session.paper.one({"path": str(config_path())}, name="path")


@config.command("list")
@verb
def list_(session: Session, /) -> None:
    """List the profiles; keys are not shown."""
    kept = read_config()
    current = kept.get("current") or "default"
    rows = [
        {"profile": name, "current": name == current, "url": each.get("url"), "agent": each.get("agent"), "key": _masked(each.get("key"))}
        for name, each in profiles_in(kept).items()
    ]
    session.paper.many(rows, name="profile", columns=column("profile", "current", "url", "agent", "key"))


def _masked(key: Any) -> str | None:
    # The part before the secret is what the server lists a key by.
    return None if not key else str(key).rpartition("_")[0] + "_…" if "_" in str(key) else "…"


@config.command()
@verb
def show(session: Session, /) -> None:
    """Show what holds here, and where each part comes from."""
    found = session.settings
    values = {
        "profile": found.profile,
        "url": found.url,
        "url_from": found.url_from,
        "key": _masked(found.key),
        "key_from": found.key_from,
        "agent": found.agent,
    }
    session.paper.one(values, name="url")


@config.command("set")
@click.argument("name", type=CHANGEABLE)
@click.argument("value")
@verb
def set_(session: Session, /, *, name: str, value: str) -> None:
    """Set NAME of the profile; a key is kept by `aos login`."""
    if name == "url":
        _check_address(value)
    kept, profile = _profile(session)
    profiles = profiles_in(kept)
    profiles[profile] = {**profiles.get(profile, {}), name: value}
    if name == "url" and profiles[profile].pop("key", None):
        session.paper.note("the key was for another server and is forgotten; keep one for this: aos login", "yellow")
    write_config(str(kept.get("current") or profile), profiles)


def _check_address(text: str) -> None:
    try:
        checked_base_url(text)
    except ConfigurationError as error:
        raise usage(error.message) from None


@config.command()
@click.argument("name", type=CHANGEABLE)
@verb
def unset(session: Session, /, *, name: str) -> None:
    """Take NAME out of the profile."""
    kept, profile = _profile(session)
    profiles = profiles_in(kept)
    profiles.get(profile, {}).pop(name, None)
    write_config(str(kept.get("current") or profile), profiles)


@config.command()
@click.argument("profile")
@verb
def use(session: Session, /, *, profile: str) -> None:
    """Make PROFILE the current one."""
    kept = read_config()
    profiles = profiles_in(kept)
    if profile not in profiles:
        raise usage(f"there is no profile '{profile}'", "aos config list")
    write_config(profile, profiles)


def _profile(session: Session) -> tuple[dict[str, Any], str]:
    return read_config(), profile_meant(session.given.get("profile"))
