"""Where the server is and which key to show it: flag, environment, `aos.toml`, the profile, the default, in this order."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from aos_sdk.cli.refusals import Refusal, plain, usage

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_URL = "http://127.0.0.1:8000"
SETTINGS = ("url", "agent", "key")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Settings:
    """What holds for one command, and where each part came from."""

    url: str
    key: str | None
    agent: str | None
    profile: str
    url_from: str
    key_from: str


def config_path() -> Path:
    """Return where the profiles are kept."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "aos" / "config.toml"


def read_config() -> dict[str, Any]:
    """Return what is kept, empty where nothing is. Raises Refusal for a file that cannot be read."""
    return _read(config_path())


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise usage(f"{path} cannot be read: {plain(error)}", f"correct it or move it away: {path}") from None
    return found


def profiles_in(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the profiles by name."""
    found = config.get("profiles")
    return {name: dict(each) for name, each in found.items() if isinstance(each, dict)} if isinstance(found, dict) else {}


def write_config(current: str, profiles: Mapping[str, Mapping[str, Any]]) -> Path:
    """Keep the profiles, for their owner's eyes only, in one step: a reader sees the old file or the new one."""
    lines = [f"current = {_quoted(current)}"]
    for name, profile in profiles.items():
        lines += ["", f"[profiles.{name}]", *(f"{key} = {_quoted(str(profile[key]))}" for key in SETTINGS if profile.get(key))]
    path = config_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes the file with mode 0600.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".config-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        os.replace(temporary, path)
    except OSError as error:
        raise usage(f"{path} cannot be written: {plain(error)}") from None
    return path


def _quoted(text: str) -> str:
    # What JSON escapes, TOML escapes the same way, but for the one character JSON leaves alone.
    return json.dumps(text, ensure_ascii=True).replace("\x7f", "\\u007f")


def checked_name(name: str) -> str:
    """Return the name of a profile. Raises Refusal for what can be none."""
    if not _NAME.fullmatch(name):
        raise usage(f"'{name}' cannot be the name of a profile: letters, digits, - and _")
    return name


def project_file() -> dict[str, Any]:
    """Return what the nearest `aos.toml` says, from here upward."""
    here = Path.cwd()
    path = next((each / "aos.toml" for each in (here, *here.parents) if (each / "aos.toml").is_file()), None)
    if path is None:
        return {}
    found = _read(path)
    if "key" in found:
        raise usage(f"{path} holds a key: files of a project are shared", "take it out of the file, revoke it, and use: aos login")
    return found


def resolve(url: str | None = None, profile: str | None = None) -> Settings:
    """Return what holds, by the order above. Raises Refusal."""
    project, config = project_file(), read_config()
    profiles = profiles_in(config)
    named_by, name = _named(profile, project, config)
    if named_by and name not in profiles:
        raise usage(f"there is no profile '{name}', which {named_by} names", "aos config list", f"aos --profile {name} login")
    own = profiles.get(name, {})
    url_from, address = _address(url, project, own)
    key_from, key = _key(address, own, profiles)
    if key_from.startswith("AOS_") and url_from == "aos.toml":
        _refuse_stranger(key_from, address, profiles)
    agent = os.environ.get("AOS_AGENT") or project.get("agent") or own.get("agent")
    return Settings(_origin(address), key, agent, name, url_from, key_from)


def profile_meant(flag: str | None) -> str:
    """Return the name of the profile that is to be written, which need not be there yet. Raises Refusal."""
    return _named(flag, project_file(), read_config())[1]


def address_for(url: str | None, own: Mapping[str, Any]) -> str:
    """Return where the server of a profile is, by the order above."""
    return _origin(_address(url, project_file(), own)[1])


def _named(flag: str | None, project: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[str, str]:
    """Return what names the profile, empty where it is only the current one, and its name."""
    ways = (("--profile", flag), ("AOS_PROFILE", os.environ.get("AOS_PROFILE")), ("aos.toml", project.get("profile")))
    named_by, name = next(((source, value) for source, value in ways if value), ("", config.get("current") or "default"))
    return named_by, checked_name(str(name))


def _address(url: str | None, project: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[str, str]:
    ways = (("--url", url), ("AOS_API_URL", os.environ.get("AOS_API_URL")), ("aos.toml", project.get("url")), ("profile", own.get("url")))
    return next(((source, str(value)) for source, value in ways if value), ("default", DEFAULT_URL))


def _refuse_stranger(key_from: str, url: str, profiles: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise Refusal where a file of a project, which anybody may have written, would have a key of the environment sent to its server."""
    if _origin(url) not in {_origin(str(profile.get("url") or DEFAULT_URL)) for profile in profiles.values()}:
        detail = f"aos.toml names the server {url}, to which nobody here has signed in, and {key_from} does not say which server it is for"
        raise usage(detail, f"if it is for this one: export AOS_API_URL={quote(url)}", f"else: aos --url {quote(url)} login")


def _origin(url: str) -> str:
    return url.strip().rstrip("/").removesuffix("/api/v1")


def _key(url: str, own: Mapping[str, Any], profiles: Mapping[str, Mapping[str, Any]]) -> tuple[str, str | None]:
    if os.environ.get("AOS_API_KEY"):
        return "AOS_API_KEY", os.environ["AOS_API_KEY"].strip()
    path = os.environ.get("AOS_API_KEY_FILE")
    if path:
        try:
            return "AOS_API_KEY_FILE", Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Refusal("KEY_FILE", f"the key file {path} cannot be read: {plain(error)}", exit_code=4) from None
    # A kept key goes to the server it was kept for and to no other, whatever a file of a project names.
    for profile in (own, *profiles.values()):
        if profile.get("key") and _origin(str(profile.get("url") or DEFAULT_URL)) == _origin(url):
            return "profile", str(profile["key"])
    return "none", None
