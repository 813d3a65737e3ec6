"""Pages of the fieldwork: of an institution, of a region, the plan's error, and a person's reminders."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from monitoring.fieldwork import reminders
from monitoring.fieldwork import standing as fieldwork
from monitoring.fieldwork.charts import day_chart
from monitoring.fieldwork.lists import StandingTable, percent
from monitoring.models import ReportingPeriod
from monitoring.quarters.forms import FieldworkErrorForm, FieldworkForm
from monitoring.quarters.services import institutions_of
from regions.lists import list_response
from regions.models import Institution, LifeSituation, RegionLifeSituation
from regions.pages import institution_or_404, region_or_404, region_tabs
from regions.permissions import Permission, may, may_anywhere, require
from surveys.counting.progress import NOTHING, Received, days_of, received
from surveys.models import SurveyLink

SHOWN_PERIODS = 8
SHOWN_LINKS = 50


@require_safe
def institution_fieldwork(request: SignedInRequest, pk: int) -> HttpResponse:
    """How an institution gathers answers in a ЖС and period, and how many it still needs."""
    institution = institution_or_404(request, pk)
    now = timezone.now()
    situations = LifeSituation.objects.of_institution(institution)
    form = _form(request, situations=list(situations), today=institution.region.local_date(now))
    may_manage = may(request.user, Permission.LINK_MANAGE, institution)
    context: dict[str, Any] = {
        "institution": institution,
        "form": form,
        "may_manage": may_manage,
        "tab": "fieldwork",
        "gets_reminders": may_anywhere(request.user, Permission.OWN_COUNTS_VIEW),
    }
    if form.is_valid() and (situation := form.cleaned_data["life_situation"]):
        period = form.cleaned_data["period"]
        (standing,) = fieldwork.standings(
            region=institution.region, period=period, pairs=[(institution, situation.pk)], now=now
        )
        links = fieldwork.links_of(institution.region, [institution.pk], situation.pk, period)
        place = RegionLifeSituation.objects.filter(region=institution.region, life_situation=situation).first()
        may_enter = Institution.objects.permitting(
            request.user, Permission.CLIENTS_ENTER, life_situation=situation
        ).filter(pk=institution.pk)
        context |= {
            "situation": situation,
            "period": period,
            "standing": standing,
            "served_rate": percent(standing.served_rate),
            "offered_rate": percent(standing.offered_rate),
            "error": fieldwork.error_of(place, period) if place else fieldwork.sampling.USUAL_ERROR,
            "links": [(link, link.state(now)) for link in links],
            "clients_url": _clients_url(place, period) if place and may_enter.exists() else "",
            **_progress([institution.pk], situation, period, standing.plan.per_day if standing.plan.left else None),
        }
    return render(request, "monitoring/fieldwork_institution.html", context, status=200 if form.is_valid() else 422)


@require_safe
def region_fieldwork(request: SignedInRequest, code: str) -> HttpResponse:
    """How the institutions of a region gather answers in a ЖС and period: who falls behind, who is silent."""
    region = region_or_404(request, code)
    now = timezone.now()
    today = region.local_date(now)
    situations = LifeSituation.objects.filter(pk__in=region.life_situations.values("life_situation"))
    form = _form(request, situations=list(situations), today=today, of_region=True)
    context: dict[str, Any] = {
        "region": region,
        "form": form,
        "tabs": region_tabs(request.user, region, "fieldwork"),
        "may_manage_links": may(request.user, Permission.LINK_MANAGE, region),
    }
    situation = form.cleaned_data["life_situation"] if form.is_valid() else None
    if situation is None:
        return render(request, "monitoring/fieldwork_region.html", context, status=200 if form.is_valid() else 422)
    period = form.cleaned_data["period"]
    place = get_object_or_404(RegionLifeSituation, region=region, life_situation=situation)
    place.region, place.life_situation = region, situation
    institutions = sorted(institutions_of(place, period.opens_on, period.closes_on), key=lambda one: one.name)
    standings = fieldwork.standings(
        region=region, period=period, pairs=[(one, situation.pk) for one in institutions], now=now
    )
    ids = [one.pk for one in institutions]
    may_enter = Institution.objects.permitting(request.user, Permission.CLIENTS_ENTER, life_situation=situation).filter(
        pk__in=ids
    )
    empty_links = list(fieldwork.links_without_answers(ids, situation.pk, period, today))
    empty_of: dict[int, int] = {}
    for link in empty_links:
        empty_of[link.institution_id] = empty_of.get(link.institution_id, 0) + 1
    days_left = standings[0].plan.days_left if standings else 0
    left = sum(one.plan.left for one in standings)
    per_day = -(-left // days_left) if days_left and left else None
    context |= {
        "situation": situation,
        "period": period,
        "place": place,
        "error": fieldwork.error_of(place, period),
        "may_set_error": days_left > 0 and may(request.user, Permission.LIFE_SITUATION_RUN, place),
        "clients_url": _clients_url(place, period) if may_enter.exists() else "",
        "total": sum((one.received for one in standings), NOTHING),
        "needed": sum(one.plan.needed for one in standings),
        "left": left,
        "days_left": days_left,
        "per_day": per_day,
        "institutions_count": len(standings),
        "reached": sum(one.plan.is_reached for one in standings),
        "behind": sum(one.is_behind and not one.plan.is_reached for one in standings),
        "silent": [one for one in standings if one.is_silent and not one.plan.is_reached],
        "unknown": sum(one.served is None for one in standings),
        "too_many": [one for one in standings if one.has_too_many],
        "empty_links": empty_links[:SHOWN_LINKS],
        "more_links": max(len(empty_links) - SHOWN_LINKS, 0),
        "caption": "Учреждения",
        **_progress(ids, situation, period, per_day),
    }
    query = urlencode({"life_situation": situation.code, "period": period.code})
    table = StandingTable(_shown(standings, form.cleaned_data["show"]), query=query, empty_links=empty_of)
    return list_response(
        request,
        table,
        "monitoring/fieldwork_region.html",
        context,
        file_name=f"fieldwork-{region.code.lower()}-{situation.code}-{period.code.lower()}",
    )


def _shown(standings: list[fieldwork.Standing], show: str) -> list[fieldwork.Standing]:
    match show:
        case FieldworkForm.BEHIND:
            return [one for one in standings if one.is_behind and not one.plan.is_reached]
        case FieldworkForm.SILENT:
            return [one for one in standings if one.is_silent and not one.plan.is_reached]
        case FieldworkForm.SHORT:
            return [one for one in standings if not one.plan.is_reached]
    return standings


def _form(
    request: SignedInRequest, *, situations: list[LifeSituation], today: date, of_region: bool = False
) -> FieldworkForm:
    periods = list(ReportingPeriod.objects.begun(today)[:SHOWN_PERIODS])
    if not periods:
        raise Http404
    return FieldworkForm(request.GET.dict(), situations=situations, periods=periods, of_region=of_region)


def _clients_url(place: RegionLifeSituation, period: ReportingPeriod) -> str:
    return reverse("clients", args=[place.region.code, place.life_situation.code, period.code])


def _progress(
    institutions: list[int], situation: LifeSituation, period: ReportingPeriod, per_day: int | None
) -> dict[str, Any]:
    """Answers by day and by channel, as a picture and as tables."""
    by_day: dict[date, Received] = {}
    by_channel: dict[str, Received] = {}
    came = received(
        life_situation_ids=[situation.pk],
        institution_ids=institutions,
        first=period.opens_on,
        last=period.closes_on,
        by=("day", "channel"),
    )
    for (day, channel), one in came.items():
        by_day[day] = by_day.get(day, NOTHING) + one
        by_channel[channel] = by_channel.get(channel, NOTHING) + one
    titles = dict(SurveyLink.Channel.choices)
    return {
        "chart": day_chart(by_day, first=period.opens_on, last=period.closes_on, per_day=per_day),
        "days": days_of((day, by_day[day].received) for day in sorted(by_day, reverse=True)),
        "channels": sorted(
            ((titles.get(channel, channel), one) for channel, one in by_channel.items()),
            key=lambda row: (-row[1].received, str(row[0])),
        ),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def fieldwork_error(request: SignedInRequest, code: str, life_situation: str, period: str) -> HttpResponse:
    """How exact the shares of institutions are wanted: from that follows how many answers are enough."""
    visible = RegionLifeSituation.objects.permitting(request.user, Permission.REGION_VIEW)
    place = get_object_or_404(
        visible.select_related("region", "life_situation"), region__code=code, life_situation__code=life_situation
    )
    require(request.user, Permission.LIFE_SITUATION_RUN, place)
    chosen = get_object_or_404(ReportingPeriod, code=period)
    query = urlencode({"life_situation": place.life_situation.code, "period": chosen.code})
    back = f"{reverse('region-fieldwork', args=[place.region.code])}?{query}"
    form = FieldworkErrorForm(
        request.POST if request.method == "POST" else None, initial={"error": fieldwork.error_of(place, chosen)}
    )
    if form.is_valid():
        try:
            fieldwork.set_error(
                place=place, period=chosen, error=form.cleaned_data["error"], by=request.user, at=timezone.now()
            )
        except fieldwork.PeriodClosed:
            form.add_error("error", "Период закрыт, план больше не меняется")
        else:
            messages.success(request, "План добора пересчитан.")
            return redirect(back)
    context = {
        "title": "Точность плана добора",
        "crumbs": [{"title": f"{place.region.name}: ход опроса", "url": back}],
        "form": form,
        "submit": "Сохранить",
        "cancel_url": back,
        "lead": f"{place.life_situation.short_title}, {chosen}",
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


@require_safe
def reminder_settings(request: SignedInRequest) -> HttpResponse:
    return render(request, "monitoring/reminders.html", {"is_off": reminders.are_off(request.user)})


@require_POST
def reminder_switch(request: SignedInRequest) -> HttpResponseRedirect:
    """On or off, for the person who asks."""
    off = request.POST.get("off") == "1"
    reminders.switch(user=request.user, off=off, at=timezone.now())
    messages.success(request, "Напоминаний больше не будет." if off else "Напоминания включены.")
    return redirect("reminders")
