"""How the Agency edits the reference data of this app in Django's admin (`nsi_portal.admin` is its site)."""

from typing import Any

from django.db import models
from django.http import HttpRequest

from regions.admin import ReferenceAdmin
from regions.models import LifeSituation
from surveys.models import ProcessStage, Theme


class NeverRemoved(ReferenceAdmin):
    """Coded comments refer to it: what is no longer wanted is put out of use."""

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ThemeAdmin(NeverRemoved):
    list_display = ("title", "code", "order", "is_active")
    fields = ("code", "title", "order", "is_active")
    fixed = ("code",)


class ProcessStageAdmin(NeverRemoved):
    """Stages of the ЖС of the catalogue."""

    list_display = ("title", "life_situation", "code", "order", "is_active")
    list_filter = ("life_situation",)
    search_fields = ("title",)
    fields = ("life_situation", "code", "title", "order", "is_active")
    fixed = ("life_situation", "code")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ProcessStage]:
        catalogue = LifeSituation.objects.of_the_catalogue()
        return ProcessStage.objects.filter(life_situation__in=catalogue).select_related("life_situation")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "life_situation":
            kwargs |= {"label": "Жизненная ситуация", "queryset": LifeSituation.objects.of_the_catalogue()}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


ADMINS: dict[type[models.Model], type[ReferenceAdmin]] = {Theme: ThemeAdmin, ProcessStage: ProcessStageAdmin}
