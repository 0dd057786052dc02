"""The pages error answers point to (`type`), written from the taxonomy, and what answers where no route does."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from aos_site.console import who_may
from aos_site.http.problems import DEFECT, is_for_people, problem_response, refusal_for
from skills.refusal import Refusal
from skills.taxonomy import CODES


def code_json(code: str) -> dict[str, Any]:
    """Return what is known about a code. Raises Refusal NOT_FOUND."""
    spec = CODES.get(code)
    if spec is None:
        raise Refusal("NOT_FOUND", "there is no such error code", suggestions=["GET /errors lists them all."])
    return {
        "code": code,
        "when": spec.when,
        "category": str(spec.category),
        "retryable": spec.retryable,
        "http_status": spec.http_status,
        "recovery_mode": str(spec.mode),
        "attempts": spec.backoff.max_attempts,
    }


@require_safe
def all_errors(request: HttpRequest) -> HttpResponse:
    rows = [code_json(code) for code in CODES]
    if not _wants_page(request):
        return JsonResponse({"data": rows})
    items = format_html_join("", '<li><a href="/errors/{}">{}</a>: {}</li>', ((row["code"], row["code"], row["when"]) for row in rows))
    return _page("Error codes", format_html("<ul>{}</ul>", items))


@require_safe
def one_error(request: HttpRequest, code: str) -> HttpResponse:
    row = code_json(code)
    if not _wants_page(request):
        return JsonResponse(row)
    told = {name: ("yes" if value else "no") if isinstance(value, bool) else value for name, value in row.items()}
    facts = format_html_join("", "<dt>{}</dt><dd>{}</dd>", ((name.replace("_", " ").capitalize(), value) for name, value in told.items()))
    return _page(code, format_html('<dl>{}</dl><p><a href="/errors">All codes</a></p>', facts))


def _wants_page(request: HttpRequest) -> bool:
    return "text/html" in request.META.get("HTTP_ACCEPT", "")


# As the console's pages look; these load nothing, so that they answer for whoever follows a link out of a log.
_STYLE = (
    "body{background:#f4f5f7;color:#1c2430;font:14px/1.5 Inter,system-ui,sans-serif;margin:0;padding:6vh 16px 16px}"
    "main{background:#fff;border:1px solid #e2e5ea;border-radius:8px;margin:0 auto;max-width:640px;overflow-wrap:anywhere;padding:24px}"
    "h1{font-size:18px;margin:0 0 12px}ul{list-style:none;margin:0;padding:0}li{margin-top:8px}a{color:#1d4ed8}p{margin:16px 0 0}"
    "dl{display:grid;gap:6px 16px;grid-template-columns:max-content minmax(0,1fr);margin:0}dt{color:#5b6472}dd{margin:0}"
    "@media (prefers-color-scheme:dark){body{background:#10161f;color:#e8eaee}main{background:#1b2230;border-color:#374151}"
    "a{color:#93c5fd}dt{color:#a6adba}}"
)


def _page(title: str, body: str) -> HttpResponse:
    return HttpResponse(
        format_html(
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1.0">'
            "<title>{} · AOS</title><style>{}</style><main><h1>{}</h1>{}</main></html>",
            title,
            _STYLE,
            title,
            body,
        )
    )


@csrf_exempt
def no_such_route(request: HttpRequest, rest: str = "") -> HttpResponse:
    return problem_response(Refusal("NOT_FOUND", "there is nothing at this address"), request)


def handle_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return defaults.bad_request(request, exception) if is_for_people(request) else problem_response(refusal_for(exception), request)


def handle_forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not is_for_people(request):
        return problem_response(refusal_for(exception), request)
    asked = request.resolver_match.view_name if request.resolver_match else ""
    return HttpResponseForbidden(render_to_string("403.html", {"aos_roles": who_may(asked)}, request))


def handle_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_for_people(request):
        return defaults.page_not_found(request, exception)
    return problem_response(refusal_for(Http404()), request)


def handle_defect(request: HttpRequest) -> HttpResponse:
    if is_for_people(request):
        return defaults.server_error(request)
    return problem_response(Refusal("INTERNAL_ERROR", DEFECT), request)
