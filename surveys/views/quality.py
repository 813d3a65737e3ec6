"""Data quality: suspicious answers of a region and of an institution, and decisions about them."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from regions.lists import list_response
from regions.models import RegionLifeSituation
from regions.pages import institution_or_404, region_crumb, region_or_404, region_tabs
from regions.permissions import Permission, may, require
from surveys.forms.quality import ALL, EXCLUDED, DecisionForm, GroupsForm, PeriodForm, ReasonForm
from surveys.lists.quality import CASE_CHIPS, PROPOSAL, CaseFilter, CaseTable, GroupTable, OverviewTable, days_of
from surveys.locks import PublishedAlready
from surveys.models import ExclusionCase, Response
from surveys.quality import suspicions
from surveys.quality.marks import EXPLANATIONS
from surveys.services import quality as services

# Of those waiting for a decision, on the page of the region; all stand in their own list.
SHOWN_CASES = 10
TAB = "quality"


def _marks() -> list[tuple[str, str]]:
    return [(flag.title, words) for flag, words in EXPLANATIONS.items()]


# Of a region ----------------------------------------------------------------------------------------------------------


@require_safe
def region_quality(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    taken = RegionLifeSituation.objects.filter(region=region)
    form = PeriodForm(request.GET.dict(), situations=taken.values("life_situation"), today=region.local_date())
    rows: list[suspicions.Overview] = []
    query = ""
    if form.is_valid():
        asked = form.cleaned_data
        rows = suspicions.overview(
            region, first=asked["first"], last=asked["last"], life_situation=asked["life_situation"]
        )
        if asked["flag"]:
            rows = [one for one in rows if any(flag == asked["flag"] for flag, _ in one.marks)]
        query = urlencode({name: asked[name] for name in ("first", "last", "flag") if asked[name]})
    waiting = suspicions.cases_of(region).waiting().order_by("proposed_at", "pk")
    response = list_response(
        request,
        OverviewTable(rows, query=query),
        "surveys/quality/region.html",
        {
            "region": region,
            "tabs": region_tabs(request.user, region, TAB),
            "filter": {"form": form},
            "waiting": waiting[:SHOWN_CASES],
            "marks": _marks(),
        },
        file_name=f"quality-{region.code}",
    )
    response.status_code = 200 if form.is_valid() else 422
    return response


@require_safe
def exclusion_list(request: SignedInRequest, code: str) -> HttpResponse:
    region = region_or_404(request, code)
    found = CaseFilter(request.GET, suspicions.cases_of(region), request=request)
    return list_response(
        request,
        CaseTable(found.qs),
        "surveys/quality/case_list.html",
        {
            "region": region,
            "tabs": region_tabs(request.user, region, TAB),
            "crumbs": [
                region_crumb(region),
                {"title": "Качество данных", "url": reverse("region-quality", args=[region.code])},
            ],
            "filter": found,
        },
        file_name=f"exclusions-{region.code}",
    )


# Of an institution ----------------------------------------------------------------------------------------------------


@require_safe
def institution_quality(request: SignedInRequest, pk: int) -> HttpResponse:
    """Groups of the institution's suspicious answers; those who may, tick some and propose to leave them out."""
    institution = institution_or_404(request, pk)
    form = GroupsForm(
        request.GET.dict(),
        situations=institution.participations.values("life_situation"),
        today=institution.region.local_date(),
    )
    groups: list[suspicions.Group] = []
    if form.is_valid():
        asked = form.cleaned_data
        answers = Response.objects.filter(institution=institution).between(asked["first"], asked["last"])
        if asked["life_situation"]:
            answers = answers.filter(life_situation=asked["life_situation"])
        if asked["shown"] == EXCLUDED:
            answers = answers.filter(is_excluded=True)
        elif asked["shown"] != ALL:
            answers = answers.suspicious()
        groups = suspicions.groups_of(answers)
        if asked["flag"]:
            groups = suspicions.with_flag(groups, asked["flag"])
    places = RegionLifeSituation.objects.permitting(request.user, Permission.ANSWERS_EXCLUDE_PROPOSE)
    may_propose = set(places.filter(region=institution.region).values_list("life_situation", flat=True))
    sees_cases = may(request.user, Permission.REGION_VIEW, institution.region)
    cases = ExclusionCase.objects.filter(institution=institution).with_places()
    response = list_response(
        request,
        GroupTable(groups, may_propose=may_propose),
        "surveys/quality/institution.html",
        {
            "institution": institution,
            "tab": TAB,
            "filter": {"form": form},
            "list_url": reverse("institution-quality", args=[institution.pk]),
            "may_propose": any(one.life_situation.pk in may_propose and not one.is_waiting for one in groups),
            "proposal": PROPOSAL,
            "sees_cases": sees_cases,
            "cases": cases[:SHOWN_CASES] if sees_cases else [],
            "marks": _marks(),
        },
        file_name=f"quality-{institution.pk}",
    )
    response.status_code = 200 if form.is_valid() else 422
    return response


# Proposing ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def exclusion_propose(request: SignedInRequest, pk: int) -> HttpResponse:
    """The ticked groups once more with their numbers, and why. Sending it fixes the set of answers to what was seen."""
    institution = institution_or_404(request, pk)
    require(request.user, Permission.ANSWERS_EXCLUDE_PROPOSE, institution)
    is_sent = request.method == "POST"
    data = request.POST if is_sent else request.GET
    tokens = data.getlist("group")
    answers = suspicions.chosen(institution, tokens)
    if is_sent:
        # Somebody may have answered since.
        answers = answers.filter(pk__lte=_whole_number(data.get("newest", "")))
    groups = suspicions.groups_of(answers)
    if refusal := _refusal(groups):
        messages.error(request, refusal)
        return redirect("institution-quality", institution.pk)
    situation = groups[0].life_situation
    require(request.user, Permission.ANSWERS_EXCLUDE_PROPOSE, services.place_of(institution, situation.pk))
    kind = ExclusionCase.Kind.TAKE_BACK if groups[0].is_excluded else ExclusionCase.Kind.LEAVE_OUT
    number = sum(one.number for one in groups)
    form = ReasonForm(request.POST if is_sent else None)
    if form.is_valid():
        try:
            if _whole_number(data.get("seen", "")) != number:
                raise services.AnswersChanged("Состав ответов изменился. Проверьте числа и отправьте ещё раз.")
            case = services.propose(
                institution=institution,
                life_situation=situation,
                kind=kind,
                response_ids=answers.values_list("pk", flat=True),
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        except services.CannotDecide as error:
            form.add_error(None, str(error))
        except PublishedAlready as error:
            form.add_error(None, _published(error))
        else:
            messages.success(request, "Предложение внесено. Решит РСУ или руководитель РШ.")
            return redirect("exclusion-case", case.pk)
    own_url = reverse("institution-quality", args=[institution.pk])
    context = {
        "title": "Предложить вернуть ответы" if groups[0].is_excluded else "Предложить исключить ответы",
        "institution": institution,
        "situation": situation,
        "groups": groups,
        "tokens": tokens[: suspicions.MOST_GROUPS],
        "number": number,
        "newest": suspicions.newest(answers),
        "takes_back": groups[0].is_excluded,
        "form": form,
        "crumbs": [
            {"title": institution.name, "url": reverse("institution", args=[institution.pk])},
            {"title": "Качество данных", "url": own_url},
        ],
        "cancel_url": own_url,
    }
    return render(request, "surveys/quality/propose.html", context, status=422 if form.is_bound else 200)


def _whole_number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0


def _refusal(groups: list[suspicions.Group]) -> str:
    if not groups:
        return "Отметьте ответы, о которых идёт речь. Те, что уже ждут решения, предложить ещё раз нельзя."
    if len({one.life_situation.pk for one in groups}) > 1:
        return "Отметьте ответы одной жизненной ситуации: по каждой решают отдельно."
    if len({one.is_excluded for one in groups}) > 1:
        return "Отметьте или исключённые ответы, или те, что учитываются: это два разных предложения."
    return ""


def _published(error: PublishedAlready) -> str:
    return f"Квартал опубликован ({error}): его ответы больше не меняются. Ничего не сделано."


# A case ---------------------------------------------------------------------------------------------------------------


def _case(request: SignedInRequest, pk: int) -> ExclusionCase:
    visible = ExclusionCase.objects.permitting(request.user, Permission.REGION_VIEW)
    return get_object_or_404(visible.with_places(), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def exclusion_case(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was proposed and what became of it; whoever may decide does it here."""
    case = _case(request, pk)
    may_decide = services.may_decide(case, request.user)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        place = services.place_of(case.institution, case.life_situation_id)
        require(request.user, Permission.ANSWERS_EXCLUDE_DECIDE, place)
        if form.is_valid():
            try:
                _decide(request, case, form)
            except PublishedAlready as error:
                messages.error(request, _published(error))
            except services.CannotDecide as error:
                messages.error(request, str(error))
            return redirect("exclusion-case", case.pk)
    region = case.institution.region
    people = services.Deciders(region, [case.proposed_by, case.decided_by])
    context = {
        "case": case,
        "region": region,
        "chip": CASE_CHIPS[ExclusionCase.State(case.state)],
        "days": days_of(case),
        "groups": suspicions.groups_of(Response.objects.filter(cases=case)),
        "proposer": people.title(case.proposed_by, Permission.ANSWERS_EXCLUDE_PROPOSE, case.proposed_at),
        "decider": people.title(case.decided_by, Permission.ANSWERS_EXCLUDE_DECIDE, case.decided_at),
        "form": form,
        "may_decide": may_decide,
        "may_withdraw": services.may_withdraw(case, request.user),
        "is_own": case.proposed_by_id == request.user.pk,
        "crumbs": [
            region_crumb(region),
            {"title": "Качество данных", "url": reverse("region-quality", args=[region.code])},
            {"title": "Решения об ответах", "url": reverse("exclusion-list", args=[region.code])},
        ],
    }
    return render(request, "surveys/quality/case.html", context, status=422 if form.is_bound else 200)


def _decide(request: SignedInRequest, case: ExclusionCase, form: DecisionForm) -> None:
    explanation = form.cleaned_data["explanation"]
    at = timezone.now()
    if form.cleaned_data["decision"] == DecisionForm.APPROVE:
        services.approve(case=case, by=request.user, at=at, explanation=explanation)
        messages.success(request, "Решение принято, числа пересчитаны.")
    else:
        services.decline(case=case, by=request.user, at=at, explanation=explanation)
        messages.success(request, "Предложение отклонено, ответы остались как были.")


@require_POST
def exclusion_withdraw(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    case = _case(request, pk)
    try:
        services.withdraw(case=case, by=request.user)
    except services.CannotDecide as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Предложение отозвано.")
    return redirect("exclusion-case", case.pk)
