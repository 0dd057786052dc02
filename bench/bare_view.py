"""The floor of a submit over HTTP: a DRF view that takes a body, inserts one row and answers 202."""

from __future__ import annotations

import itertools
import os

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.floors import TABLE

_next_run = itertools.count(os.getpid() * 1_000_000_000)


class Insert(APIView):
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)

    def post(self, request: Request) -> Response:
        run_id = next(_next_run)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {TABLE} (run_id, seq, kind, step, attempt, session_id, at_ms, data) VALUES (%s, 1, 'a', '', 0, NULL, 0, %s)",  # noqa: S608 - a constant
                (run_id, str(request.data)),
            )
        return Response({"run_id": run_id}, status=202)


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("healthz", healthz), path("api/v1/runs", Insert.as_view())]
