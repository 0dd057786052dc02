"""The HTTP edge: the one strict JSON parser, the one error envelope, the request's context, its headers. An index, nothing else."""

from aos_site.http.middleware import RequestContextMiddleware, SecurityHeadersMiddleware
from aos_site.http.problems import problem_for, problem_response
from aos_site.http.rest import JSONOnly, JSONRenderer, StrictJSONParser

__all__ = [
    "JSONOnly",
    "JSONRenderer",
    "RequestContextMiddleware",
    "SecurityHeadersMiddleware",
    "StrictJSONParser",
    "problem_for",
    "problem_response",
]
