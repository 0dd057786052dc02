"""Console pages of prices: what models and calls cost from which day on. Who runs the installation adds prices, and changes none."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from skills.adapters.price_table import BUCKETS, PER_CALL
from skills.adapters.prices import today
from skills.console_base import ReadOnlyAdmin, chip
from skills.models import PriceOrigin, PriceRow
from skills.refusal import Refusal
from skills.selectors import list_prices, price_json, state_of, states
from skills.services import PRICED_BY, add_price, check_price, withdraw_price
from skills.wording import money

LONG = "long_"
_WHAT = {"anthropic": "Anthropic", "openai_compatible": "OpenAI and what speaks like it", PER_CALL: "calls of a skill"}


def _amount(label: str, help_text: str = "") -> forms.IntegerField:
    widget = UnfoldAdminIntegerFieldWidget()
    return forms.IntegerField(label=label, help_text=help_text, required=False, min_value=0, widget=widget)


class PriceForm(forms.ModelForm):
    """Asks what costs how much from when, and says at the field what the service would refuse."""

    provider = forms.ChoiceField(choices=[(name, _WHAT[name]) for name in PRICED_BY], widget=UnfoldAdminSelectWidget)
    names = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="How the model is called, one name a line; “starts_with gpt-9” or “contains gpt-9” for several. Left empty: as before.",
    )
    input = _amount("Input", "Micro-USD per million tokens: 3000000 is $3.")
    output = _amount("Output")
    cache_read = _amount("Read from the cache", "Left empty: like input.")
    cache_write = _amount("Written to the cache", "Left empty: like input.")
    above_input_tokens = _amount("Dearer above", "Calls with more input tokens cost as follows, all of them. Left empty: none do.")
    long_input = _amount("Input above")
    long_output = _amount("Output above")
    long_cache_read = _amount("Read from the cache above")
    long_cache_write = _amount("Written to the cache above")
    per_call_micro_usd = _amount("Each call", "Micro-USD, for calls of a skill: 1000 is $0.001.")

    class Meta:
        model = PriceRow
        fields = ("provider", "model", "valid_from", "per_call_micro_usd", "note")
        help_texts = {"model": "Name of the model, or of the skill.", "valid_from": "Today or later; days begin at midnight UTC."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].initial = today

    def clean(self) -> dict[str, Any]:
        # Not the parent's: what the row must keep is said at the field by the service.
        if not self.errors:
            try:
                check_price(**self.asked())
            except Refusal as refusal:
                for fault in refusal.errors:
                    self.add_error(_field_of(fault["pointer"]), fault["detail"])
        return self.cleaned_data

    def asked(self) -> dict[str, Any]:
        """Return what was entered as the service takes it."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        asked: dict[str, Any] = {
            name: given[name] for name in ("provider", "model", "valid_from", "per_call_micro_usd", "note") if name in given
        }
        tiers = [{name: given[name] for name in BUCKETS if name in given}]
        long = {name: given[LONG + name] for name in BUCKETS if LONG + name in given}
        if long or "above_input_tokens" in given:
            tiers.append({"above_input_tokens": given.get("above_input_tokens", 0), **long})
        if len(tiers) > 1 or tiers[0]:
            asked["tiers"] = tiers
        if "names" in given:
            asked["match"] = [_clause(line.strip()) for line in given["names"].splitlines() if line.strip()]
        return asked


def _clause(line: str) -> dict[str, str]:
    how, _, text = line.partition(" ")
    return {"how": how, "text": text.strip()} if text.strip() else {"how": "equals", "text": line}


def _field_of(pointer: str) -> str:
    """Return the field in which the fault at a pointer was entered."""
    top, *inner = pointer.removeprefix("/").split("/")
    if top == "match":
        return "names"
    if top != "tiers":
        return top if top in PriceForm.base_fields else "model"
    if not inner:
        return "above_input_tokens"
    return (LONG if inner[0] != "0" and inner[-1] in BUCKETS else "") + inner[-1]


@admin.register(PriceRow)
class PriceRowAdmin(ReadOnlyAdmin):
    form = PriceForm
    list_display = ("model", "provider", "state", "prices", "since", "origin")
    list_filter = ("provider", "origin")
    search_fields = ("^model", "=version", "=public_id")
    ordering = ("provider", "model", F("valid_from").desc(nulls_last=True), "-id")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("provider", "model", "names", "valid_from", "note")}),
        ("A model: micro-USD per million tokens", {"fields": BUCKETS}),
        ("The same for long calls", {"fields": ("above_input_tokens", *(LONG + bucket for bucket in BUCKETS))}),
        ("A skill", {"fields": ("per_call_micro_usd",)}),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let in who runs the installation: prices are the same for all tenants."""
        return request.user.is_active and request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceRow]:
        rows: QuerySet[PriceRow] = super().get_queryset(request)
        return rows if self.has_view_permission(request) else rows.none()

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        shown = super().get_changelist_instance(request)
        told = states()
        for row in shown.result_list:
            row.aos_state = state_of(row, told)
        return shown

    def save_model(self, request: HttpRequest, obj: PriceRow, form: PriceForm, change: bool) -> None:
        obj.__dict__.update(add_price(by=request.user.get_username(), **form.asked()).__dict__)

    # One price

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        told = price_json(row)
        history = [each for each in list_prices(provider=row.provider, model=row.model) if each["model"] == row.model]
        context = {
            "aos_price": told,
            "aos_state": chip(told["state"]),
            "aos_is_coming": told["state"] == "coming" and row.origin == PriceOrigin.OPERATOR,
            "aos_tiers": [_shown_tier(tier) for tier in row.tiers],
            "aos_per_call": None if row.per_call_micro_usd is None else money(row.per_call_micro_usd),
            "aos_names": [f"{how.replace('_', ' ')} {text}" for clause in row.match for how, text in clause.items()],
            "aos_history": [{**each, "chip": chip(each["state"]), "prices": _in_words(each)} for each in history],
        }
        return self.page(request, "console/price.html", row, context)

    def get_urls(self) -> list[URLPattern]:
        withdraw = require_POST(self.admin_site.admin_view(self.withdraw_view))
        return [path("<str:object_id>/withdraw/", withdraw, name="skills_pricerow_withdraw"), *super().get_urls()]

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Withdraw a price by the same service as the command, and go back to its page."""
        row = self.get_object(request, unquote(object_id))
        try:
            withdraw_price(price_id=row.public_id, by=request.user.get_username())
            messages.success(request, f"{row} is withdrawn; what is in force until then stays so.")
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        return redirect("admin:skills_pricerow_change", row.pk)

    @display(description="State")
    def state(self, row: PriceRow) -> SafeString:
        return chip(row.aos_state)  # type: ignore[attr-defined]

    @display(description="Price")
    def prices(self, row: PriceRow) -> str:
        return _in_words({"tiers": row.tiers, "per_call_micro_usd": row.per_call_micro_usd})

    @display(description="From (UTC)")
    def since(self, row: PriceRow) -> str:
        return "the start" if row.valid_from is None else row.valid_from.isoformat()


def _in_words(price: dict[str, Any]) -> str:
    if price["per_call_micro_usd"] is not None:
        return f"{money(price['per_call_micro_usd'])} a call"
    first, *further = price["tiers"]
    dearer = f", else above {further[0]['above_input_tokens']:,} input tokens" if further else ""
    return f"in {money(first['input'])}, out {money(first['output'])} a million tokens{dearer}"


def _shown_tier(tier: dict[str, int]) -> dict[str, Any]:
    above = tier["above_input_tokens"]
    return {"when": f"above {above:,} input tokens" if above else "any input", "prices": [money(tier[bucket]) for bucket in BUCKETS]}
