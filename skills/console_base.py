"""Bases of every console page on rows: read-only unless a page says otherwise, and never a count over a large table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.db import DataError
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from skills.wording import look_of


class OfferedOrder(ChangeList):
    """A list that is sorted by what its heads offer alone: an address could name any column, and a million rows by one without index."""

    def get_ordering_field(self, field_name: str) -> Any:
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None


class CheckedList(ModelAdmin):
    """A page of rows that is narrowed by its address: what no database can look for is refused there, and the list shown in full."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse patterns in an address, which Django lets through: PostgreSQL fails on a broken one, and may take for ever on another."""
        return lookup.rpartition("__")[2] not in ("regex", "iregex") and super().lookup_allowed(lookup, value, request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list with its rows read. Raises IncorrectLookupParameters for a year, a number or a time too large to be asked for."""
        try:
            changes = super().get_changelist_instance(request)
            len(changes.result_list)
        except (DataError, OverflowError, ValueError) as error:
            if not request.GET or ERROR_FLAG in request.GET:
                raise
            raise IncorrectLookupParameters(error) from error
        return changes


class ReadOnlyAdmin(CheckedList):
    """Shows rows to whoever may see the console, and changes none. A row that is not there is a 404."""

    # Counting a filtered list of a million rows costs more than showing its first page.
    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_fullwidth = True
    # None of ours has any. The list asks it of each row, and what is not there at all takes Django a third of a millisecond to miss.
    list_sections: tuple[Any, ...] = ()
    actions = None
    warn_unsaved_form = True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OfferedOrder

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row out of what this person may see. Raises Http404, alike for a missing and a hidden row."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404(f"there is no such {self.opts.verbose_name}")
        return found

    def page(self, request: HttpRequest, template: str, row: Model, context: dict[str, Any]) -> TemplateResponse:
        """Return a page of our own about a row, inside the console's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "original": row, "title": str(row)}
        return TemplateResponse(request, template, {**frame, **context})


def chip(status: str, of: str = "") -> SafeString:
    """Return a status as icon, word and colour; `of` names whose it is (`run run_…`), where the page says when it changes."""
    look = look_of(status)
    told = format_html(' data-aos-of="{}" data-aos-now="{}"', of, look.word) if of else ""
    shown = look.colour, told, look.icon, look.word
    return format_html('<span class="aos-chip aos-{}"{}><span aria-hidden="true">{}</span> {}</span>', *shown)
