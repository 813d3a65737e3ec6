"""The interviewer's screen: forms typed in from paper and by telephone, their list, and the second typing."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from regions.lists import list_response
from regions.pages import form_page
from regions.permissions import Permission
from surveys.filling.page_keys import BadPageKey, PageKey, new_page_key, read_page_key
from surveys.forms.interviews import LARGEST_NUMBER, EntryForm, RecheckForm, WithdrawForm, first_mode
from surveys.links.windows import AnswerWindow, shown
from surveys.lists.interviews import EntryTable
from surveys.locks import PublishedAlready
from surveys.models import Entry, EntryWithdrawal, Recheck, Response, SurveyLink
from surveys.paper.entry_fields import build_entry, fields_of, in_words, read_typed, title_of
from surveys.questionnaires.answers import Answers, InvalidAnswers, Sent
from surveys.services import interviews as services
from surveys.services.imports import published_quarter
from surveys.views.finding import link_crumbs, link_or_404, links_in_sight

SHOWN_ENTRIES = 5
SHOWN_WITHDRAWALS = 20
# Hyphens: no question of a questionnaire has such a name.
KEY = "entry-key"
# Enter in a field presses the first button of a form; without a script that must not send a form half typed in.
CHECK, BLOCKS = "entry-check", "entry-blocks"
_FUTURE = "Эта дата ещё не наступила"


def _typed(request: SignedInRequest) -> Sent:
    return {name: [str(value) for value in values] for name, values in request.POST.lists()}


# Typing in ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def link_entry(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, Permission.RESPONSES_IMPORT)
    now = timezone.now()
    if request.method == "POST":
        return _take(request, link)
    form = EntryForm(initial=_carried_over(request, link), window=AnswerWindow.of(link, now))
    return _entry_page(request, link, form, {}, {}, new_page_key(link.pk, now))


def _carried_over(request: SignedInRequest, link: SurveyLink) -> dict[str, Any]:
    """Way and day as in the form before, and the next number: they stand in the address."""
    mode = request.GET.get("mode", "")
    after = request.GET.get("after", "")
    is_number = after.isascii() and after.isdigit() and len(after) < len(str(LARGEST_NUMBER))
    return {
        "mode": mode if mode in (Response.Mode.PAPER, Response.Mode.PHONE) else first_mode(link),
        "day": request.GET.get("day", "")[:10],
        "number": services.next_blank_number(link, int(after) if is_number else None),
    }


def _take(request: SignedInRequest, link: SurveyLink) -> HttpResponse:
    now = timezone.now()
    typed = _typed(request)
    form = EntryForm(request.POST, window=AnswerWindow.of(link, now))
    try:
        key = read_page_key(link.pk, (typed.get(KEY) or [""])[0])
    except BadPageKey:
        notice = "Страница устарела. Введённое сохранилось: проверьте его и сохраните ещё раз."
        return _entry_page(request, link, form, typed, {}, new_page_key(link.pk, now), notice=notice, status=422)
    if BLOCKS in typed:
        return _entry_page(request, link, form, typed, {}, key)
    answers, errors = _read(link, form, typed)
    if answers is None or not form.is_valid():
        return _entry_page(request, link, form, typed, errors, key, status=422)
    if CHECK in typed:
        notice = "Ошибок нет. Анкета ещё не сохранена: нажмите «Сохранить и следующая»."
        return _entry_page(request, link, form, typed, {}, key, notice=notice)
    filled = services.Form(
        mode=form.cleaned_data["mode"],
        answered_on=form.cleaned_data["day"],
        blank_number=form.cleaned_data["number"],
        answers=answers,
    )
    try:
        entry = services.enter(link=link, key=key, form=filled, by=request.user, at=now)
    except services.OutsideWindow as error:
        form.add_error("day", str(error))
    except services.BlankTaken as error:
        form.add_error("number", str(error))
    except services.KeyUsed as error:
        notice = (
            f"{error}{f' ({error.entry})' if error.entry else ''}. Введённое сейчас не сохранено и не потеряно:"
            " если это другая анкета, проверьте номер и сохраните её ещё раз."
        )
        fresh = new_page_key(link.pk, now)
        return _entry_page(request, link, form, typed, {}, fresh, notice=notice, status=HTTPStatus.CONFLICT)
    else:
        return _thank(request, link, entry)
    return _entry_page(request, link, form, typed, {}, key, status=422)


def _read(link: SurveyLink, form: EntryForm | RecheckForm, typed: Sent) -> tuple[Answers | None, dict[str, str]]:
    """The answers typed in, or what is wrong with them; no day of an answer is later than that of the form."""
    form.is_valid()
    day = form.cleaned_data.get("day", form.window.today)
    try:
        return read_typed(link.version.definition, typed, today=day), {}
    except InvalidAnswers as invalid:
        # For whoever types it in, «has not come yet» would be no help: the day of the form is the limit.
        too_late = {_FUTURE: f"Эта дата позже, чем заполнена анкета ({shown(day)})"} if day < form.window.today else {}
        return None, {name: too_late.get(message, message) for name, message in invalid.errors.items()}


def _thank(request: SignedInRequest, link: SurveyLink, entry: Entry) -> HttpResponseRedirect:
    """Say that the form is stored, and give the next one."""
    today = services.entered_today(link, request.user, timezone.now())
    title = f"Анкета № {entry.blank_number}" if entry.blank_number else "Анкета по телефону"
    messages.success(request, f"{title} принята, за сегодня — {today}.")
    if quarter := published_quarter(link, [entry.response.answered_on]):
        messages.warning(request, f"{quarter} уже опубликован: ответ сохранён, но в его значения не войдёт.")
    carried = {"mode": entry.response.mode, "day": f"{entry.response.answered_on:%d.%m.%Y}"}
    if entry.blank_number:
        carried["after"] = str(entry.blank_number)
    return redirect(f"{reverse('link-entry', args=[link.pk])}?{urlencode(carried)}")


def _entry_page(
    request: SignedInRequest,
    link: SurveyLink,
    form: EntryForm,
    typed: Sent,
    errors: dict[str, str],
    key: PageKey,
    *,
    notice: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    own = services.entries().filter(link=link, entered_by=request.user)
    context = {
        "number_first": not typed and form.initial.get("mode") == Response.Mode.PAPER,
        "entries": own[:SHOWN_ENTRIES],
        "waiting": services.waiting_for(link, request.user).count(),
        "submit": "Сохранить и следующая",
        "cancel_url": reverse("link", args=[link.pk]),
        "may_check_only": True,
    }
    return _typing_page(request, "entry", link, form, typed, errors, key, notice=notice, status=status, **context)


def _typing_page(
    request: SignedInRequest,
    name: str,
    link: SurveyLink,
    form: EntryForm | RecheckForm,
    typed: Sent,
    errors: dict[str, str],
    key: PageKey | None,
    *,
    notice: str,
    status: int,
    **context: Any,
) -> HttpResponse:
    definition = link.version.definition
    parts = build_entry(definition, typed, errors)
    return render(
        request,
        f"surveys/interviews/{name}.html",
        {
            "link": link,
            "region_zone": link.institution.region.zone,
            "definition": definition,
            "form": form,
            "parts": parts,
            "wrong": [field for field in fields_of(parts) if field.error],
            "key": key.signed if key else "",
            "notice": notice,
            "crumbs": link_crumbs(link),
            **context,
        },
        status=status,
    )


# The list, and taking back --------------------------------------------------------------------------------------------


@require_safe
def link_entries(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, Permission.RESPONSES_IMPORT)
    region = link.institution.region
    table = EntryTable(
        services.entries().filter(link=link), by=request.user, today=region.local_date(), zone=region.zone
    )
    withdrawn = EntryWithdrawal.objects.filter(link=link).select_related("withdrawn_by")[:SHOWN_WITHDRAWALS]
    context = {"link": link, "region_zone": region.zone, "crumbs": link_crumbs(link), "withdrawn": withdrawn}
    return list_response(request, table, "surveys/interviews/list.html", context, file_name=f"entries-{link.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
def entry_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    entry = get_object_or_404(services.entries().filter(link__in=links_in_sight(request)), pk=pk)
    link = link_or_404(request, entry.link_id, Permission.RESPONSES_IMPORT)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.withdraw(entry=entry, by=request.user, at=timezone.now(), **form.cleaned_data)
        except services.CannotDo as error:
            form.add_error(None, str(error))
        except PublishedAlready as published:
            form.add_error(None, f"День анкеты вошёл в опубликованный квартал ({published}), снять её нельзя.")
        else:
            messages.success(request, "Анкета снята. Её можно ввести заново.")
            return redirect("link-entries", link.pk)
    list_url = reverse("link-entries", args=[link.pk])
    return form_page(
        request,
        form,
        title="Снять анкету",
        lead=f"{entry}, заполнена {entry.response.answered_on:%d.%m.%Y}. Её ответы удалятся",
        warning=services.objection_to_withdrawal(entry, request.user, timezone.now()),
        crumbs=[*link_crumbs(link), {"title": "Введённые анкеты", "url": list_url}],
        submit="Снять анкету",
        danger=True,
    )


# The second typing ----------------------------------------------------------------------------------------------------


@require_safe
def link_rechecks(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, Permission.RESPONSES_IMPORT)
    done = services.rechecks_of(link).filter(checked_at__isnull=False).order_by("-checked_at")
    return render(
        request,
        "surveys/interviews/rechecks.html",
        {
            "link": link,
            "region_zone": link.institution.region.zone,
            "crumbs": link_crumbs(link),
            "waiting": services.waiting_for(link, request.user),
            "done": done[:50],
            "accuracy": services.accuracy(link),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def recheck(request: SignedInRequest, pk: int) -> HttpResponse:
    """A form typed in once more, without seeing the first; afterwards both side by side."""
    visible = Recheck.objects.filter(entry__link__in=links_in_sight(request))
    found = get_object_or_404(visible.select_related("entry__response"), pk=pk)
    link = link_or_404(request, found.entry.link_id, Permission.RESPONSES_IMPORT)
    found = services.rechecks_of(link).get(pk=pk)
    if found.checked_at:
        return _differences_page(request, link, found)
    if found.entry.entered_by_id == request.user.pk:
        text = "Эту анкету ввели Вы. Повторно её вводит другой человек, не видя первого ввода."
        context = {"status": 403, "title": "Нужен другой человек", "text": text}
        return render(request, "error.html", context, status=HTTPStatus.FORBIDDEN)
    typed = _typed(request) if request.method == "POST" else {}
    form = RecheckForm(request.POST if typed else None, window=AnswerWindow.of(link, timezone.now()))
    errors: dict[str, str] = {}
    notice = ""
    if typed and BLOCKS not in typed:
        answers, errors = _read(link, form, typed)
        if answers is not None and form.is_valid() and CHECK not in typed:
            day = form.cleaned_data["day"]
            try:
                services.recheck(recheck=found, answered_on=day, answers=answers, by=request.user, at=timezone.now())
            except services.CannotDo as error:
                messages.info(request, str(error))
            return redirect("recheck", found.pk)
        if answers is not None and form.is_valid():
            notice = "Ошибок нет. Анкета ещё не сохранена: нажмите «Сравнить»."
    is_wrong = bool(typed) and BLOCKS not in typed and not notice
    return _typing_page(
        request,
        "recheck",
        link,
        form,
        typed,
        errors,
        None,
        notice=notice,
        status=422 if is_wrong else 200,
        recheck=found,
        submit="Сравнить",
        cancel_url=reverse("link-rechecks", args=[link.pk]),
        may_check_only=True,
    )


def _differences_page(request: SignedInRequest, link: SurveyLink, found: Recheck) -> HttpResponse:
    definition = link.version.definition
    rows = [
        {
            "title": "Дата заполнения" if name == services.ANSWERED_ON else title_of(definition, name),
            "first": in_words(definition, name, first),
            "second": in_words(definition, name, second),
        }
        for name, (first, second) in (found.differences or {}).items()
    ]
    context = {
        "link": link,
        "recheck": found,
        "rows": rows,
        "region_zone": link.institution.region.zone,
        "crumbs": [*link_crumbs(link), {"title": "Повторный ввод", "url": reverse("link-rechecks", args=[link.pk])}],
    }
    return render(request, "surveys/interviews/differences.html", context)
