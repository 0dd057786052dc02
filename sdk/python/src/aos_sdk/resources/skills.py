"""Skills: what agents can do."""

from __future__ import annotations

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, get
from aos_sdk.types import SkillMetadata


class Skills(Group[M]):
    """What agents can do."""

    @paged("skills_list")
    def list(self) -> Request[Page[SkillMetadata]]:
        """Return the installed skills."""
        return paging(SkillMetadata, "skills", query={})

    @operation("skills_get")
    def get(self, name: str, *, version: str | None = None) -> Request[SkillMetadata]:
        """Return a skill."""
        return get(SkillMetadata, "skills", name, query={"version": version})
