"""Links of an institution: list, making, card, changing; and links of all institutions of a region at once."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from regions.history import changes
from regions.lists import list_response
from regions.models import Region
from regions.pages import institution_or_404, region_or_404, region_tabs
from regions.permissions import Permission, may, require
from surveys.counting.progress import link_days, link_modes
from surveys.forms.links import BatchForm, LinkChangeForm, LinkForm, ReopenForm
from surveys.lists.links import BatchLinkTable, BatchTable, LinkFilter, LinkTable
from surveys.models import LinkBatch, SurveyLink
from surveys.services import links as services
from surveys.views.finding import SEES_LINKS, link_crumbs, link_or_404

# Days with answers on the card of a link; all of them are in the results.
SHOWN_DAYS = 60


# Links of an institution ----------------------------------------------------------------------------------------------


@require_safe
def link_list(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = institution_or_404(request, pk)
    now = timezone.now()
    found = LinkFilter(request.GET, SurveyLink.objects.filter(institution=institution), now=now, request=request)
    may_manage = may(request.user, Permission.LINK_MANAGE, institution)
    return list_response(
        request,
        LinkTable(found.qs.with_places().with_progress(now), now=now, may_manage=may_manage),
        "surveys/link_list.html",
        {
            "institution": institution,
            "may_manage": may_manage,
            "tab": "links",
            "filter": found,
            "has_links": institution.survey_links.exists(),
        },
        file_name=f"links-{institution.pk}",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def link_create(request: SignedInRequest, pk: int) -> HttpResponse:
    institution = institution_or_404(request, pk)
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
        except services.UnsuitableQuestionnaire as error:
            form.add_error("version", str(error))
        except services.NotTakingPart as error:
            form.add_error("opens_on", str(error))
        except services.AlreadyMade as made:
            if made.is_same:
                return redirect("link", made.link.pk)
            form.renew_key()
            form.add_error(
                None, "Этой формой ссылка уже создана. Если нужна ещё одна, нажмите «Создать ссылку» ещё раз"
            )
        else:
            messages.success(request, "Ссылка готова. Скопируйте адрес или откройте «Плакаты и тексты».")
            return redirect("link", link.pk)
    status = 422 if form.is_bound else 200
    return render(request, "surveys/link_form.html", {"institution": institution, "form": form}, status=status)


# One link -------------------------------------------------------------------------------------------------------------


@require_safe
def link_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, SEES_LINKS)
    now = timezone.now()
    days = link_days(link)
    answers = sum(one.count for one in days)
    today = link.institution.region.local_date(now)
    state, is_paused = link.state(now), link.is_only_paused(now)
    return render(
        request,
        "surveys/link.html",
        {
            "link": link,
            "institution": link.institution,
            "state": state,
            "is_paused": is_paused,
            "is_open": not is_paused and state in (SurveyLink.State.OPEN, SurveyLink.State.NOT_YET_OPEN),
            "is_closed": not is_paused and state in (SurveyLink.State.CLOSING, SurveyLink.State.CLOSED),
            "answers": answers,
            "answers_today": next((one.count for one in days if one.day == today), 0),
            "left": max(link.target - answers, 0) if link.target else None,
            "percent": min(100, 100 * answers // link.target) if link.target else 0,
            "days": days[:SHOWN_DAYS],
            "more_days": max(len(days) - SHOWN_DAYS, 0),
            "modes": link_modes(link),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def link_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, SEES_LINKS)
    now = timezone.now()
    form = LinkChangeForm(
        request.POST if request.method == "POST" else None,
        # The form writes into a copy: the service decides what is stored.
        instance=SurveyLink.objects.get(pk=link.pk),
        today=link.institution.region.local_date(now),
        has_answers=link.responses.exists(),
        is_closed=not link.is_only_paused(now)
        and link.state(now) in (SurveyLink.State.CLOSING, SurveyLink.State.CLOSED),
    )
    if form.is_valid():
        try:
            services.change_link(link=link, by=request.user, at=now, **form.cleaned_data)
        except services.BadWindow as error:
            form.add_error(error.field, str(error))
        except services.NotTakingPart as error:
            form.add_error("closes_on", str(error))
        else:
            messages.success(request, "Изменения сохранены.")
            return redirect("link", link.pk)
    context = {
        "title": "Изменить ссылку",
        "crumbs": link_crumbs(link),
        "form": form,
        "submit": "Сохранить",
        "cancel_url": reverse("link", args=[link.pk]),
        "lead": link.life_situation.short_title,
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


@require_POST
def link_pause(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    return _do(request, pk, services.pause_link, f"Приём ответов приостановлен. {_grace()}")


@require_POST
def link_resume(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    return _do(request, pk, services.resume_link, "Приём ответов продолжается.")


@require_POST
def link_close(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    return _do(request, pk, services.close_link, f"Ссылка закрыта. {_grace()}")


def _grace() -> str:
    return f"Начатые анкеты ещё можно отправить: {settings.LINK_GRACE_SECONDS // 60} мин."


def _do(request: SignedInRequest, pk: int, change: Callable[..., None], done: str) -> HttpResponseRedirect:
    link = link_or_404(request, pk, SEES_LINKS)
    try:
        change(link=link, by=request.user, at=timezone.now())
    except services.WrongState as error:
        messages.error(request, f"{error}.")
    else:
        messages.success(request, done)
    return redirect("link", link.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def link_reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, SEES_LINKS)
    form = ReopenForm(request.POST if request.method == "POST" else None, today=link.institution.region.local_date())
    if form.is_valid():
        try:
            services.reopen_link(link=link, by=request.user, at=timezone.now(), **form.cleaned_data)
        except services.WrongState as error:
            form.add_error(None, str(error))
        except services.BadWindow as error:
            form.add_error(error.field, str(error))
        except services.NotTakingPart as error:
            form.add_error("closes_on", f"{error}. Создайте новую ссылку")
        else:
            messages.success(request, "Ссылка снова принимает ответы. Плакаты и адрес прежние.")
            return redirect("link", link.pk)
    context = {
        "title": "Открыть ссылку снова",
        "crumbs": link_crumbs(link),
        "form": form,
        "submit": "Открыть снова",
        "cancel_url": reverse("link", args=[link.pk]),
        "lead": "Адрес и короткий код останутся прежними: распечатанные плакаты снова заработают",
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


@require_safe
def link_history(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, SEES_LINKS)
    context = {
        "title": f"{link.institution.name}: {link}",
        "crumbs": link_crumbs(link),
        "changes": changes(SurveyLink.history.filter(id=link.pk)),
    }
    return render(request, "pages/history.html", context)


# Links of all institutions of a region --------------------------------------------------------------------------------


def _region(request: SignedInRequest, code: str) -> Region:
    """The region in which the person may make links: 404 when they do not see it, 403 when they may not."""
    region = region_or_404(request, code)
    require(request.user, Permission.LINK_MANAGE, region)
    return region


def _batch(request: SignedInRequest, pk: int) -> LinkBatch:
    visible = LinkBatch.objects.permitting(request.user, Permission.REGION_VIEW)
    batch = get_object_or_404(visible.with_progress().select_related("region", "life_situation"), pk=pk)
    require(request.user, Permission.LINK_MANAGE, batch.region)
    return batch


@require_safe
def region_links(request: SignedInRequest, code: str) -> HttpResponse:
    region = _region(request, code)
    batches = LinkBatch.objects.filter(region=region).select_related("life_situation").with_progress()
    return list_response(
        request,
        BatchTable(batches),
        "surveys/batch_list.html",
        {"region": region, "tabs": region_tabs(request.user, region, "links")},
        file_name=f"link-batches-{region.code.lower()}",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def batch_create(request: SignedInRequest, code: str) -> HttpResponse:
    """First it is shown who gets a link and who does not, then the links are made."""
    region = _region(request, code)
    form = BatchForm(request.POST if request.method == "POST" else None, region=region, today=region.local_date())
    preview: services.Preview | None = None
    if form.is_valid():
        asked = form.cleaned_data
        situation = asked["life_situation"]
        try:
            if "create" in request.POST and asked["form_key"]:
                key = asked.pop("form_key")
                batch = services.create_batch(region=region, by=request.user, key=key, **asked)
                messages.success(request, f"Ссылки готовы: {batch.links.count()}. Скачайте список для рассылки.")
                return redirect("link-batch", batch.pk)
            if not asked["form_key"]:
                form.renew_key()
            # What could not be made is not promised either.
            services.version_of(region, situation, asked["version"], asked["channel"])
            preview = services.preview_batch(
                region=region, life_situation=situation, opens_on=asked["opens_on"], closes_on=asked["closes_on"]
            )
        except services.NoQuestionnaire:
            form.add_error("life_situation", "Для этого направления ещё нет опубликованной анкеты")
        except services.UnsuitableQuestionnaire as error:
            form.add_error("version", str(error))
        except services.NotTakingPart:
            form.add_error("life_situation", "В эти дни ни одно учреждение региона в ней не участвует")
    context = {"region": region, "form": form, "preview": preview}
    return render(request, "surveys/batch_form.html", context, status=422 if form.is_bound and not preview else 200)


@require_safe
def batch_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    now = timezone.now()
    links = batch.links.with_places().with_progress(now)
    table = BatchLinkTable(links, now=now, may_manage=True, order_by="institution")
    states: dict[Any, int] = {}
    for link in batch.links.with_places():
        state = SurveyLink.State.PAUSED if link.is_only_paused(now) else link.state(now)
        states[state] = states.get(state, 0) + 1
    running = states.get(SurveyLink.State.OPEN, 0) + states.get(SurveyLink.State.NOT_YET_OPEN, 0)
    first = links[0]
    return list_response(
        request,
        table,
        "surveys/batch.html",
        {
            "batch": batch,
            "region": batch.region,
            "version": first.version,
            "states": [(state, states[state]) for state in SurveyLink.State if state in states],
            "running": running,
            "paused": states.get(SurveyLink.State.PAUSED, 0),
            "closed": states.get(SurveyLink.State.CLOSING, 0) + states.get(SurveyLink.State.CLOSED, 0),
            "channel": dict(SurveyLink.Channel.choices).get(first.channel),
        },
        file_name=f"links-{batch.region.code.lower()}-{batch.pk}",
    )


@require_POST
def batch_change(request: SignedInRequest, pk: int, change: str) -> HttpResponseRedirect:
    try:
        wanted = services.BatchChange(change)
    except ValueError:
        raise Http404 from None
    batch = _batch(request, pk)
    number = services.change_batch(batch=batch, change=wanted, by=request.user, at=timezone.now())
    done = {
        services.BatchChange.PAUSE: "Приостановлено ссылок",
        services.BatchChange.RESUME: "Снова принимают ответы",
        services.BatchChange.CLOSE: "Закрыто ссылок",
    }[wanted]
    messages.success(request, f"{done}: {number}.")
    return redirect("link-batch", batch.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def batch_reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    form = ReopenForm(request.POST if request.method == "POST" else None, today=batch.region.local_date())
    if form.is_valid():
        try:
            done = services.reopen_batch(batch=batch, by=request.user, at=timezone.now(), **form.cleaned_data)
        except services.WrongState as error:
            form.add_error(None, str(error))
        except services.BadWindow as error:
            form.add_error(error.field, str(error))
        except services.NotTakingPart:
            form.add_error("closes_on", "В эти дни ни одно из этих учреждений не участвует. Создайте новый выпуск")
        else:
            messages.success(request, f"Снова принимают ответы: {len(done.opened)}. Плакаты и адреса прежние.")
            if done.left:
                messages.warning(
                    request,
                    f"Остались закрыты, потому что учреждения в эти дни не участвуют: {len(done.left)}.",
                )
            return redirect("link-batch", batch.pk)
    context = {
        "title": "Открыть закрытые ссылки",
        "crumbs": [
            {"title": f"{batch.region.name}: ссылки", "url": reverse("region-links", args=[batch.region.code])},
            {
                "title": f"{timezone.localtime(batch.created_at):%d.%m.%Y}",
                "url": reverse("link-batch", args=[batch.pk]),
            },
        ],
        "form": form,
        "submit": "Открыть снова",
        "cancel_url": reverse("link-batch", args=[batch.pk]),
        "lead": "Откроются все закрытые ссылки выпуска. Адреса и короткие коды останутся прежними",
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)
