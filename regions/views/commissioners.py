"""The РСУ of a region: appointing, card, accreditation, release."""

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from regions.forms.bodies import AccreditationForm, CommissionerForm, LastDayForm
from regions.history import changes
from regions.models import ServiceCommissioner
from regions.models.bodies import Competence
from regions.pages import form_page, region_or_404, region_tabs
from regions.permissions import Permission, held_in, require
from regions.services import bodies as services
from regions.uploads import document_response
from regions.views.structure import (
    TAB,
    hints_of_commissioner,
    history_page,
    posted,
    refuse,
    sees_emails,
    structure_crumbs,
)


def _commissioner(request: SignedInRequest, pk: int) -> ServiceCommissioner:
    visible = ServiceCommissioner.objects.permitting(request.user, Permission.REGION_VIEW)
    return get_object_or_404(visible.select_related("region"), pk=pk)


def _crumbs(commissioner: ServiceCommissioner) -> list[dict[str, str]]:
    card = {"title": f"РСУ: {commissioner}", "url": reverse("commissioner", args=[commissioner.pk])}
    return structure_crumbs(commissioner.region, card)


@require_http_methods(["GET", "HEAD", "POST"])
def commissioner_create(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    require(request.user, Permission.STRUCTURE_EDIT, region)
    form = CommissionerForm(**posted(request))
    if form.is_valid():
        try:
            appointed = services.appoint_commissioner(
                region=region, by=request.user, at=timezone.now(), **form.appointment()
            )
        except services.StructureError as error:
            refuse(form, error)
        else:
            messages.success(request, "РСУ назначен. Сообщите Агентству письмом.")
            return redirect("commissioner", appointed.pk)
    there = ServiceCommissioner.objects.filter(region=region, ended_on=None).first()
    return form_page(
        request,
        form,
        title="Назначить РСУ",
        crumbs=structure_crumbs(region),
        lead="Регионального сервисного уполномоченного назначает глава региона.",
        warning=f"В регионе уже есть РСУ: {there}. Сначала снимите с него обязанности." if there else "",
        submit="Назначить",
    )


@require_safe
def commissioner_card(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    region, today = commissioner.region, commissioner.region.local_date()
    held = held_in(request.user, region)
    return render(
        request,
        "regions/bodies/commissioner.html",
        {
            "commissioner": commissioner,
            "region": region,
            "tabs": region_tabs(request.user, region, TAB),
            "crumbs": structure_crumbs(region),
            "competences": [Competence(code).label for code in commissioner.competences],
            "accreditation": services.accreditation_state(commissioner, today),
            "hints": hints_of_commissioner(commissioner, today),
            "sees_email": sees_emails(request, region),
            "may_edit": Permission.STRUCTURE_EDIT in held,
            "may_accredit": Permission.COMMISSIONER_ACCREDIT in held and not commissioner.ended_on,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def commissioner_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, commissioner.region)
    form = CommissionerForm(**posted(request), initial=CommissionerForm.initial_of(commissioner))
    if form.is_valid():
        try:
            services.edit_commissioner(
                commissioner=commissioner, by=request.user, at=timezone.now(), **form.appointment()
            )
        except services.StructureError as error:
            refuse(form, error)
        else:
            messages.success(request, "Изменения сохранены.")
            return redirect("commissioner", commissioner.pk)
    crumbs = _crumbs(commissioner)
    return form_page(request, form, title="Изменить сведения о РСУ", crumbs=crumbs, submit="Сохранить")


@require_http_methods(["GET", "HEAD", "POST"])
def commissioner_accredit(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    require(request.user, Permission.COMMISSIONER_ACCREDIT, commissioner.region)
    form = AccreditationForm(**posted(request), initial=AccreditationForm.initial_of(commissioner))
    if form.is_valid():
        try:
            services.accredit(commissioner=commissioner, by=request.user, at=timezone.now(), **form.cleaned_data)
        except services.AlreadyEnded as error:
            messages.info(request, error.message)
            return redirect("commissioner", commissioner.pk)
        except services.StructureError as error:
            refuse(form, error)
        else:
            messages.success(request, "Сведения об аккредитации сохранены.")
            return redirect("commissioner", commissioner.pk)
    return form_page(
        request,
        form,
        title="Аккредитация РСУ",
        crumbs=_crumbs(commissioner),
        lead="Агентство аккредитует по профилю компетенций и результатам образовательной программы.",
        submit="Сохранить",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def commissioner_end(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    require(request.user, Permission.STRUCTURE_EDIT, commissioner.region)
    form = LastDayForm(**posted(request))
    if form.is_valid():
        try:
            services.release_commissioner(
                commissioner=commissioner, last_day=form.cleaned_data["last_day"], by=request.user, at=timezone.now()
            )
        except services.AlreadyEnded as error:
            messages.info(request, error.message)
            return redirect("commissioner", commissioner.pk)
        except services.StructureError as error:
            refuse(form, error)
        else:
            messages.success(request, "Обязанности РСУ сняты.")
            return redirect("body-list", commissioner.region.code)
    return form_page(
        request,
        form,
        title="Снять обязанности РСУ",
        crumbs=_crumbs(commissioner),
        lead=str(commissioner),
        warning="Пока нового РСУ нет, его работу ведёт один член РШ, ответственный за ЖС.",
        submit="Снять обязанности",
        danger=True,
    )


@require_safe
def commissioner_document(request: SignedInRequest, pk: int) -> FileResponse:
    return document_response(_commissioner(request, pk))


@require_safe
def commissioner_history(request: SignedInRequest, pk: int) -> HttpResponse:
    commissioner = _commissioner(request, pk)
    found = changes(ServiceCommissioner.history.filter(id=commissioner.pk))
    crumbs = _crumbs(commissioner)
    return history_page(request, commissioner.region, f"РСУ: {commissioner}", crumbs, found)
