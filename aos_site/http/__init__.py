"""The HTTP edge: the one strict JSON parser, the one error envelope, the request's context. An index, nothing else."""

from aos_site.http.middleware import ContentSecurityPolicyMiddleware, RequestContextMiddleware
from aos_site.http.problems import problem_for, problem_response
from aos_site.http.rest import JSONOnly, JSONRenderer, StrictJSONParser

__all__ = [
    "ContentSecurityPolicyMiddleware",
    "JSONOnly",
    "JSONRenderer",
    "RequestContextMiddleware",
    "StrictJSONParser",
    "problem_for",
    "problem_response",
]
