"""Links of an institution: list, making, closing, poster."""

from io import BytesIO

import segno
from django.conf import settings
from django.contrib import messages
from django.db.models import Max
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from regions.lists import list_response
from regions.models import Institution
from regions.permissions import Permission, may, require
from surveys import services
from surveys.forms import LinkForm
from surveys.lists import LinkTable
from surveys.models import SurveyLink


def _institution(request: SignedInRequest, pk: int) -> Institution:
    visible = Institution.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    return get_object_or_404(visible.select_related("region"), pk=pk)


def _link(request: SignedInRequest, pk: int) -> SurveyLink:
    """A link the person may manage: 404 when the institution is not theirs to see, 403 when only to see."""
    visible = SurveyLink.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    link = get_object_or_404(visible.with_places(), pk=pk)
    # A link's address lets anybody answer, so seeing it is managing it.
    require(request.user, Permission.LINK_MANAGE, link.institution)
    return link


@require_safe
def link_list(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = _institution(request, pk)
    links = (
        SurveyLink.objects.filter(institution=institution)
        .with_places()
        .with_answer_counts()
        .annotate(last_answer_on=Max("responses__answered_on"))
    )
    may_manage = may(request.user, Permission.LINK_MANAGE, institution)
    return list_response(
        request,
        LinkTable(links, now=timezone.now(), may_manage=may_manage),
        "surveys/link_list.html",
        {"institution": institution, "may_manage": may_manage, "tab": "links"},
        file_name=f"links-{institution.pk}",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def link_create(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = _institution(request, pk)
    require(request.user, Permission.LINK_MANAGE, institution)
    form = LinkForm(
        request.POST if request.method == "POST" else None,
        institution=institution,
        today=institution.region.local_date(),
    )
    if form.is_valid():
        try:
            link = services.create_link(institution=institution, by=request.user, **form.cleaned_data)
        except services.NoQuestionnaire:
            form.add_error("life_situation", "Для этого направления ещё нет опубликованной анкеты")
        except services.NotTakingPart as error:
            form.add_error("opens_on", f"В эти дни учреждение в жизненной ситуации не участвует{_when(error)}")
        else:
            messages.success(request, "Ссылка готова. Распечатайте плакат или скопируйте адрес.")
            return redirect("link", link.pk)
    status = 422 if form.is_bound else 200
    return render(request, "surveys/link_form.html", {"institution": institution, "form": form}, status=status)


def _when(error: services.NotTakingPart) -> str:
    if error.participation is None:
        return ""
    until = error.participation.until
    return f": участвует с {error.participation.since:%d.%m.%Y}" + (f" по {until:%d.%m.%Y}" if until else "")


@require_safe
def link_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    link = _link(request, pk)
    return render(
        request,
        "surveys/link.html",
        {
            "link": link,
            "institution": link.institution,
            "state": link.state(timezone.now()),
            "answers": link.responses.count(),
        },
    )


@require_POST
def link_close(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    link = _link(request, pk)
    services.close_link(link=link, by=request.user, at=timezone.now())
    messages.success(
        request, f"Ссылка закрыта. Начатые анкеты ещё можно отправить: {settings.LINK_GRACE_SECONDS // 60} мин."
    )
    return redirect("link", link.pk)


@require_safe
def link_poster(request: SignedInRequest, pk: int) -> HttpResponse:
    return render(
        request,
        "surveys/poster.html",
        {"link": _link(request, pk), "code_page": settings.PUBLIC_URL.split("://", 1)[1] + reverse("answer-by-code")},
    )


@require_safe
def link_qr(request: SignedInRequest, pk: int) -> HttpResponse:
    """The QR code of the link as SVG, large enough to print at any size."""
    link = _link(request, pk)
    picture = BytesIO()
    # Level Q: a poster gets stained and torn.
    segno.make_qr(link.public_url, error="q").save(picture, kind="svg", scale=10, border=4, dark="#000", light="#fff")
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")
