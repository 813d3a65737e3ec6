"""What pages of a region's structure share: finding a body, the way to it, hints, history, what a service refused."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.http import SignedInRequest
from regions import recommendations
from regions.history import Change
from regions.models import Body, BodyMember, Region, ServiceCommissioner
from regions.models.bodies import Competence, Group
from regions.pages import region_crumb
from regions.permissions import Permission, held_in
from regions.services import bodies as services

TAB = "bodies"
_TITLES = {**dict(Group.choices), **dict(Competence.choices)}


def body_or_404(request: SignedInRequest, pk: int) -> Body:
    visible = Body.objects.permitting(request.user, Permission.REGION_VIEW)
    return get_object_or_404(visible.select_related("region"), pk=pk)


def structure_crumbs(region: Region, *further: dict[str, str]) -> list[dict[str, str]]:
    """The way to a page of the structure: the region, its bodies, the card."""
    return [
        region_crumb(region),
        {"title": "Органы и РСУ", "url": reverse("body-list", args=[region.code])},
        *further,
    ]


def of_body(body: Body) -> dict[str, str]:
    return {"title": str(body), "url": reverse("body", args=[body.pk])}


def refuse(form: forms.Form, error: services.StructureError) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.message)


def posted(request: SignedInRequest) -> dict[str, Any]:
    """What a form is bound to, if anything was sent."""
    return {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}


# Hints ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownHint:
    text: str
    missing: list[str]
    source: str


def shown(hints: Iterable[recommendations.Hint]) -> list[ShownHint]:
    return [ShownHint(hint.text, [_TITLES[code] for code in hint.missing], hint.source) for hint in hints]


def hints_of_body(body: Body, members: Iterable[BodyMember]) -> list[ShownHint]:
    """What the recommendations ask of a body with these members; of a former one they ask nothing."""
    if body.ended_on:
        return []
    people = [
        recommendations.Person(
            position=one.position,
            organisation=one.organisation,
            group=one.group,
            competences=one.competences,
            has_email=bool(one.email),
            is_head=services.is_head_now(one),
        )
        for one in members
    ]
    return shown(recommendations.body_hints(body.kind, people))


def hints_of_commissioner(commissioner: ServiceCommissioner, today: date) -> list[ShownHint]:
    if commissioner.ended_on:
        return []
    return shown(
        recommendations.commissioner_hints(
            competences=commissioner.competences,
            has_email=bool(commissioner.email),
            is_accredited=commissioner.is_accredited(today),
        )
    )


# E-mails of people ---------------------------------------------------------------------------------------------------


def sees_emails(request: SignedInRequest, region: Region) -> bool:
    return not held_in(request.user, region).isdisjoint({Permission.PEOPLE_VIEW, Permission.STRUCTURE_EDIT})


def without_emails(found: list[Change]) -> list[Change]:
    """The changes for who may see a body, but not the addresses of its people."""
    title = str(BodyMember._meta.get_field("email").verbose_name)
    cut = [replace(one, fields=[field for field in one.fields if field.title != title]) for one in found]
    return [after for before, after in zip(found, cut, strict=True) if after.fields or not before.fields]


def history_page(
    request: SignedInRequest, region: Region, title: str, crumbs: list[dict[str, str]], found: list[Change]
) -> HttpResponse:
    shown = found if sees_emails(request, region) else without_emails(found)
    return render(request, "pages/history.html", {"title": title, "crumbs": crumbs, "changes": shown})
