"""`manage.py api_keys`: lists, makes and revokes the keys by which programs get in."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from typing import Any

from agents.actors import is_member
from agents.selectors import get_key, key_json, list_keys
from agents.tenancy import SCOPES, create_key, revoke_key
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from skills.refusal import Refusal


def tell_all(keys: list[dict[str, Any]], paper: Paper) -> None:
    """Print a table of keys, none of which can be told whole any more."""
    if not keys:
        paper.line("there is no API key yet; make one: manage.py api_keys create NAME --scope runs:read")
        return
    names = ("key_id", "name", "prefix", "state")
    last = [(key["owner"] or "nobody", key["last_used_at"] or "never", " ".join(key["scopes"])) for key in keys]
    rows = [[*(key[name] for name in names), *told] for key, told in zip(keys, last, strict=True)]
    paper.table(("key", "name", "prefix", "state", "owner", "last used", "scopes"), rows)


def tell_made(key: dict[str, Any], paper: Paper) -> None:
    """Print a new key; its secret is shown here and nowhere else again."""
    told = [("key", key["key_id"]), ("name", key["name"]), ("scopes", " ".join(key["scopes"])), ("owner", key["owner"] or "nobody")]
    paper.pairs([*told, ("API key", f"{key['api_key']}   (shown once)")])


class Command(RuntimeCommand):
    help = "Lists, makes and revokes API keys."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|create|revoke")
        listing = actions.add_parser("list", help="List the keys, newest first, revoked ones too.")
        making = actions.add_parser("create", help="Make a key and show it, this once.")
        making.add_argument("name", help="What the key is for.")
        making.add_argument(
            "--scope", action="append", required=True, metavar="SCOPE", help=f"What it may do, again for each: {', '.join(SCOPES)}."
        )
        making.add_argument("--for", dest="owner", default="", metavar="USER", help="The member who gets it: the two count as one actor.")
        revoking = actions.add_parser("revoke", help="Make a key useless from now on.")
        revoking.add_argument("key_id", metavar="KEY_ID", help="Id of the key, key_…, as the list shows it.")
        for action in (listing, making, revoking):
            # Beside the action too, where people look for them; what stands before it is kept.
            action.add_argument("--tenant", default=SUPPRESS, help=SUPPRESS)
            action.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def respond(self, options: dict[str, Any]) -> int:
        return {"list": self._list, "create": self._create, "revoke": self._revoke}[options["action"]](options)

    def _list(self, options: dict[str, Any]) -> int:
        keys = [key_json(key) for key in list_keys(tenant=self.tenant)]
        if options["json"]:
            self.print_json({"data": keys, "next_cursor": None})
        else:
            tell_all(keys, self.paper)
        return exits.OK

    def _create(self, options: dict[str, Any]) -> int:
        owner = options["owner"]
        if owner and not is_member(self.tenant, owner):
            fault = {"pointer": "/for", "code": "INVALID_INPUT", "detail": f"'{owner}' is no active member of {self.tenant.slug}"}
            raise Refusal("INVALID_INPUT", fault["detail"], errors=[fault], suggestions=["Name a member by user name, or leave it out."])
        row, plaintext = create_key(self.tenant, options["name"], options["scope"], owner=owner)
        key = key_json(row) | {"api_key": plaintext}
        if options["json"]:
            self.print_json(key)
        else:
            tell_made(key, self.paper)
        return exits.OK

    def _revoke(self, options: dict[str, Any]) -> int:
        row = get_key(tenant=self.tenant, key_id=options["key_id"])
        revoke_key(row)
        if options["json"]:
            self.print_json(key_json(row))
        else:
            self.paper.line(f"revoked {row.public_id} ({row.name})")
        return exits.OK
