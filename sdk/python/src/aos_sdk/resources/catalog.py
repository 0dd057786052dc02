"""The failure catalog: what is known about failures and what is done about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, change, create, delete, get, post
from aos_sdk.types import EntryView, ExportView, ImportView, VersionsView


class Catalog(Group[M]):
    """What is known about failures and what is done about them."""

    @paged("catalog_list")
    def list(self, *, code: str | None = None, skill: str | None = None) -> Request[Page[EntryView]]:
        """Return the entries that hold for the tenant."""
        return paging(EntryView, "catalog", query={"code": code, "skill": skill})

    @operation("catalog_create")
    def create(
        self,
        code: str,
        reason: str,
        *,
        skill: str | None = None,
        mode: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        suggestions: Sequence[str] | None = None,
        doc_url: str | None = None,
        prior_confidence: float | None = None,
        idempotency_key: str | None = None,
    ) -> Request[EntryView]:
        """Make an entry of the tenant's own."""
        body = {"code": code, "reason": reason, "skill": skill, "mode": mode, "parameters": parameters, "suggestions": suggestions}
        return create(EntryView, "catalog", body={**body, "doc_url": doc_url, "prior_confidence": prior_confidence}, key=idempotency_key)

    @operation("catalog_get")
    def get(self, entry_id: int | str) -> Request[EntryView]:
        """Return an entry."""
        return get(EntryView, "catalog", entry_id)

    @operation("catalog_update")
    def update(
        self,
        entry_id: int | str,
        version: int,
        reason: str,
        *,
        mode: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        suggestions: Sequence[str] | None = None,
        doc_url: str | None = None,
        prior_confidence: float | None = None,
    ) -> Request[EntryView]:
        """Change an entry that is still at this version."""
        body = {"version": version, "reason": reason, "mode": mode, "parameters": parameters, "suggestions": suggestions}
        body = {**body, "doc_url": doc_url, "prior_confidence": prior_confidence}
        return change("PATCH", EntryView, "catalog", entry_id, body=body)

    @operation("catalog_delete")
    def delete(self, entry_id: int | str, reason: str, *, version: int | None = None) -> Request[EntryView]:
        """Take an entry out; it can be restored."""
        return delete(EntryView, "catalog", entry_id, query={"reason": reason, "version": version})

    @operation("catalog_restore")
    def restore(self, entry_id: int | str, reason: str, *, version: int | None = None, to_version: int | None = None) -> Request[EntryView]:
        """Bring an entry back, or back to an earlier version."""
        return post(EntryView, "catalog", entry_id, "restore", body={"reason": reason, "version": version, "to_version": to_version})

    @operation("catalog_versions")
    def versions(self, entry_id: int | str, *, against: int | None = None) -> Request[VersionsView]:
        """Return what an entry was, and who changed it."""
        return get(VersionsView, "catalog", entry_id, "versions", query={"against": against})

    @operation("catalog_export")
    def export(self) -> Request[ExportView]:
        """Return the tenant's own entries as a document."""
        return get(ExportView, "catalog", "export")

    @operation("catalog_import")
    def import_(
        self, entries: Sequence[Any], reason: str, *, dry_run: bool | None = None, idempotency_key: str | None = None
    ) -> Request[ImportView]:
        """Take a document's entries over; with `dry_run`, only tell what would change."""
        body = {"entries": [*entries], "reason": reason, "dry_run": dry_run}
        return create(ImportView, "catalog", "import", body=body, key=idempotency_key)
