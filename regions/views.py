"""Lists of the ground floor."""

import re
from typing import Any

import django_filters
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from regions.models import Institution, LifeSituation, Region
from regions.permissions import Permission

PAGE_SIZE = 50
# More would only make the search slower, not better.
MOST_WORDS = 10


class InstitutionFilter(django_filters.FilterSet):
    """Filters of the list of institutions; the choices are those of the institutions the person sees."""

    name = django_filters.CharFilter(method="filter_name", label="Название")
    region = django_filters.ModelChoiceFilter(
        queryset=Region.objects.none(), to_field_name="code", label="Регион", empty_label="Все регионы"
    )
    life_situation = django_filters.ModelChoiceFilter(
        queryset=LifeSituation.objects.all(),
        field_name="life_situations",
        to_field_name="code",
        label="Жизненная ситуация",
        empty_label="Все ЖС",
    )
    settlement = django_filters.ChoiceFilter(
        choices=Institution.Settlement.choices, label="Где", empty_label="Город и село"
    )

    class Meta:
        model = Institution
        fields = ("name", "region", "life_situation", "settlement")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = Region.objects.filter(institutions__in=self.queryset.order_by()).distinct()
        if regions.count() > 1:
            self.filters["region"].queryset = regions
        else:
            del self.filters["region"]

    def filter_name(self, queryset: QuerySet[Institution], name: str, value: str) -> QuerySet[Institution]:
        for word in value.split()[:MOST_WORDS]:
            # Each letter in both cases by itself: neither SQLite nor every PostgreSQL locale folds Cyrillic.
            pattern = "".join(f"[{sign.lower()}{sign.upper()}]" if sign.isalpha() else re.escape(sign) for sign in word)
            queryset = queryset.filter(name__regex=pattern)
        return queryset


@require_safe
def institution_list(request: SignedInRequest) -> HttpResponse:
    visible = Institution.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    found = InstitutionFilter(request.GET, visible)
    institutions = (
        found.qs.select_related("region")
        .prefetch_related("life_situations")
        .annotate(links=Count("survey_links", distinct=True))
        .order_by("region__name", "name")
        .distinct()
    )
    page = Paginator(institutions, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "regions/institution_list.html",
        {"filter": found, "page": page, "several_regions": "region" in found.filters},
    )
