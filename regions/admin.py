"""How the Agency edits the reference data of this app in Django's admin (`nsi_portal.admin` is its site).

Nothing here goes around the rules: no people, no rows of regions, and what others' data hangs on stays as it is.
"""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminIntegerFieldWidget, AdminTextareaWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from regions.history import changes
from regions.loading import is_in_the_files
from regions.local_dates import time_zones
from regions.models import (
    Direction,
    Indicator,
    IndicatorTarget,
    LetterKind,
    LifeSituation,
    LifeSituationIndicator,
    Region,
    TypicalProblem,
    TypicalSolution,
)
from regions.permissions import Permission, may_anywhere

# A sentence or two, not a page.
SHORT_TEXT: Any = {models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 3})}}


def manages_catalogue(request: HttpRequest) -> bool:
    """Whether the person may edit reference data; asked many times for one page, looked up once."""
    if not hasattr(request, "_manages_catalogue"):
        request._manages_catalogue = may_anywhere(request.user, Permission.CATALOGUE_MANAGE)  # type: ignore[attr-defined]
    return bool(request._manages_catalogue)  # type: ignore[attr-defined]


class Reference:
    """What rows of the catalogue and rows within rows have in common.

    All of Django's questions have one answer here: people of the portal have roles, not Django's permissions.
    """

    def has_module_permission(self, request: HttpRequest) -> bool:
        return manages_catalogue(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return manages_catalogue(request)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return manages_catalogue(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return manages_catalogue(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return manages_catalogue(request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field and hasattr(field.widget, "can_add_related"):
            # Each kind of rows has its own page.
            for may in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
                setattr(field.widget, may, False)
        return field


class ReferenceAdmin(Reference, admin.ModelAdmin):
    # One at a time, each with its own question.
    actions = None
    # What others' data and addresses hang on: set once, when the row is made.
    fixed: ClassVar[tuple[str, ...]] = ()
    list_per_page = 100

    def get_urls(self) -> list[Any]:
        # Without Django's old address of an object: it has no name, and every address here has one.
        return [url for url in super().get_urls() if url.name]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *(self.fixed if obj else ()))

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """What the reference files hold would come back with the next start: it can be changed, not removed."""
        return super().has_delete_permission(request, obj) and (obj is None or not is_in_the_files(obj))


class WithHistory(ReferenceAdmin):
    """«История»: who, when, what was and what is.

    Not the page of django-simple-history: it styles inline, which the content security policy forbids, and offers to
    restore an old state past the checks of the forms.
    """

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        if found is None:
            raise Http404
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "История",
            "subtitle": None,
            "object": found,
            "opts": self.opts,
            "module_name": str(self.opts.verbose_name_plural),
            "changes": changes(self.model.history.filter(id=found.pk)),
        }
        return TemplateResponse(request, "admin/changes.html", context)


class RegionAdmin(WithHistory):
    list_display = ("name", "code", "federal_district", "time_zone", "participates_since")
    list_filter = ("federal_district",)
    search_fields = ("name", "code")
    fields = (
        "code",
        "okato",
        "name",
        "name_genitive",
        "name_dative",
        "name_prepositional",
        "federal_district",
        "time_zone",
        "participates_since",
    )
    # The day a region joined is recorded with its letter.
    readonly_fields = ("code", "okato", "participates_since")

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "time_zone":
            return forms.ChoiceField(label="Часовой пояс", choices=[(zone, zone) for zone in time_zones()])
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class DirectionAdmin(ReferenceAdmin):
    list_display = ("title", "code", "position")
    fields = ("code", "title", "position")
    fixed = ("code",)


class IndicatorAdmin(ReferenceAdmin):
    list_display = ("title", "code", "unit", "kind", "long_term_mark")
    list_filter = ("kind", "unit")
    search_fields = ("title", "code")
    fields = ("code", "title", "unit", "kind", "lower_is_better", "long_term_mark", "source")
    fixed = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        if obj and IndicatorTarget.objects.filter(indicator=obj.pk).exists():
            # Regions have entered values: what they measure can no longer change under them.
            return (*fields, "unit", "kind", "lower_is_better")
        return fields


class IndicatorsOfLifeSituation(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        used = set(
            IndicatorTarget.objects.filter(place__life_situation=self.instance.pk).values_list("indicator", flat=True)
        )
        for form in self.initial_forms:
            before = form.initial.get("indicator")
            if before in used and (form in self.deleted_forms or "indicator" in form.changed_data):
                raise ValidationError("Регионы уже внесли значения показателя, убрать его из ЖС нельзя")


class LifeSituationIndicatorInline(Reference, admin.StackedInline):
    model = LifeSituationIndicator
    formset = IndicatorsOfLifeSituation
    fields = ("number", "indicator", "position")
    verbose_name = "показатель"
    verbose_name_plural = "показатели"
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, label="Показатель", **kwargs)


class TypicalProblemInline(Reference, admin.StackedInline):
    model = TypicalProblem
    formfield_overrides = SHORT_TEXT
    show_change_link = True
    extra = 0


class LifeSituationForm(forms.ModelForm):
    # A ЖС without a number is one of a region.
    number = forms.IntegerField(label="Номер", min_value=1, max_value=32767, widget=AdminIntegerFieldWidget)


class LifeSituationAdmin(WithHistory):
    """ЖС of the catalogue; those of regions are described and changed by the regions."""

    form = LifeSituationForm
    list_display = ("short_title", "number", "direction", "code")
    list_filter = ("direction",)
    search_fields = ("title", "short_title", "code")
    fields = ("code", "number", "direction", "title", "short_title", "boundary", "beneficiaries", "source")
    fixed = ("code",)
    inlines = (LifeSituationIndicatorInline, TypicalProblemInline)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[LifeSituation]:
        return LifeSituation.objects.of_the_catalogue().select_related("direction")


class TypicalSolutionInline(Reference, admin.StackedInline):
    model = TypicalSolution
    formfield_overrides = SHORT_TEXT
    extra = 0


class TypicalProblemAdmin(ReferenceAdmin):
    list_display = ("title", "number", "life_situation")
    list_filter = (("life_situation", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("title",)
    fields = ("life_situation", "number", "title")
    fixed = ("life_situation",)
    inlines = (TypicalSolutionInline,)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[TypicalProblem]:
        found: models.QuerySet[TypicalProblem] = super().get_queryset(request)
        return found.filter(life_situation__in=LifeSituation.objects.of_the_catalogue())

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "life_situation":
            kwargs |= {"label": "Жизненная ситуация", "queryset": LifeSituation.objects.of_the_catalogue()}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class LetterKindAdmin(WithHistory):
    list_display = ("short_title", "code", "position", "is_quarterly")
    fields = ("code", "position", "short_title", "stage", "action", "is_quarterly")
    fixed = ("code", "is_quarterly")


ADMINS: dict[type[models.Model], type[ReferenceAdmin]] = {
    Region: RegionAdmin,
    Direction: DirectionAdmin,
    Indicator: IndicatorAdmin,
    LifeSituation: LifeSituationAdmin,
    TypicalProblem: TypicalProblemAdmin,
    LetterKind: LetterKindAdmin,
}
