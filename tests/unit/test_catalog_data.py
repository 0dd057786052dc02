"""The shipped catalog covers every code, and says nothing the taxonomy contradicts."""

from __future__ import annotations

import pytest

from catalog.contracts import EntryDocument
from catalog.entries import fields_of, shipped_documents
from skills.taxonomy import CODES, Backoff

SHARED = {document.code: document for document in shipped_documents() if not document.skill}
PER_SKILL = [document for document in shipped_documents() if document.skill]


@pytest.mark.parametrize("code", CODES)
def test_it_has_an_entry_that_agrees_with_the_taxonomy_for(code: str) -> None:
    fields, spec = fields_of(SHARED[code]), CODES[code]
    assert (fields["category"], fields["retryable"], fields["mode"]) == (spec.category, spec.retryable, spec.mode)
    assert fields["doc_url"] == f"/errors/{code}"
    assert fields["parameters"] == (spec.backoff._asdict() if spec.retryable else {})


@pytest.mark.parametrize("document", shipped_documents(), ids=lambda document: f"{document.code}-{document.skill}")
def test_it_suggests_two_or_three_whole_sentences_for(document: EntryDocument) -> None:
    assert 2 <= len(document.suggestions) <= 3
    assert all(text[0].isupper() and text.endswith(".") and len(text) > 20 for text in document.suggestions)


def test_it_holds_each_code_and_skill_once() -> None:
    pairs = [(document.code, document.skill) for document in shipped_documents()]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("document", PER_SKILL, ids=lambda document: f"{document.code}-{document.skill}")
def test_it_retries_for_one_skill_only_what_may_be_retried(document: EntryDocument) -> None:
    fields = fields_of(document)
    assert fields["retryable"] or not fields["parameters"]
    assert not fields["parameters"] or set(fields["parameters"]) == set(Backoff._fields)
