"""System check of the catalog: what is shipped can be read and covers every code, or AOS does not start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, register
from pydantic import ValidationError

from catalog.contracts import EntryDocument
from catalog.entries import shipped_documents
from skills.taxonomy import CODES


@register("catalog")
def check_shipped_catalog(**_: Any) -> list[CheckMessage]:
    try:
        documents = shipped_documents()
    except (OSError, ValidationError) as error:
        return [Error("the shipped catalog cannot be read", hint=str(error), id="catalog.E001")]
    return uncovered(documents)


def uncovered(documents: Iterable[EntryDocument]) -> list[CheckMessage]:
    """Return an error per code of the taxonomy that has no entry for every skill."""
    covered = {document.code for document in documents if not document.skill}
    return [Error(f"the shipped catalog has no entry for {code}", id="catalog.E002") for code in CODES if code not in covered]
