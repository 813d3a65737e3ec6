"""What pages have in common: finding what an address is about, tabs of a region, a page that is one form."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.http import SignedInRequest
from regions.models import Institution, Region
from regions.permissions import Permission, Person, held_in

# Tab: key, title, URL name (takes the region's code), what one must hold in the region to be offered it.
TABS = (
    ("card", "Карточка", "region-card", Permission.REGION_VIEW),
    ("life-situations", "Жизненные ситуации", "place-list", Permission.REGION_VIEW),
    ("bodies", "Органы и РСУ", "body-list", Permission.REGION_VIEW),
    ("institutions", "Учреждения", "region-institutions", Permission.REGION_VIEW),
    ("people", "Люди", "region-people", Permission.PEOPLE_VIEW),
    ("letters", "Письма", "letter-list", Permission.REGION_VIEW),
    ("fieldwork", "Ход опроса", "region-fieldwork", Permission.REGION_VIEW),
    ("links", "Ссылки", "region-links", Permission.LINK_MANAGE),
    ("monitoring", "Мониторинг", "region", Permission.RESULTS_VIEW),
    ("comments", "Комментарии", "region-comments", Permission.COMMENTS_VIEW),
    ("quality", "Качество данных", "region-quality", Permission.REGION_VIEW),
)


def region_or_404(request: SignedInRequest, code: str, permission: Permission = Permission.REGION_VIEW) -> Region:
    """The region of the address for whoever sees it; for all others there is none."""
    region = Region.objects.permitting(request.user, permission).filter(code=code).first()
    if region is None:
        raise Http404
    return region


def institution_or_404(request: SignedInRequest, pk: int) -> Institution:
    """The institution of the address, with its region, for whoever sees it; for all others there is none."""
    visible = Institution.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    institution: Institution = get_object_or_404(visible.select_related("region"), pk=pk)
    return institution


def region_crumb(region: Region) -> dict[str, str]:
    """The first step of the way to most pages of a region."""
    return {"title": region.name, "url": reverse("region-card", args=[region.code])}


def form_page(
    request: SignedInRequest,
    form: forms.BaseForm,
    template: str = "pages/form.html",
    *,
    crumbs: list[dict[str, str]],
    status: int | None = None,
    **context: Any,
) -> HttpResponse:
    """A page that is one form (its context: templates/pages/form.html); 422 when the form came back.

    «Отмена» leads one step back, unless `cancel_url` says otherwise.
    """
    context = {"form": form, "crumbs": crumbs, "cancel_url": crumbs[-1]["url"], **context}
    return render(request, template, context, status=status or (422 if form.is_bound else 200))


def region_tabs(user: Person, region: Region, active: str) -> list[dict[str, object]]:
    """The tabs of a region's pages for `components/tabs.html`; `active` is the key of the page's own."""
    held = held_in(user, region)
    return [
        {"title": title, "url": reverse(name, args=[region.code]), "active": key == active}
        for key, title, name, permission in TABS
        if permission in held
    ]
