"""Comments: lists, one comment, coding, problems, reading as typed."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from regions.lists import list_response
from regions.models import Institution, Region, RegionLifeSituation
from regions.pages import form_page, institution_or_404, region_or_404, region_tabs
from regions.permissions import Permission, may, may_anywhere, require
from surveys.comments.querysets import CommentQuerySet
from surveys.forms.comments import BulkCodingForm, CodingForm, ProblemForm, RawReadingForm
from surveys.lists.comments import (
    SATISFACTION,
    CommentFilter,
    CommentInstitutionTable,
    CommentRegionTable,
    CommentTable,
    ProblemTable,
    RawReadingTable,
    question_of,
    summary_of,
    with_marks,
)
from surveys.models import Comment, ProblemDraft, RawReading
from surveys.services import comments as services

TAKEN_UP = "Проблему уже взяли в дорожную карту: комментарии за ней больше не меняются."

# Lists ----------------------------------------------------------------------------------------------------------------


@require_safe
def comment_home(request: SignedInRequest) -> HttpResponse:
    """Straight to the comments of one's only region or institution; otherwise a list of them."""
    if not may_anywhere(request.user, Permission.COMMENTS_VIEW):
        raise PermissionDenied
    regions = Region.objects.permitting(request.user, Permission.COMMENTS_VIEW)
    own = regions[:2]
    if len(own) == 1:
        return redirect("region-comments", own[0].code)
    if own:
        with_institutions = regions.filter(Exists(Institution.objects.filter(region=OuterRef("pk"))))
        table: Any = CommentRegionTable(with_institutions)
        return list_response(request, table, "surveys/comments/home.html", {}, file_name="comment-regions")
    institutions = Institution.objects.permitting(request.user, Permission.COMMENTS_VIEW)
    if len(institutions[:2]) == 1:
        return redirect("institution-comments", institutions[0].pk)
    table = CommentInstitutionTable(institutions)
    return list_response(request, table, "surveys/comments/home.html", {}, file_name="comment-institutions")


def _region(request: SignedInRequest, code: str) -> Region:
    """A region whose comments the person reads: 404 when they do not see the region, 403 when not its comments."""
    region = region_or_404(request, code)
    require(request.user, Permission.COMMENTS_VIEW, region)
    return region


def _institution(request: SignedInRequest, pk: int) -> Institution:
    institution = institution_or_404(request, pk)
    require(request.user, Permission.COMMENTS_VIEW, institution)
    return institution


@require_safe
def region_comments(request: SignedInRequest, code: str) -> HttpResponse:
    region = _region(request, code)
    return _list(
        request,
        Comment.objects.shown().filter(institution__region=region),
        region=region,
        institution=None,
        template="surveys/comments/region_list.html",
        context={
            "tabs": region_tabs(request.user, region, "comments"),
            "may_read_journal": may(request.user, Permission.ACCESS_EXPLAIN, region),
        },
    )


@require_safe
def institution_comments(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = _institution(request, pk)
    return _list(
        request,
        Comment.objects.shown().filter(institution=institution),
        region=institution.region,
        institution=institution,
        template="surveys/comments/institution_list.html",
        context={"tab": "comments"},
    )


def _list(
    request: SignedInRequest,
    comments: Any,
    *,
    region: Region,
    institution: Institution | None,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    sees_answers = institution is not None and may(request.user, Permission.OWN_COUNTS_VIEW, institution)
    found = CommentFilter(
        request.GET,
        comments,
        region=region,
        institution=institution,
        today=region.local_date(),
        sees_answers=sees_answers,
        request=request,
    )
    may_code = _codes_in(request, region)
    query = request.GET.copy()
    query.pop("page", None)
    query.pop("sort", None)
    if institution:
        query["institution"] = str(institution.pk)
    is_file = request.GET.get("format") == "xlsx"
    table = CommentTable(
        found.qs.for_file() if is_file else found.qs.for_list(),
        words=found.words,
        may_code=may_code,
        query=query.urlencode(),
        of_one=institution is not None,
        sees_answers=sees_answers,
        exclude=("institution",) if institution and _one_life_situation(institution) else (),
    )
    form = None
    if may_code and not is_file:
        form = BulkCodingForm(comments=comments, region=region, by=request.user, auto_id="code_%s")
        del form.fields["comments"]
    context = {
        "region": region,
        "institution": institution,
        "filter": found,
        "form": form,
        "summary": None if is_file else summary_of(found.qs),
        "is_filtered": bool(request.GET),
        "here": request.get_full_path(),
        **context,
    }
    name = f"comments-{institution.pk if institution else region.code.lower()}"
    return list_response(request, table, template, context, file_name=name)


def _one_life_situation(institution: Institution) -> bool:
    return institution.participations.values("life_situation").distinct().count() < 2


def _codes_in(request: SignedInRequest, region: Region) -> bool:
    places = RegionLifeSituation.objects.permitting(request.user, Permission.COMMENTS_CODE)
    return places.filter(region=region).exists()


# One comment ----------------------------------------------------------------------------------------------------------


def _comment(request: SignedInRequest, pk: int) -> Comment:
    """A comment the person reads: 404 when the institution is not theirs to see, 403 when not its comments."""
    seen: CommentQuerySet = Comment.objects.shown().permitting(request.user, Permission.INSTITUTION_VIEW)
    comment: Comment = get_object_or_404(seen.for_list(), pk=pk)
    require(request.user, Permission.COMMENTS_VIEW, comment.institution)
    return comment


def _place(comment: Comment) -> RegionLifeSituation | None:
    """The ЖС of the region the comment belongs to; None when the region has not taken it."""
    return RegionLifeSituation.objects.filter(
        region=comment.institution.region_id, life_situation=comment.life_situation_id
    ).first()


def _may_code(request: SignedInRequest, comment: Comment) -> bool:
    place = _place(comment)
    return place is not None and may(request.user, Permission.COMMENTS_CODE, place)


def _place_or_403(request: SignedInRequest, comment: Comment) -> RegionLifeSituation:
    place = get_object_or_404(
        RegionLifeSituation, region=comment.institution.region_id, life_situation=comment.life_situation_id
    )
    require(request.user, Permission.COMMENTS_CODE, place)
    return place


@require_http_methods(["GET", "HEAD", "POST"])
def comment(request: SignedInRequest, pk: int) -> HttpResponse:
    """One comment and its coding; saved, it leads to the next one of the list that waits."""
    found = _comment(request, pk)
    may_code = _may_code(request, found)
    if request.method == "POST":
        _place_or_403(request, found)
    form = CodingForm(request.POST if request.method == "POST" else None, comment=found) if may_code else None
    if form and form.is_valid():
        services.code_comments(
            comments=[found],
            themes=form.cleaned_data["themes"],
            stage=form.cleaned_data.get("stage"),
            keeps_themes=False,
            keeps_stage="stage" not in form.fields,
            by=request.user,
            at=timezone.now(),
        )
        return _to_next(request, found)
    filtered = _filtered(request, found)
    context = {
        "comment": found,
        "text": with_marks(found.text, filtered.words),
        "question": question_of(found),
        "sees_answers": may(request.user, Permission.OWN_COUNTS_VIEW, found.institution),
        "satisfaction": SATISFACTION.get(found.satisfaction),  # type: ignore[attr-defined]
        "channel": found.response.link.get_channel_display(),
        "form": form,
        "crumbs": [{"title": "Комментарии", "url": _list_url(request, found)}],
        "may_read_as_typed": found.is_masked and may(request.user, Permission.COMMENTS_RAW, found.institution),
        "may_tell": may(request.user, Permission.CHANGES_TELL, found.institution),
        "query": request.GET.urlencode(),
        "waiting": filtered.qs.filter(coded_at=None).order_by().count() if may_code else None,
    }
    return render(request, "surveys/comments/comment.html", context, status=422 if form and form.is_bound else 200)


def _filtered(request: SignedInRequest, comment: Comment) -> CommentFilter:
    """The list one came from: its filters stand in the address."""
    institution = comment.institution
    readable = Comment.objects.shown().permitting(request.user, Permission.COMMENTS_VIEW)
    readable = readable.filter(institution__region=institution.region_id)
    data = request.GET.copy()
    sees_answers = may(request.user, Permission.OWN_COUNTS_VIEW, institution)
    if sees_answers and data.get("satisfaction"):
        # Lists of several institutions do not tell it.
        readable = readable.filter(institution=institution)
    return CommentFilter(
        data,
        readable,
        region=institution.region,
        today=institution.region.local_date(),
        sees_answers=sees_answers,
        request=request,
    )


def _to_next(request: SignedInRequest, comment: Comment) -> HttpResponseRedirect:
    waiting = _filtered(request, comment).qs.permitting(request.user, Permission.COMMENTS_CODE)
    following = waiting.filter(coded_at=None).exclude(pk=comment.pk).order_by("-answered_on", "-pk").first()
    if following is None:
        messages.success(request, "Сохранено. В этом списке всё разобрано.")
        return HttpResponseRedirect(_list_url(request, comment))
    query = request.GET.urlencode()
    return HttpResponseRedirect(reverse("comment", args=[following.pk]) + (f"?{query}" if query else ""))


def _list_url(request: SignedInRequest, comment: Comment) -> str:
    """The list one came from: of the institution, or of the region for who sees it."""
    query: QueryDict = request.GET.copy()
    if query.get("institution") or not may(request.user, Permission.REGION_VIEW, comment.institution.region):
        query.pop("institution", None)
        url = reverse("institution-comments", args=[comment.institution_id])
    else:
        url = reverse("region-comments", args=[comment.institution.region.code])
    return f"{url}?{query.urlencode()}" if query else url


@require_http_methods(["GET", "HEAD", "POST"])
def comments_code(request: SignedInRequest, code: str) -> HttpResponse:
    """Code several comments of a region at once; what was wrong is shown on a page of its own."""
    region = _region(request, code)
    require(request.user, Permission.COMMENTS_CODE, region)
    readable = Comment.objects.shown().filter(institution__region=region)
    form = BulkCodingForm(
        request.POST if request.method == "POST" else None, comments=readable, region=region, by=request.user
    )
    if request.method == "POST":
        # Rows not asked about are not offered: of a hundred thousand comments those that were chosen.
        chosen = [one for one in request.POST.getlist("comments") if one.isascii() and one.isdigit()][:500]
        form.fields["comments"].queryset = readable.filter(pk__in=[one for one in chosen if len(one) < 19])  # type: ignore[attr-defined]
    else:
        form.fields["comments"].queryset = readable.none()  # type: ignore[attr-defined]
    if form.is_valid():
        try:
            number = _code_several(request, form)
        except services.StageOfAnotherLifeSituation:
            form.add_error("stage", "Среди отмеченных есть комментарии о другой ЖС: у неё свои этапы")
        except services.ProblemOfAnotherLifeSituation:
            form.add_error("problem", "Среди отмеченных есть комментарии о другой ЖС: проблема относится к одной")
        except services.TakenUp:
            form.add_error("problem", TAKEN_UP)
        else:
            messages.success(request, f"Размечено комментариев: {number}.")
            return HttpResponseRedirect(_back(request, region))
    return form_page(
        request,
        form,
        title="Разметка нескольких комментариев",
        crumbs=[{"title": "Комментарии", "url": reverse("region-comments", args=[region.code])}],
        submit="Сохранить разметку",
        cancel_url=_back(request, region),
    )


def _code_several(request: SignedInRequest, form: BulkCodingForm) -> int:
    given = form.cleaned_data
    with transaction.atomic():
        number = services.code_comments(
            comments=list(given["comments"]),
            themes=given["themes"],
            stage=given.get("stage"),
            keeps_themes=given["how"] == "add",
            keeps_stage=form.keeps_stage,
            by=request.user,
            at=timezone.now(),
        )
        if given["problem"]:
            services.hand_over(comments=list(given["comments"]), problem=given["problem"], by=request.user)
    return number


def _back(request: SignedInRequest, region: Region) -> str:
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return back
    return reverse("region-comments", args=[region.code])


# Problems -------------------------------------------------------------------------------------------------------------


@require_safe
def problem_list(request: SignedInRequest, code: str) -> HttpResponse:
    region = _region(request, code)
    problems = ProblemDraft.objects.filter(region_life_situation__region=region).with_comment_counts()
    codable = RegionLifeSituation.objects.permitting(request.user, Permission.COMMENTS_CODE).filter(region=region)
    table = ProblemTable(
        problems.select_related("region_life_situation__life_situation", "stage"),
        region=region,
        codable=set(codable.values_list("pk", flat=True)),
        request=request,
    )
    context = {"region": region, "tabs": region_tabs(request.user, region, "comments")}
    return list_response(
        request, table, "surveys/comments/problem_list.html", context, file_name=f"problems-{region.code.lower()}"
    )


@require_POST
def problem_remove(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    seen = ProblemDraft.objects.permitting(request.user, Permission.REGION_VIEW)
    problem = get_object_or_404(seen.select_related("region_life_situation__region"), pk=pk)
    try:
        services.remove_problem(problem=problem, by=request.user)
    except services.TakenUp:
        messages.error(request, TAKEN_UP)
    except services.StillHasComments:
        messages.error(request, "За проблемой стоят комментарии. Сначала уберите их из неё.")
    else:
        messages.success(request, "Проблема убрана.")
    return redirect("problem-list", problem.region_life_situation.region.code)


@require_http_methods(["GET", "HEAD", "POST"])
def comment_problem(request: SignedInRequest, pk: int) -> HttpResponse:
    """«В проблему»: one that is there, or a new one."""
    found = _comment(request, pk)
    place = _place_or_403(request, found)
    form = ProblemForm(request.POST if request.method == "POST" else None, comment=found, place=place)
    if form.is_valid():
        try:
            _hand_over(request, found, place, form.cleaned_data)
        except services.TakenUp:
            form.add_error("problem", TAKEN_UP)
        else:
            messages.success(request, "Комментарий передан в проблему.")
            return HttpResponseRedirect(_comment_url(request, found))
    return form_page(
        request,
        form,
        title="В проблему",
        lead=found.text[:300],
        crumbs=[
            {"title": "Комментарии", "url": _list_url(request, found)},
            {"title": "Комментарий", "url": _comment_url(request, found)},
        ],
        submit="Передать в проблему",
    )


def _hand_over(request: SignedInRequest, comment: Comment, place: RegionLifeSituation, given: dict[str, Any]) -> None:
    with transaction.atomic():
        problem = given["problem"] or services.add_problem(
            place=place, title=given["title"], stage=given["stage"], by=request.user
        )
        services.hand_over(comments=[comment], problem=problem, by=request.user)


@require_POST
def comment_take_back(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    found = _comment(request, pk)
    _place_or_403(request, found)
    try:
        services.take_back(comment=found, by=request.user)
    except services.TakenUp:
        messages.error(request, TAKEN_UP)
    else:
        messages.success(request, "Комментарий убран из проблемы.")
    return HttpResponseRedirect(_comment_url(request, found))


def _comment_url(request: SignedInRequest, comment: Comment) -> str:
    query = request.GET.urlencode()
    return reverse("comment", args=[comment.pk]) + (f"?{query}" if query else "")


# As typed -------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def comment_raw(request: SignedInRequest, pk: int) -> HttpResponse:
    """The text as it was typed: after a reason, once, in the answer to this very request and nowhere else."""
    found = _comment(request, pk)
    require(request.user, Permission.COMMENTS_RAW, found.institution)
    form = RawReadingForm(request.POST if request.method == "POST" else None)
    raw = None
    if form.is_valid():
        raw = services.read_as_typed(comment=found, reason=form.cleaned_data["reason"], by=request.user)
    context = {
        "comment": found,
        "raw": raw,
        "form": form,
        "crumbs": [
            {"title": "Комментарии", "url": _list_url(request, found)},
            {"title": "Комментарий", "url": _comment_url(request, found)},
        ],
        "back": _comment_url(request, found),
    }
    status = 422 if form.is_bound and raw is None else 200
    response = render(request, "surveys/comments/raw.html", context, status=status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_safe
def raw_reading_list(request: SignedInRequest, code: str) -> HttpResponse:
    """The journal: who read what as it was typed, when and why."""
    region = region_or_404(request, code)
    require(request.user, Permission.COMMENTS_VIEW, region)
    require(request.user, Permission.ACCESS_EXPLAIN, region)
    readings = RawReading.objects.filter(institution__region=region)
    return list_response(
        request,
        RawReadingTable(readings.select_related("read_by", "comment", "institution")),
        "surveys/comments/raw_reading_list.html",
        {"region": region, "tabs": region_tabs(request.user, region, "comments")},
        file_name=f"readings-{region.code.lower()}",
    )
