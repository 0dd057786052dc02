"""Names failures that are the same in kind: a message without what varies from case to case, hashed with where it happened."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from skills.canonical import digest

# Long enough to tell causes apart, short enough that a page of HTML in a message costs nothing.
READ_CHARACTERS = 2_000
KEPT_CHARACTERS = 300
LONGEST_HOST = 255

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?[ ])?"
_TIME = r"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[ ]?(?:z|utc|gmt|[+-]\d\d:?\d\d)\b)?"
_HEXTETS = r"[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}+"
_SHORT_IPV6 = rf"(?:{_HEXTETS})?::(?:{_HEXTETS})?(?:\.\d{{1,3}}){{0,3}}"
_LONG_IPV6 = r"(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"

# One pass, leftmost alternative first. Every repetition is bounded, or over a character class that its successor cannot
# begin with, so no text makes it look at a character more than a bounded number of times.
_VARYING = re.compile(
    rf"""
    # Somebody's own text that reads like one of our names for what varies: it must not pass for what it imitates.
    (?P<literal><(?=\\*(?:quoted|date|ip|id|n)>))
    |(?P<quoted>"[^"]*"|`[^`]*`|(?<!\w)'[^']*'(?!\w)|“[^“”]*”|«[^«»]*»|‘[^‘’]*’(?!\w))
    # What begins where a word begins; asked once, because most characters stand within a word.
    |(?<!\w)(?=[a-z0-9])(?:
        (?P<url>[a-z][a-z0-9+-]{{1,14}}://[^\s"'`<>“”«»]+)
        |(?P<date>
            \d{{4}}[-/]\d\d[-/]\d\d(?:[t ]{_TIME})?
            |{_WEEKDAY}\d{{1,2}}[ -]{_MONTH}[ -]\d{{4}}(?:[ ]{_TIME})?
            |{_WEEKDAY}{_MONTH}[ ]{{1,2}}\d{{1,2}}(?:,?[ ]\d{{4}})?(?:[ ]{_TIME}(?:[ ]\d{{4}})?)?(?!\w)
         )
        |(?P<ip>
            (?<!\.)\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?:/\d{{1,2}})?(?::\d{{1,5}})?(?![\w.:]\w)
            |(?<![:.])(?:(?=[a-f:]*\d){_SHORT_IPV6}|{_LONG_IPV6})(?:%\w{{1,15}}|/\d{{1,3}})?(?![\w:])
         )
        |(?P<id>
            [0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}\b
            |[a-z]{{2,4}}_[0-9a-z]{{16,64}}\b
            |0x[0-9a-f]+\b
            |[0-9a-f]{{12,}}\b
            |(?=[a-f]*\d)[0-9a-f]{{8,}}\b
            |(?:[0-9a-f]{{2}}[:-]){{5}}[0-9a-f]{{2}}\b
            |(?=[a-z]*\d+[a-z]+\d)[0-9a-z]{{16,}}\b
            |(?<![.%+-])[a-z0-9][\w.%+-]{{0,63}}+@[a-z0-9][a-z0-9.-]{{0,252}}+
         )
        |(?P<host>(?<![.-])(?:[a-z0-9][a-z0-9-]{{0,62}}+\.){{1,8}}[a-z]{{2,24}}):\d{{1,5}}\b
     )
    |(?P<ip_alone>
        \[(?:{_SHORT_IPV6}|{_LONG_IPV6})(?:%\w{{1,15}})?\](?::\d{{1,5}})?
        |(?<![\w:.])::(?=[a-f:]*\d)(?:{_HEXTETS})(?:\.\d{{1,3}}){{0,3}}(?:%\w{{1,15}}|/\d{{1,3}})?(?![\w:])
     )
    |(?P<n>\d+(?:[.,:]\d+)*)
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"\s+")
_VERSION = re.compile(r"v\d{1,4}")
_AFTER_URL = ".,;:!?)]}"
# Longer words of a path are keys, whatever they are made of.
_LONGEST_PATH_WORD = 40


def normalise(text: str) -> str:
    """Return the text with everything that varies from case to case replaced by a name for it.

    No text that spells out such a name gives what the name stands for: `<n>` in a message is kept as `<\\n>`.
    """
    printable = _closed(text).encode("utf-8", "replace").decode("utf-8").lower()
    return _SPACE.sub(" ", _VARYING.sub(_named, printable)).strip()[:KEPT_CHARACTERS]


def _closed(text: str) -> str:
    """Return the part of a text that is read; a quotation it is cut in ends there."""
    read = text[:READ_CHARACTERS]
    if len(text) > READ_CHARACTERS and read.count('"') % 2:
        return read + '"'
    return read


def _named(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind == "literal":
        return "<\\"
    if kind == "url":
        return _named_url(found.group())
    return found["host"] if kind == "host" else f"<{'ip' if kind == 'ip_alone' else kind}>"


def _named_url(url: str) -> str:
    """Return a URL without user, port, query and whatever in its path is the name of one thing."""
    whole = url.rstrip(_AFTER_URL)
    scheme, _, rest = whole.partition("://")
    place = re.split(r"[?#]", rest, maxsplit=1)[0]
    authority, slash, path = place.partition("/")
    words = [_named_word(word) for word in path.split("/")] if slash else []
    return f"{scheme}://{_named_host(authority.rpartition('@')[2])}{''.join(f'/{word}' for word in words)}{url[len(whole) :]}"


def _named_host(authority: str) -> str:
    host = authority.partition("]")[0] + "]" if authority.startswith("[") else authority.partition(":")[0]
    return "<ip>" if host.startswith("[") or host.replace(".", "").isdigit() else host


def _named_word(word: str) -> str:
    if _VERSION.fullmatch(word):
        return "v<n>"
    return "<id>" if len(word) > _LONGEST_PATH_WORD or any(character.isdigit() for character in word) else word


def host_of(target: str) -> str:
    """Return the host a target names, without port: of a URL, of `GET https://…`, of `host:port`; empty for none."""
    words = target.split()
    if not words:
        return ""
    last = words[-1]
    try:
        host = urlsplit(last if "//" in last else f"//{last}").hostname or ""
    except ValueError:
        return ""
    return host.encode("utf-8", "replace").decode("utf-8")[:LONGEST_HOST]


def grouped_by(*, skill: str, code: str, target: str, message: str) -> dict[str, str]:
    """Return the fields two failures must share to count as the same; the console shows them as "why grouped"."""
    return {"skill": skill, "code": code, "host": host_of(target), "cause": normalise(message)}


def signature_of(*, skill: str, code: str, target: str, message: str) -> str:
    """Return the signature: the digest of what the failure is grouped by."""
    return digest(grouped_by(skill=skill, code=code, target=target, message=message))
