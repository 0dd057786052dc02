"""Claims become roles by what the settings say, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from agents.sign_in.claims import Mapped, actor_of, roles_in, subject_of
from aos_site.sign_in import issuer_url, roles_table

TABLE = Mapped({"devs": ("acme:developer",), "watchers": ("acme:viewer", "rival:viewer")})


@pytest.mark.parametrize(
    ("claims", "mapped", "roles"),
    [
        pytest.param({"groups": ["devs"]}, TABLE, {"acme": "developer"}, id="a-group"),
        pytest.param({"groups": "devs"}, TABLE, {"acme": "developer"}, id="one-text"),
        pytest.param({"groups": ["watchers", "devs"]}, TABLE, {"acme": "developer", "rival": "viewer"}, id="the-role-that-may-most"),
        pytest.param({"groups": ["strangers", 1, None, ["devs"]]}, TABLE, {}, id="what-nobody-mapped"),
        pytest.param({}, TABLE, {}, id="no-claim"),
        pytest.param({"groups": ["acme:tenant_admin"]}, TABLE, {}, id="a-group-that-looks-like-a-role"),
        pytest.param(
            {"roles": ["acme:operator", "acme:root", ":viewer", "x"]}, Mapped({}, roles_claim="roles"), {"acme": "operator"}, id="roles"
        ),
        pytest.param(
            {"realm_access": {"roles": ["devs"]}}, Mapped(TABLE.table, "realm_access.roles"), {"acme": "developer"}, id="a-claim-within"
        ),
        pytest.param(
            {"https://x.example/groups": ["devs"]}, Mapped(TABLE.table, "https://x.example/groups"), {"acme": "developer"}, id="a-url"
        ),
    ],
)
def test_it_maps_groups_to_roles(claims: dict[str, Any], mapped: Mapped, roles: dict[str, str]) -> None:
    assert roles_in(claims, mapped) == roles


@pytest.mark.parametrize("subject", [None, "", 5, "a" * 192, "a\nb", ["a"]])
def test_it_knows_nobody_by_that(subject: Any) -> None:
    assert subject_of({"sub": subject}) is None


@pytest.mark.parametrize(
    ("claims", "actor"),
    [
        pytest.param({"sub": "ada", "azp": "console"}, "person:ada", id="a-person"),
        pytest.param({"sub": "robot", "client_id": "robot"}, "service:robot", id="a-program"),
        pytest.param({"sub": "robot@clients", "azp": "robot"}, "service:robot@clients", id="a-program-with-a-suffix"),
    ],
)
def test_it_tells_people_from_programs(claims: dict[str, Any], actor: str) -> None:
    assert actor_of(claims, claims["sub"]) == actor


@pytest.mark.parametrize("text", ["no json", "[]", '{"devs": "acme"}', '{"devs": "acme:root"}', '{"devs": [":viewer"]}', '{"devs": 5}'])
def test_a_table_that_makes_no_sense_stops_the_start(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="AOS_OIDC_ROLES"):
        roles_table(text)


def test_it_reads_a_table() -> None:
    assert roles_table("") == {}
    assert roles_table('{"devs": "acme:developer", "all": ["acme:viewer", "rival:viewer"]}') == {
        "devs": ("acme:developer",),
        "all": ("acme:viewer", "rival:viewer"),
    }


@pytest.mark.parametrize(
    "text", ["http://id.example.org", "id.example.org", "https://", "https://a@b.example", "https://b.example/?x=1", "https://[b"]
)
def test_an_issuer_nobody_can_be_sure_of_stops_the_start(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="AUTH_SERVICE_URL"):
        issuer_url(text)


@pytest.mark.parametrize("text", ["", "https://id.example.org", "https://id.example.org/realms/a", "http://127.0.0.1:9000"])
def test_an_issuer_by_tls_or_on_this_machine_will_do(text: str) -> None:
    assert issuer_url(text) == text
