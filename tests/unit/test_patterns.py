"""Each pattern a text from outside is held to has words for whoever broke it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver
from pydantic import BaseModel

from skills.patterns import IN_WORDS

OURS = ("agents", "aos_site", "catalog", "runs", "skills")


def models(above: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for model in above.__subclasses__():
        if model.__module__.startswith(tuple(f"{name}." for name in OURS)):
            yield model
        yield from models(model)


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from patterns(part)


def test_each_pattern_is_said_in_words() -> None:
    assert get_resolver().url_patterns, "imports all routes"
    found = {pattern for model in models() for pattern in patterns(model.model_json_schema())}
    assert len(found) > 15 and found <= set(IN_WORDS)
