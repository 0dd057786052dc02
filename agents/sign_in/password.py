"""Signs people in to the console by password: everybody where there is no issuer, else superusers alone, for the day it is down."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from unfold.forms import AuthenticationForm

from agents.sign_in import oidc, throttle
from agents.sign_in.people import record_login, record_refusal

BY_PASSWORD = "password"  # noqa: S105 - the way in, not the key to it


class PasswordForm(AuthenticationForm):
    """Refuses in the same words a wrong password, and a right one that is nobody's who may use it."""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if oidc.is_on() and not user.is_superuser:
            named = {"username": self.username_field.verbose_name}
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login", params=named)


admin.site.login_form = PasswordForm


@csrf_protect
def login_page(request: HttpRequest) -> HttpResponse:
    """Show the page people sign in at, or look at the password they sent; after too many wrong ones not even that."""
    offer = _offer(request)
    if request.method != "POST":
        return admin.site.login(request, offer)
    # As the form reads it: a space, or a letter of another width, is not another name with attempts of its own.
    name = str(UsernameField().to_python(request.POST.get("username", "")))
    attempt = throttle.begin(name, throttle.address_of(request.META))
    if attempt.retry_after_ms is not None:
        return _wait(request, math.ceil(attempt.retry_after_ms / 1_000))
    response = admin.site.login(request, offer)
    if response.status_code == 302 and isinstance(request.user, User):
        throttle.succeeded(attempt)
        record_login(request.user, BY_PASSWORD)
    else:
        # Only the names there are: in the place of others people type their passwords.
        known = User.objects.filter(username=name[:150]).exists()
        record_refusal(name if known else "somebody unknown", BY_PASSWORD, "name or password are wrong, or the person may not use one")
    return response


def _offer(request: HttpRequest) -> dict[str, Any]:
    if not oidc.is_on():
        return {}
    wanted = request.GET.get(REDIRECT_FIELD_NAME)
    query = f"?{urlencode({REDIRECT_FIELD_NAME: wanted})}" if wanted else ""
    return {"aos_sign_in": {"name": settings.OIDC_NAME, "link": reverse("sign-in-start") + query}}


def _wait(request: HttpRequest, seconds: int) -> HttpResponse:
    minutes = max(1, math.ceil(seconds / 60))
    message = f"Too many attempts failed. Try again in {minutes} minute{'' if minutes == 1 else 's'}."
    response = oidc.refusal_page(request, message, status=429)
    response["Retry-After"] = str(seconds)
    return response
