"""The part an institution takes in a ЖС: beginning, end, passing on to another ЖС."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from regions.forms.institutions import EndForm, ParticipationForm, TransferForm
from regions.models import LifeSituation, Participation, Region, RegionLifeSituation
from regions.pages import form_page, institution_or_404
from regions.permissions import Permission, require
from regions.services import institutions as services
from regions.views.institutions import blame, card_url, crumbs_of


def _offered(request: SignedInRequest, region: Region) -> QuerySet[LifeSituation]:
    """The ЖС of the region that the person runs."""
    places = RegionLifeSituation.objects.filter(region=region).permitting(request.user, Permission.LIFE_SITUATION_RUN)
    return LifeSituation.objects.filter(pk__in=places.values("life_situation"))


@require_http_methods(["GET", "HEAD", "POST"])
def participation_create(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = institution_or_404(request, pk)
    require(request.user, Permission.LIFE_SITUATION_RUN, institution.region)
    today = institution.region.local_date()
    without_end = institution.participations.filter(until=None)
    offered = list(_offered(request, institution.region).exclude(pk__in=without_end.values("life_situation")))
    form = ParticipationForm(
        request.POST if request.method == "POST" else None, offered=offered, today=today, initial={"since": today}
    )
    if form.is_valid():
        try:
            services.start_participation(
                institution=institution, by=request.user, at=timezone.now(), **form.cleaned_data
            )
        except services.Refused as error:
            blame(form, error, day="since")
        else:
            messages.success(request, "Участие внесено. Теперь можно создать ссылку на анкету.")
            return redirect(card_url(institution))
    return form_page(
        request,
        form,
        title="Участие в жизненной ситуации",
        lead=institution.name,
        warning="" if offered else "Выбрать нечего: учреждение уже участвует во всех ЖС региона, которые Вы ведёте.",
        crumbs=crumbs_of(request, institution.region, institution),
        submit="Внести",
    )


def _participation(request: SignedInRequest, pk: int) -> Participation:
    visible = Participation.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    participation = get_object_or_404(visible.select_related("institution__region", "life_situation"), pk=pk)
    services.require_running(request.user, participation)
    return participation


@require_http_methods(["GET", "HEAD", "POST"])
def participation_end(request: SignedInRequest, pk: int) -> HttpResponse:
    participation = _participation(request, pk)
    institution = participation.institution
    today = institution.region.local_date()
    form = EndForm(request.POST if request.method == "POST" else None, today=today, initial={"until": today})
    if form.is_valid():
        try:
            services.end_participation(
                participation=participation, until=form.cleaned_data["until"], by=request.user, at=timezone.now()
            )
        except services.Refused as error:
            blame(form, error, day="until")
        else:
            messages.success(request, "Участие завершено. После этого дня ссылки не принимают ответы.")
            return redirect(card_url(institution))
    return form_page(
        request,
        form,
        title="Завершить участие",
        lead=f"{participation.life_situation.short_title}: участвует {services.days_of(participation)}",
        warning="После последнего дня ссылки на анкету перестанут принимать ответы. Собранные ответы останутся.",
        danger=True,
        crumbs=crumbs_of(request, institution.region, institution),
        submit="Завершить участие",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def participation_transfer(request: SignedInRequest, pk: int) -> HttpResponse:
    participation = _participation(request, pk)
    institution = participation.institution
    today = institution.region.local_date()
    form = TransferForm(
        request.POST if request.method == "POST" else None,
        offered=_offered(request, institution.region).exclude(pk=participation.life_situation_id),
        today=today,
        initial={"last_day": today},
    )
    if form.is_valid():
        try:
            services.transfer_participation(
                participation=participation, by=request.user, at=timezone.now(), **form.cleaned_data
            )
        except services.Refused as error:
            blame(form, error, day="last_day")
        else:
            messages.success(request, "Учреждение переведено. Для новой жизненной ситуации создайте ссылку на анкету.")
            return redirect(card_url(institution))
    return form_page(
        request,
        form,
        title="Перевести в другую жизненную ситуацию",
        lead=f"Сейчас: {participation.life_situation.short_title}, {services.days_of(participation)}",
        warning="Ссылки прежней жизненной ситуации перестанут принимать ответы. Собранные ответы останутся в ней.",
        crumbs=crumbs_of(request, institution.region, institution),
        submit="Перевести",
    )
