"""How the Agency edits the reporting periods in Django's admin: those not begun yet, and only their deadline."""

from datetime import date
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from monitoring.models import ReportingPeriod
from monitoring.quarters import periods
from regions.admin import ReferenceAdmin


class DeadlineForm(forms.ModelForm):
    class Meta:
        model = ReportingPeriod
        fields = ("closes_on",)

    def clean_closes_on(self) -> date:
        closes_on: date = self.cleaned_data["closes_on"]
        try:
            self.check_day(closes_on)
        except periods.BadDeadline as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return closes_on

    def check_day(self, closes_on: date) -> None:
        # As it is stored: the form's own copy is already changed.
        periods.check_deadline(ReportingPeriod.objects.get(pk=self.instance.pk), closes_on, at=timezone.now())


class NextPeriodForm(DeadlineForm):
    """The quarter after the last one: which it is and when it begins follows."""

    # Before the day, which is checked against it.
    field_order = ("after", "closes_on")
    after = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = ReportingPeriod.objects.last()
        self.fields["after"].initial = last.pk if last else None
        if last:
            self.fields["closes_on"].help_text = f"Последний сейчас: {last}, до {last.closes_on:%d.%m.%Y}"

    def check_day(self, closes_on: date) -> None:
        periods.check_next(self.cleaned_data.get("after"), closes_on)


class ReportingPeriodAdmin(ReferenceAdmin):
    list_display = ("__str__", "opens_on", "closes_on")
    list_filter = ("year",)
    ordering = ("-opens_on",)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or periods.is_changeable(_stored(obj), timezone.now()))

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = DeadlineForm if obj else NextPeriodForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        return ("code", "opens_on", "closes_on") if obj else ("after", "closes_on")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        return ("code", "opens_on") if obj else ()

    def save_model(self, request: Any, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        assert isinstance(obj, ReportingPeriod)
        closes_on = form.cleaned_data["closes_on"]
        if change:
            periods.move_deadline(period=_stored(obj), closes_on=closes_on, by=request.user, at=timezone.now())
            return
        made = periods.add_next(after=form.cleaned_data["after"], closes_on=closes_on, by=request.user)
        # What the admin writes into its log and shows is the row that was made.
        for field in ReportingPeriod._meta.concrete_fields:
            setattr(obj, field.attname, getattr(made, field.attname))


def _stored(period: models.Model) -> ReportingPeriod:
    """As it stands in the database, whatever a form has made of it."""
    return ReportingPeriod.objects.get(pk=period.pk)


ADMINS: dict[type[models.Model], type[ReferenceAdmin]] = {ReportingPeriod: ReportingPeriodAdmin}
