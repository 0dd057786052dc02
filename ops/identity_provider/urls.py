"""Addresses of the identity provider: its sign-in form, and those of OpenID Connect."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("allauth.idp.urls")), path("accounts/", include("allauth.urls"))]
