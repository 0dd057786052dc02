"""Signs people in to the console by the issuer: code flow with PKCE, state and nonce by allauth, the token verified by our own hand.

A person is known by issuer and subject alone. What else a token says, an e-mail address or a name, never leads to a user who
is there already.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Mapping
from typing import Any

import httpx
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agents import audit
from agents.actors import provider_id
from agents.person_names import fault_of
from agents.sign_in.claims import roles_in, subject_of
from agents.sign_in.issuer import SECONDS, Unverified, the_issuer
from agents.sign_in.people import record_login, record_refusal, rewrite_memberships

log = logging.getLogger(__name__)

BY_ISSUER = "issuer"
SESSION_SECONDS = 8 * 3_600
NO_ROLE = "none of your groups has a role here"
NOT_ACTIVE = "this account was closed here"


def is_on() -> bool:
    """Tell whether people sign in by an issuer."""
    return bool(settings.AUTH_SERVICE_URL and settings.OIDC_CLIENT_ID)


def app_of_settings() -> SocialApp:
    """Return the client the settings describe."""
    return SocialApp(
        provider="openid_connect",
        provider_id=provider_id(),
        name=settings.OIDC_NAME,
        client_id=settings.OIDC_CLIENT_ID,
        secret=settings.OIDC_CLIENT_SECRET,
        settings={"server_url": settings.AUTH_SERVICE_URL, "oauth_pkce_enabled": True},
    )


class IssuerClient(OpenIDConnectOAuth2Adapter):
    """Talks to the issuer. What it publishes comes from the one place that caches it and limits its size."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        try:
            return dict(the_issuer().document())
        except Unverified as error:
            raise OAuth2Error(str(error)) from None

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("sign-in-callback"))

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        claims = self._verified(app, kwargs["response"].get("id_token"))
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.claims = claims
        return login

    def _verified(self, app: SocialApp, token: Any) -> dict[str, Any]:
        try:
            claims = the_issuer().claims_of(token if isinstance(token, str) else "", app.client_id)
        except Unverified as error:
            raise OAuth2Error(f"the ID token is not to be believed: {error}") from None
        nonce = claims.get("nonce")
        if not self.nonce or not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), self.nonce.encode()):
            raise OAuth2Error("the ID token answers another sign-in")
        if claims.get("azp", app.client_id) != app.client_id or subject_of(claims) is None:
            raise OAuth2Error("the ID token is for another client, or about nobody")
        return claims

    def with_user_info(self, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """Add what the issuer tells at its other door only. Raises OAuth2Error where that is about somebody else."""
        address = self.openid_config.get("userinfo_endpoint")
        if not isinstance(address, str):
            return claims
        try:
            answer = httpx.get(address, headers={"Authorization": f"Bearer {access_token}"}, timeout=SECONDS)
            told = answer.raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            raise OAuth2Error("the issuer tells nothing about this person") from None
        if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
            raise OAuth2Error("the issuer tells about somebody else")
        return {**told, **claims}


class IssuerProvider(OpenIDConnectProvider):
    """The issuer as allauth knows it: nothing a request says changes what is asked of it."""

    oauth2_adapter_class = IssuerClient

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        return reverse("sign-in-start")

    def redirect_from_request(self, request: HttpRequest) -> HttpResponse:
        nonce = secrets.token_urlsafe(32)
        return self.redirect(request, process="login", next_url=get_next_redirect_url(request), nonce=nonce, auth_params={"nonce": nonce})

    def extract_uid(self, data: Mapping[str, Any]) -> str:
        return str(data["sub"])

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"iss": data["iss"]}

    def extract_common_fields(self, data: Mapping[str, Any]) -> dict[str, Any]:
        names = {"username": "preferred_username", "first_name": "given_name", "last_name": "family_name", "name": "name"}
        found = {ours: data.get(theirs) for ours, theirs in names.items()}
        return {ours: value[:100] for ours, value in found.items() if isinstance(value, str)}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:
        # None: nobody is found, or taken for somebody else, by an address.
        return []


class AccountAdapter(DefaultAccountAdapter):
    """Nobody makes an account for themselves; who signs in is written down."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Take no name that is or was somebody's, or looks like one: another one is made up."""
        name: str = super().clean_username(username, shallow=shallow)
        if not shallow and (fault := fault_of(name, None)) is not None:
            raise ValidationError(fault)
        return name

    def generate_unique_username(self, txts: list[str | None], regex: str | None = None) -> str:
        base: str = super().generate_unique_username(txts, regex)
        name = base
        while fault_of(name, None) is not None:
            name = f"{base[:140]}{secrets.randbelow(10_000_000)}"
        return name

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        # No longer than a working day with the roles of its morning.
        request.session.set_expiry(SESSION_SECONDS)
        record_login(user, BY_ISSUER)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Lets people in by the roles their claims give, anew at every sign-in."""

    def list_apps(self, request: HttpRequest | None, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        return [app_of_settings()] if is_on() else []

    def get_provider(self, request: HttpRequest, provider: str, client_id: Any = None) -> IssuerProvider:
        return IssuerProvider(request, app=app_of_settings())

    def list_providers(self, request: HttpRequest) -> list[IssuerProvider]:
        return [IssuerProvider(request, app=app) for app in self.list_apps(request)]

    def authenticate_by_email(self, sociallogin: SocialLogin) -> None:
        return None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return bool(roles_in(sociallogin.claims, settings.OIDC_MAPPED))

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        sociallogin.claims = self._with_groups(request, sociallogin)
        roles = roles_in(sociallogin.claims, settings.OIDC_MAPPED)
        if not sociallogin.is_existing:
            if not roles:
                raise _refused(request, sociallogin, NO_ROLE)
            return
        audit.act_as(sociallogin.user.get_username(), via="console")
        is_let_in = rewrite_memberships(sociallogin.user, roles)
        if not sociallogin.user.is_active:
            raise _refused(request, sociallogin, NOT_ACTIVE)
        if not is_let_in:
            raise _refused(request, sociallogin, NO_ROLE)

    def _with_groups(self, request: HttpRequest, sociallogin: SocialLogin) -> dict[str, Any]:
        claims: dict[str, Any] = sociallogin.claims
        mapped = settings.OIDC_MAPPED
        if {mapped.groups_claim, mapped.roles_claim or mapped.groups_claim}.isdisjoint(claims) and sociallogin.token is not None:
            return IssuerClient(request, app_of_settings().provider_id).with_user_info(claims, sociallogin.token.token)
        return claims

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        try:
            with transaction.atomic():
                user, is_let_in = self._made(request, sociallogin, form)
                if not is_let_in:
                    # The groups are known, the tenants they name are not: nobody is made for that.
                    transaction.set_rollback(True)
        except IntegrityError as error:
            # The same person twice in one instant: the other sign-in has made them.
            log.warning("sign_in.failed", extra={"error": "twice at once", "reason": str(error)[:200]})
            raise ImmediateHttpResponse(refusal_page(request, "You signed in twice at once. Try again.", status=409)) from None
        if not is_let_in:
            raise _refused(request, sociallogin, NO_ROLE)
        return user

    def _made(self, request: HttpRequest, sociallogin: SocialLogin, form: Any) -> tuple[User, bool]:
        # The name was looked at before, outside the transaction; from here on nobody else comes by it.
        if fault_of(sociallogin.user.username, None) is not None:
            sociallogin.user.username = ""
        user: User = super().save_user(request, sociallogin, form)
        audit.act_as(user.get_username(), via="console")
        return user, rewrite_memberships(user, roles_in(sociallogin.claims, settings.OIDC_MAPPED))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        # To the log and not to the audit log: nobody is known to have been there, and whoever likes could fill it.
        log.warning("sign_in.failed", extra={"error": str(error), "reason": str(exception or "")[:200]})
        raise ImmediateHttpResponse(refusal_page(request, "The sign-in did not come to its end. Try again.", status=401))


def _refused(request: HttpRequest, sociallogin: SocialLogin, reason: str) -> ImmediateHttpResponse:
    record_refusal(f"{sociallogin.claims['iss']} {sociallogin.claims['sub']}", BY_ISSUER, reason)
    return ImmediateHttpResponse(
        refusal_page(request, f"You are known to {settings.OIDC_NAME}, but {reason}. Ask who gives out the groups.", status=403)
    )


def refusal_page(request: HttpRequest, message: str, *, status: int) -> HttpResponse:
    """Return the page that says why nobody was let in."""
    context = {**admin.site.each_context(request), "title": "Not signed in", "aos_message": message}
    return TemplateResponse(request, "admin/sign_in_refused.html", context, status=status).render()


class _Callback(OAuth2CallbackView):
    """Takes the nonce out of what was put away for this state."""

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, response


def _client(request: HttpRequest) -> IssuerClient:
    if not is_on():
        raise Http404
    return IssuerClient(request, app_of_settings().provider_id)


@never_cache
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Send a person to the issuer."""
    try:
        return _client(request).get_provider().redirect_from_request(request)
    except OAuth2Error:
        return refusal_page(request, f"{settings.OIDC_NAME} does not answer. Try again in a minute.", status=503)


@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Take a person back from the issuer."""
    response: HttpResponse = _Callback.adapter_view(_client(request))(request)
    return response
