"""REST routes of skills: what is registered, and the full description of each."""

from __future__ import annotations

from typing import Annotated

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from skills.contracts import SkillMetadata
from skills.requests import RequestModel, parse_query
from skills.selectors import describe_skill


class NoQuery(RequestModel):
    """The query string of a route that takes none."""


class VersionQuery(RequestModel):
    version: Annotated[str, Field(pattern=r"^(\^|>=)?\d{1,9}(\.\d{1,9}){0,2}$")] | None = None


class SkillList(RequestModel):
    data: list[SkillMetadata]


class Skills(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="skills_list", responses={200: SkillList})
    def get(self, request: Request) -> Response:
        parse_query(NoQuery, request.query_params)
        return Response(describe_skill())


class OneSkill(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="skills_get", parameters=[VersionQuery], responses={200: SkillMetadata})
    def get(self, request: Request, name: str) -> Response:
        query = parse_query(VersionQuery, request.query_params)
        return Response(describe_skill(name, query.version))


urlpatterns = [
    path("skills", Skills.as_view(), name="skills"),
    path("skills/<str:name>", OneSkill.as_view(), name="skill"),
]
