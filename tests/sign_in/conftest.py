"""An identity provider as its own process, a site that believes it, and browsers made of httpx."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import jwt
import pytest

from agents.models import Tenant
from agents.sign_in import issuer
from agents.sign_in.claims import Mapped
from tests.conftest import PROJECT
from tests.live_site import a_live_site
from tests.processes import a_held_port, eventually

AUDIENCE = "aos-api"
TABLE = {
    "devs": ("acme:developer",),
    "watchers": ("acme:viewer",),
    "bosses": ("acme:tenant_admin", "rival:auditor"),
    "lost": ("nowhere:viewer",),
}
HIDDEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class IdentityProvider:
    """`python -m ops.identity_provider`, and the files it goes by."""

    def __init__(self, folder: Path, port: int, site_port: int) -> None:
        self.seed, self.state, self.log = folder / "seed.json", folder / "state", folder / "log"
        self.port, self.site_port = port, site_port
        self.url = f"http://127.0.0.1:{self.port}"
        self.callback = f"http://127.0.0.1:{self.site_port}/admin/sign-in/callback/"
        self._kids: dict[Path, str] = {}
        self.reset()
        command = [
            sys.executable,
            "-m",
            "ops.identity_provider",
            "--port",
            str(self.port),
            "--seed",
            str(self.seed),
            "--state",
            str(self.state),
        ]
        with self.log.open("ab") as output:
            environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
            self._process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)
        eventually(self._answers, f"the identity provider\n{self.log.read_text()[-2_000:]}")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/.well-known/jwks.json").is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def reset(self) -> None:
        """Seed everybody as they are at first."""
        names = {"ada": ["devs"], "bob": ["watchers"], "eve": ["strangers"], "lou": ["lost"], "meg": ["bosses", "devs", "admins"]}
        people = [
            {"username": name, "password": f"pw-{name}", "email": f"{name}@example.org", "email_verified": name != "bob", "groups": groups}
            for name, groups in names.items()
        ]
        client = {"client_id": "console", "secret": "s3cret", "redirect_uris": [self.callback], "groups": ["devs"]}
        self._write({"audience": AUDIENCE, "people": people, "clients": [client]})

    def put_in(self, name: str, *groups: str) -> None:
        """Make a person belong to these groups and no others, from the next token on."""
        told = json.loads(self.seed.read_text())
        next(person for person in told["people"] if person["username"] == name)["groups"] = list(groups)
        self._write(told)

    def _write(self, told: dict[str, Any]) -> None:
        fresh = self.seed.with_suffix(".fresh")
        fresh.write_text(json.dumps(told))
        fresh.replace(self.seed)

    def keys(self) -> list[Path]:
        return sorted(self.state.glob("*.pem"))

    def kid(self) -> str:
        """Return the id of the key that signs."""
        newest = self.keys()[-1]
        if newest not in self._kids:
            self._kids[newest] = str(httpx.get(f"{self.url}/.well-known/jwks.json").json()["keys"][-1]["kid"])
        return self._kids[newest]

    def own_token(self) -> str:
        """Return the token a program gets for itself."""
        answer = httpx.post(f"{self.url}/identity/o/api/token", data={"grant_type": "client_credentials"}, auth=("console", "s3cret"))
        return str(answer.raise_for_status().json()["access_token"])

    def forged(self, *, headers: dict[str, Any] | None = None, key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        """Sign a token by the provider's own key, or another, with claims of our choice; None leaves one out."""
        now = int(time.time())
        said = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 300, "groups": ["devs"], **claims}
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(
            kept, self.keys()[-1].read_text() if key is None else key, algorithm, headers={"kid": self.kid(), **(headers or {})}
        )


@pytest.fixture(scope="package")
def running_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with a_held_port() as port, a_held_port() as site_port:
        running = IdentityProvider(tmp_path_factory.mktemp("identity-provider"), port, site_port)
        yield running
        running.stop()


@pytest.fixture
def provider(running_provider: IdentityProvider, settings: Any) -> IdentityProvider:
    """Return an identity provider this site believes, with everybody as they are at first."""
    running_provider.reset()
    issuer.issuer_at.cache_clear()
    settings.AUTH_SERVICE_URL = running_provider.url
    settings.OIDC_NAME = "Example ID"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "console", "s3cret"
    settings.OIDC_MAPPED = Mapped(TABLE)
    settings.JWT_AUDIENCE = AUDIENCE
    return running_provider


@pytest.fixture
def acme(db: None) -> Tenant:
    Tenant.objects.create(slug="rival", name="Rival")
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def site(provider: IdentityProvider, transactional_db: None) -> Iterator[str]:
    """Return the address of a site on a real socket that shares the test's database."""
    Tenant.objects.create(slug="rival", name="Rival")
    Tenant.objects.create(slug="acme", name="Acme")
    with a_live_site(port=provider.site_port) as client:
        yield str(client.base_url)


class Browser:
    """A person's browser, with the cookies of both sites."""

    def __init__(self, site: str, provider: IdentityProvider) -> None:
        self.site, self.provider = site, provider
        # A jar for each: a browser tells cookies of one host apart by their names, httpx would too, and so we see whose is whose.
        self.there, self.here = httpx.Client(timeout=30), httpx.Client(timeout=30, base_url=site)

    def begin(self, query: str = "") -> str:
        """Ask to be signed in; return the address of the issuer one is sent to."""
        answer = self.here.get(f"/admin/sign-in/{query}")
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def approve(self, address: str, name: str) -> str:
        """Sign in at the issuer; return the address it sends one back to."""
        answer = self.there.get(address)
        while not answer.headers.get("Location", "").startswith(self.site):
            if answer.has_redirect_location:
                answer = self.there.get(urljoin(str(answer.url), answer.headers["Location"]))
                continue
            token = HIDDEN.search(answer.text)
            assert token is not None, answer.text
            form = {"csrfmiddlewaretoken": token[1], "login": name, "password": f"pw-{name}"}
            answer = self.there.post(str(answer.url), data=form, headers={"Referer": str(answer.url)})
            assert answer.has_redirect_location, answer.text
        return str(answer.headers["Location"])

    def sign_in(self, name: str, query: str = "") -> httpx.Response:
        """Go the whole way; return what the site says when one comes back."""
        return self.here.get(self.approve(self.begin(query), name))

    def close(self) -> None:
        self.there.close()
        self.here.close()


@pytest.fixture
def browsers(site: str, provider: IdentityProvider) -> Iterator[Any]:
    """Return what opens a browser with no cookies."""
    opened: list[Browser] = []

    def open_one() -> Browser:
        opened.append(Browser(site, provider))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()
