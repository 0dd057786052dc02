"""The headers every answer carries, whoever gives it: what a browser may do with it, and from where it may be reached."""

from __future__ import annotations

from django.conf import settings
from django.http.response import HttpResponseBase

_OWN_PAGES = "style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
CONSOLE_POLICY = f"default-src 'self'; script-src 'self' 'unsafe-eval'; {_OWN_PAGES}"
DOCS_POLICY = f"default-src 'self'; script-src 'self'; {_OWN_PAGES}"
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_NO_DEVICES = ", ".join(
    f"{device}=()" for device in ("accelerometer", "camera", "geolocation", "gyroscope", "microphone", "payment", "usb")
)


def policy_for(path: str) -> str:
    """Return what a page of this part of the site may load."""
    if path.startswith("/admin/"):
        return CONSOLE_POLICY
    if path.startswith(("/api/docs", "/decide/")):
        return DOCS_POLICY
    return PAGE_POLICY if path.startswith("/errors") else API_POLICY


def add_security_headers(response: HttpResponseBase, path: str, *, is_secure: bool) -> None:
    """Add what an answer lacks; a view may have set something stricter."""
    for name, value in _headers(path).items():
        response.headers.setdefault(name, value)
    if is_secure and settings.SECURE_HSTS_SECONDS:
        # A browser believes it over TLS alone.
        response.headers.setdefault("Strict-Transport-Security", _hsts())


def say_what_is_answered(response: HttpResponseBase) -> None:
    """Take OPTIONS out of `Allow`: REST framework names it on each of its answers, and it is a 405 like any method without a handler."""
    if "Allow" in response.headers:
        methods = (method.strip() for method in response.headers["Allow"].split(","))
        response.headers["Allow"] = ", ".join(method for method in methods if method != "OPTIONS")


def _headers(path: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy_for(path),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Permissions-Policy": _NO_DEVICES,
    }


def _hsts() -> str:
    subdomains = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
    return f"max-age={settings.SECURE_HSTS_SECONDS}{subdomains}{'; preload' if settings.SECURE_HSTS_PRELOAD else ''}"
