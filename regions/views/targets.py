"""Current and target values of the indicators of a ЖС for a year: entered, approved, withdrawn."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from regions.forms.life_situations import ApproveForm, TargetsForm, WithdrawForm, plain_number
from regions.models import Indicator, IndicatorTarget, RegionLifeSituation, TargetApproval
from regions.pages import form_page
from regions.permissions import Permission, may, require
from regions.services import targets as services
from regions.targets import is_step_back, recommended_target
from regions.uploads import document_response
from regions.views.life_situations import FORM, place_crumbs, place_or_404

FIRST_YEAR = 2021
YEARS_AHEAD = 5


@require_http_methods(FORM)
def place_targets(request: SignedInRequest, pk: int, year: int) -> HttpResponse:
    """The values of a year; whoever may enter them gets the form until they are approved."""
    place = _place_in_year(request, pk, year)
    may_enter = may(request.user, Permission.TARGETS_ENTER, place)
    if request.method == "POST":
        require(request.user, Permission.TARGETS_ENTER, place)
    approval = TargetApproval.objects.filter(place=place, year=year).select_related("approved_by").first()
    indicators, stored = services.indicators_of(place), _stored(place, year)
    form = None
    if may_enter and indicators and (request.method == "POST" or approval is None):
        form = TargetsForm(
            request.POST if request.method == "POST" else None,
            indicators=indicators,
            targets=stored,
            initial={"seen": services.digest(stored.values())},
        )
        if form.is_valid():
            try:
                services.enter(
                    place=place,
                    year=year,
                    values=form.values(),
                    seen=form.cleaned_data["seen"],
                    by=request.user,
                )
            except services.Locked:
                form.add_error(None, "Показатели этого года уже утверждены, изменить их нельзя")
            except services.ChangedMeanwhile:
                stored = _stored(place, year)
                form.show_anew(services.digest(stored.values()))
                form.add_error(
                    None, "Пока страница была открыта, значения изменил другой человек. Сравните и сохраните ещё раз"
                )
            else:
                messages.success(request, "Значения сохранены.")
                return redirect("place-targets", place.pk, year)
    lines = [_line(one, stored.get(one.pk), form) for one in indicators]
    return render(
        request,
        "regions/life_situations/targets.html",
        {
            "place": place,
            "year": year,
            "crumbs": place_crumbs(place),
            "approval": approval,
            "form": form,
            "lines": lines,
            "is_complete": bool(lines) and all(line["stored"] for line in lines),
            "may_approve": may(request.user, Permission.TARGETS_APPROVE, place),
            "has_entered": services.has_entered(request.user, place, year),
        },
        status=422 if form and form.is_bound else 200,
    )


@require_http_methods(FORM)
def targets_approve(request: SignedInRequest, pk: int, year: int) -> HttpResponse:
    """The values once more, and the decision that approves them."""
    place = _place_in_year(request, pk, year)
    require(request.user, Permission.TARGETS_APPROVE, place)
    indicators, stored = services.indicators_of(place), _stored(place, year)
    is_post = request.method == "POST"
    form = ApproveForm(
        request.POST if is_post else None,
        request.FILES if is_post else None,
        today=place.region.local_date(),
        initial={"seen": services.digest(stored.values())},
    )
    if form.is_valid():
        try:
            services.approve(
                place=place,
                year=year,
                seen=form.cleaned_data["seen"],
                document=form.document(),
                by=request.user,
                at=timezone.now(),
            )
        except services.Locked:
            messages.info(request, "Показатели этого года уже утверждены.")
            return redirect("place-targets", place.pk, year)
        except services.ChangedMeanwhile:
            stored = _stored(place, year)
            form.show_anew(services.digest(stored.values()))
            form.add_error(None, "Пока страница была открыта, значения изменились. Проверьте их и утвердите ещё раз")
        except services.Incomplete:
            form.add_error(None, "Значения внесены не по всем показателям: утвердить их пока нельзя")
        except services.OwnWork:
            form.add_error(None, "Значения вносили Вы: утвердить их должен другой человек")
        else:
            messages.success(request, f"Показатели на {year} год утверждены и закрыты для правки.")
            return redirect("place-targets", place.pk, year)
    elif not is_post and TargetApproval.objects.filter(place=place, year=year).exists():
        messages.info(request, "Показатели этого года уже утверждены.")
        return redirect("place-targets", place.pk, year)
    lines = [_line(one, stored.get(one.pk), None) for one in indicators]
    return render(
        request,
        "regions/life_situations/approve.html",
        {
            "title": f"Утвердить показатели на {year} год",
            "place": place,
            "year": year,
            "crumbs": _targets_crumbs(place, year),
            "lines": lines,
            "is_complete": bool(lines) and all(line["stored"] for line in lines),
            "has_entered": services.has_entered(request.user, place, year),
            "form": form,
            "submit": "Утвердить",
            "cancel_url": reverse("place-targets", args=[place.pk, year]),
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(FORM)
def targets_withdraw(request: SignedInRequest, pk: int, year: int) -> HttpResponse:
    place = _place_in_year(request, pk, year)
    require(request.user, Permission.TARGETS_APPROVE, place)
    approval = TargetApproval.objects.filter(place=place, year=year).first()
    is_post = request.method == "POST"
    form = WithdrawForm(request.POST if is_post else None, initial={"approval": approval.pk if approval else None})
    if form.is_valid():
        try:
            services.withdraw(
                place=place,
                year=year,
                approval_id=form.cleaned_data["approval"],
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
            )
        except services.NotApproved:
            messages.info(request, "Этого утверждения уже нет.")
        else:
            messages.success(request, f"Утверждение отозвано: значения на {year} год можно менять.")
        return redirect("place-targets", place.pk, year)
    if approval is None:
        messages.info(request, "Показатели этого года не утверждены.")
        return redirect("place-targets", place.pk, year)
    return form_page(
        request,
        form,
        title=f"Отозвать утверждение на {year} год",
        lead=f"{place.life_situation.short_title}. Решение {approval.document_title}",
        warning="Значения снова можно будет менять, и утверждать их придётся заново.",
        crumbs=_targets_crumbs(place, year),
        submit="Отозвать утверждение",
        danger=True,
        cancel_url=reverse("place-targets", args=[place.pk, year]),
    )


@require_safe
def targets_document(request: SignedInRequest, pk: int, year: int) -> FileResponse:
    """The file of the decision that approved the values."""
    place = _place_in_year(request, pk, year)
    return document_response(get_object_or_404(TargetApproval, place=place, year=year))


def _place_in_year(request: SignedInRequest, pk: int, year: int) -> RegionLifeSituation:
    place = place_or_404(request, pk)
    if not FIRST_YEAR <= year <= place.region.local_date().year + YEARS_AHEAD:
        raise Http404
    return place


def _targets_crumbs(place: RegionLifeSituation, year: int) -> list[dict[str, str]]:
    return [
        *place_crumbs(place),
        {"title": f"Показатели на {year} год", "url": reverse("place-targets", args=[place.pk, year])},
    ]


def _stored(place: RegionLifeSituation, year: int) -> dict[int, IndicatorTarget]:
    targets = IndicatorTarget.objects.filter(place=place, year=year).select_related("entered_by")
    return {one.indicator_id: one for one in targets}


def _line(indicator: Indicator, stored: IndicatorTarget | None, form: TargetsForm | None) -> dict[str, Any]:
    """An indicator with its values, its fields if there is a form, and what to think of."""
    line: dict[str, Any] = {
        "indicator": indicator,
        "stored": stored,
        "current": plain_number(stored.current) if stored else "",
        "target": plain_number(stored.target) if stored else "",
        "recommended": _recommended(indicator, stored),
        "is_step_back": stored is not None
        and is_step_back(float(stored.current), float(stored.target), lower_is_better=indicator.lower_is_better),
    }
    if form:
        line["fields"] = [form[f"{kind}_{indicator.pk}"] for kind in ("current", "target")]
    return line


def _recommended(indicator: Indicator, stored: IndicatorTarget | None) -> str:
    """The recommended target of the year [001 IV.5]; empty without a current value or without a mark."""
    if stored is None or indicator.long_term_mark is None:
        return ""
    value = recommended_target(
        float(stored.current), float(indicator.long_term_mark), lower_is_better=indicator.lower_is_better
    )
    return plain_number(Decimal(repr(value)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
