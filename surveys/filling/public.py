"""The public questionnaire: shows it, takes the answers step by step or all at once, says plainly why not.

Anonymous: no session, nothing about the visitor is stored or logged; no script is needed. The one cookie is set when
somebody keeps a form they have begun, and says only which one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from surveys.filling import pages
from surveys.filling.page_keys import FEEDBACK, BadPageKey, PageKey, new_page_key, read_page_key
from surveys.filling.steps import Steps
from surveys.links.tokens import is_token, normalize_short_code
from surveys.models import FormFeedback, Questionnaire, SurveyLink
from surveys.quality.addresses import DayCounter
from surveys.questionnaires.answers import InvalidAnswers, Sent, count_field, keep_known, repeats
from surveys.services.arriving import Arrival
from surveys.services.filling import DRAFT_KEPT, drop_draft, find_draft, keep_draft, keep_feedback
from surveys.services.submission import Destination, NotOpen, submit

# Wrong codes from one address in an hour: enough for a hall of people with bad eyesight, hopeless against 10¹⁰ codes.
WRONG_CODES_AN_HOUR = 20
# So much of a body that is too large is read and thrown away, so that the sender hears the answer.
DRAIN_BYTES = 16 * 1024 * 1024

_HOUR_SECONDS = 3600

# So long after the answers people may say how the form was.
FEEDBACK_TAKEN = timedelta(days=1)
DRAFT_COOKIE = "filling"
# Fields of the form besides the questions' own: no code of a question begins like these.
DO, STEP, SPOKEN, SPEAK = "_do", "_step", "_lang", "_speak"

_LANGUAGE = re.compile(r"[a-z]{2,3}")


class _Refused(Exception):
    """The request cannot be read; `page` says why."""

    def __init__(self, page: str, status: HTTPStatus) -> None:
        super().__init__(page)
        self.page, self.status = page, status


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponseBase:
    card = pages.find_card(token) if is_token(token) else None
    if card is None:
        return _by_code(request, token, unknown_link=True)
    if request.method == "POST":
        try:
            sent = _read_body(request)
        except _Refused as refused:
            page = pages.render_page(refused.page, card=card, language=_language(request, card, {}))
            return _respond(page, refused.status)
        return _take(request, card, sent)
    return _show(request, card)


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def feedback(request: HttpRequest, token: str) -> HttpResponseBase:
    """How the form was: one tap on the thank-you page."""
    card = pages.find_card(token) if is_token(token) else None
    if card is None:
        return _respond(pages.render_page("unknown"), HTTPStatus.NOT_FOUND)
    if request.method != "POST":
        return _closed_to_all(HttpResponseRedirect(reverse("answer", args=[token])))
    try:
        sent = _read_body(request)
    except _Refused as refused:
        return _respond(pages.render_page(refused.page, card=card), refused.status)
    now = timezone.now()
    language = _language(request, card, sent)
    try:
        key = read_page_key(card.link.pk, _first(sent, "key"), FEEDBACK)
        ease = FormFeedback.Ease(int(_first(sent, "ease")))
    except (BadPageKey, ValueError):
        key = None
    if key is None or now - key.begun_at > FEEDBACK_TAKEN:
        page = pages.render_page("feedback", card=card, language=language, refused=True)
        return _respond(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    keep_feedback(key=key.random, origin=card.origin, day=card.today(now), ease=ease)
    return _respond(pages.render_page("feedback", card=card, language=language))


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def enter_code(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _respond(pages.render_page("enter_code"))
    try:
        sent = _read_body(request)
    except _Refused as refused:
        return _respond(pages.render_page(refused.page), refused.status)
    return _by_code(request, _first(sent, "code"))


# Showing --------------------------------------------------------------------------------------------------------------


def _show(request: HttpRequest, card: pages.Card) -> HttpResponse:
    now = timezone.now()
    language = _language(request, card, {})
    # Whoever has begun nothing has no cookie: the page that is kept ready, and no question to the database.
    if (token := _draft_token(request, card)) and (page := _resumed(card, token, now)):
        return _respond(page)
    if card.link.state(now) != SurveyLink.State.OPEN:
        return _not_open(card, language)
    key = new_page_key(card.link.pk, now)
    return _respond(pages.blank_page(card, card.today(now), language).with_key(key.signed))


def _resumed(card: pages.Card, token: str, now: datetime) -> pages.Page | None:
    """The form as this phone left it; None when it has left none, or it could not be sent any more."""
    draft = find_draft(link_id=card.link.pk, token=token, now=now)
    if draft is None:
        return None
    try:
        key = read_page_key(card.link.pk, draft.key)
    except BadPageKey:
        # The portal's secret has changed since.
        key = new_page_key(card.link.pk, now)
    if not card.link.accepts(begun_at=key.begun_at, now=now):
        return None
    today = card.today(card.link.answered_at(now))
    sheet = _sheet(card, draft.sent, draft.language, str(draft.step), today)
    return pages.filled_page(card, today, key=key.signed, sheet=sheet, notice="resumed", state="draft")


def _not_open(card: pages.Card, language: str, sent: Sent | None = None) -> HttpResponse:
    """Why nothing can be answered now. Texts that were typed in vain are given back to be copied."""
    now = timezone.now()
    state = card.link.state(now)
    if state == SurveyLink.State.NOT_YET_OPEN:
        name, status = "not_yet_open", HTTPStatus.FORBIDDEN
    elif card.link.is_only_paused(now):
        name, status = "paused", HTTPStatus.FORBIDDEN
    else:
        name, status = "closed", HTTPStatus.GONE
    questions = {question.code for question in card.definition.questions() if question.type == "text"}
    known = keep_known(card.definition, sent or {})
    typed = [texts[0] for name_, texts in known.items() if name_.rpartition("-")[2] in questions]
    return _respond(pages.render_page(name, card=card, language=language, typed=typed), status)


# Taking ---------------------------------------------------------------------------------------------------------------


def _take(request: HttpRequest, card: pages.Card, sent: Sent) -> HttpResponseBase:
    """Take what the form sent: the answers themselves, or the wish to go on, back, to save, to see another language."""
    now = timezone.now()
    language = _language(request, card, sent)
    if _first(sent, DO) == "restart":
        return _start_again(request, card, language)
    sheet = _sheet(card, sent, language, _first(sent, STEP) if STEP in sent else None, card.today(now))
    try:
        key = read_page_key(card.link.pk, _first(sent, "key"))
    except BadPageKey:
        if card.link.state(now) != SurveyLink.State.OPEN:
            return _not_open(card, language, sent)
        fresh = new_page_key(card.link.pk, now)
        page = pages.filled_page(card, card.today(now), key=fresh.signed, sheet=sheet, notice="stale")
        return _respond(page, HTTPStatus.UNPROCESSABLE_ENTITY)

    begun = _Begun(request, card, key, sheet, now)
    if card.link.accepts(begun_at=key.begun_at, now=now) and (response := _move(begun, sent)):
        return response
    try:
        arrival = submit(Destination(card.link, card.origin, card.definition), key, sent, now=now, meta=request.META)
    except NotOpen:
        return _not_open(card, language, sent)
    except InvalidAnswers as invalid:
        return begun.show(errors=invalid.errors)
    if arrival == Arrival.CONFLICT:
        # Another key, begun when this one was: what was typed can be sent as answers of their own.
        fresh = new_page_key(card.link.pk, key.begun_at)
        whole = replace(sheet, step=None)
        page = pages.filled_page(card, begun.today, key=fresh.signed, sheet=whole, notice="conflict")
        return begun.forget_draft(_respond(page, HTTPStatus.CONFLICT))
    thanks = pages.thanks_page(card, language, new_page_key(card.link.pk, now, FEEDBACK).signed)
    return begun.forget_draft(_respond(thanks))


@dataclass(frozen=True, slots=True)
class _Begun:
    """A form being filled under a good key. The same key goes back with every page of it."""

    request: HttpRequest
    card: pages.Card
    key: PageKey
    sheet: pages.Sheet
    now: datetime

    @property
    def today(self) -> date:
        """The day the answers will belong to."""
        return self.card.today(self.card.link.answered_at(self.now))

    @property
    def steps(self) -> Steps:
        return Steps.of(self.card.definition, self.sheet.sent, today=self.today)

    def show(
        self,
        *,
        step: int | None = None,
        sent: Sent | None = None,
        errors: Mapping[str, str] | None = None,
        notice: str = "",
    ) -> HttpResponse:
        """The form again: on another step, with a block more, or with what is wrong (422)."""
        sheet = replace(self.sheet, sent=self.sheet.sent if sent is None else sent)
        if sheet.step is not None:
            if errors and step is None:
                step = self.steps.first_wrong()
            sheet = replace(sheet, step=sheet.step if step is None else step)
        page = pages.filled_page(self.card, self.today, key=self.key.signed, sheet=sheet, errors=errors, notice=notice)
        return _respond(page, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK)

    def keep(self, step: int) -> str | None:
        """Keep what is typed for this phone; None when nothing may be or can be kept."""
        if not self.card.keeps_drafts:
            return None
        return keep_draft(
            link_id=self.card.link.pk,
            token=_draft_token(self.request, self.card),
            key=self.key.signed,
            sent=keep_known(self.card.definition, self.sheet.sent),
            language=self.sheet.language,
            step=step,
            now=self.now,
            begun_there=lambda: _this_hour(self.request, f"forms begun at {self.card.link.pk}", self.now),
        )

    def forget_draft(self, response: HttpResponse) -> HttpResponse:
        return _forget_draft(self.request, self.card, response)


def _move(begun: _Begun, sent: Sent) -> HttpResponse | None:
    """What is asked short of sending the answers; None when they are to be sent."""
    asked = _first(sent, DO)
    if SPEAK in sent:
        return begun.show()
    if asked == "resume":
        return begun.show(notice="resumed")
    if "add" in sent:
        return begun.show(sent=_with_more_blocks(begun.card, sent))
    step = begun.sheet.step
    if asked == "save":
        return _save(begun, step or 0)
    if step is None:
        return None
    steps = begun.steps
    if asked == "back":
        return _go(begun, before) if (before := steps.before(step)) is not None else begun.show()
    if wrong := steps.errors_on(step):
        return begun.show(step=step, errors=wrong)
    # What was answered just now may have brought a step more, or have taken the last ones away.
    if (after := steps.after(step)) is not None:
        return _go(begun, after)
    return begun.show(notice="last") if asked == "next" else None


def _go(begun: _Begun, step: int) -> HttpResponse:
    """On to another step; what is typed is kept first. Where it cannot be kept, it still goes along in the page."""
    token = begun.keep(step)
    response = begun.show(step=step)
    return _remember_draft(begun.card, response, token) if token else response


def _save(begun: _Begun, step: int) -> HttpResponse:
    token = begun.keep(step)
    if token is None:
        response = begun.show(notice="not-kept")
        response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        return response
    page = pages.saved_page(begun.card, begun.sheet.language, begun.card.today(begun.now + DRAFT_KEPT))
    return _remember_draft(begun.card, _respond(page), token)


def _start_again(request: HttpRequest, card: pages.Card, language: str) -> HttpResponse:
    """A fresh form on the same phone: somebody else may hold it now."""
    address = reverse("answer", args=[card.link.token])
    if language != card.definition.language:
        address += f"?lang={language}"
    # What is shown next is asked for anew: sent again, this must not happen again.
    response = HttpResponseRedirect(address, status=HTTPStatus.SEE_OTHER)
    return _forget_draft(request, card, cast(HttpResponse, _closed_to_all(response)))


def _sheet(card: pages.Card, sent: Sent, language: str, step: str | None, today: date) -> pages.Sheet:
    """What was sent as a form; a step that there is not becomes the nearest one before it."""
    language = language if language in card.definition.languages else card.definition.language
    if step is None or not card.definition.paged:
        return pages.Sheet(language, sent)
    number = int(step) if step.isascii() and step.isdigit() and len(step) < 4 else 0
    return pages.Sheet(language, sent, Steps.of(card.definition, sent, today=today).nearest(number))


def _with_more_blocks(card: pages.Card, sent: Sent) -> Sent:
    """What was sent, with one block more (`add=section`) or less (`add=section-less`) of a repeating section."""
    asked = _first(sent, "add")
    for section in card.definition.sections:
        if section.repeat and asked in (section.code, f"{section.code}-less"):
            count = repeats(section, sent) + (1 if asked == section.code else -1)
            return {**sent, count_field(section): [str(max(count, 0))]}
    return sent


def _language(request: HttpRequest, card: pages.Card, sent: Sent) -> str:
    """The language asked for: by a button, by the page that was sent, by the address; else the questionnaire's own."""
    for asked in (_first(sent, SPEAK), _first(sent, SPOKEN), request.GET.get("lang", "")):
        if asked in card.definition.languages:
            return asked
    return card.definition.language


def _first(sent: Sent, name: str) -> str:
    return (sent.get(name) or [""])[0]


# Drafts ---------------------------------------------------------------------------------------------------------------


def _draft_token(request: HttpRequest, card: pages.Card) -> str | None:
    return request.COOKIES.get(DRAFT_COOKIE) if card.keeps_drafts else None


def _remember_draft(card: pages.Card, response: HttpResponse, token: str) -> HttpResponse:
    response.set_cookie(
        DRAFT_COOKIE,
        token,
        max_age=DRAFT_KEPT,
        # No other page gets it, not even the same questionnaire by another link.
        path=reverse("answer", args=[card.link.token]),
        secure=settings.PRODUCTION,
        httponly=True,
        samesite="Lax",
    )
    return response


def _forget_draft(request: HttpRequest, card: pages.Card, response: HttpResponse) -> HttpResponse:
    token = _draft_token(request, card)
    if token is not None:
        drop_draft(link_id=card.link.pk, token=token)
        response.delete_cookie(DRAFT_COOKIE, path=reverse("answer", args=[card.link.token]), samesite="Lax")
    return response


# Short codes ----------------------------------------------------------------------------------------------------------


def _by_code(request: HttpRequest, typed: str, *, unknown_link: bool = False) -> HttpResponseBase:
    """Lead to the page of a short code; `unknown_link` when it stood in an address, not in the form."""
    code = normalize_short_code(typed)
    if len(code) == 8:
        wrong = _wrong_codes(request)
        if wrong.count() >= WRONG_CODES_AN_HOUR:
            return _respond(pages.render_page("too_many_codes"), HTTPStatus.TOO_MANY_REQUESTS)
        links = SurveyLink.objects.filter(
            short_code=code, version__questionnaire__kind=Questionnaire.Kind.QUESTIONNAIRE
        )
        token = links.values_list("token", flat=True).first()
        if token is not None:
            asked = request.GET.get("lang", "")
            query = f"?lang={asked}" if _LANGUAGE.fullmatch(asked) else ""
            return _closed_to_all(HttpResponseRedirect(reverse("answer", args=[token]) + query))
        wrong.add()
    if unknown_link:
        return _respond(pages.render_page("unknown"), HTTPStatus.NOT_FOUND)
    # The typed text comes back, but no novel.
    return _respond(pages.render_page("enter_code", typed=typed[:40], wrong=True), HTTPStatus.UNPROCESSABLE_ENTITY)


def _wrong_codes(request: HttpRequest) -> DayCounter:
    return _this_hour(request, "wrong codes", timezone.now())


def _this_hour(request: HttpRequest, what: str, now: datetime) -> DayCounter:
    """How often an address did something in this hour of the clock. The address itself is kept nowhere."""
    hour = int(now.timestamp()) // _HOUR_SECONDS
    return DayCounter(
        request.META,
        scope=f"{what} {hour}",
        zone=ZoneInfo(settings.TIME_ZONE),
        now=now,
        kept_seconds=_HOUR_SECONDS,
    )


# Requests and responses -----------------------------------------------------------------------------------------------


def _read_body(request: HttpRequest) -> dict[str, list[str]]:
    """The fields sent. Raises _Refused for what no browser sends from these pages."""
    try:
        if request.content_type != "application/x-www-form-urlencoded":
            # Files would be written to the disk before anybody looked at them.
            raise BadRequest
        # Characters that are no UTF-8 become replacement characters.
        return {name: [str(value) for value in values] for name, values in request.POST.lists()}
    except (RequestDataTooBig, TooManyFieldsSent):
        _drain(request)
        raise _Refused("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from None
    except (BadRequest, SuspiciousOperation, UnreadablePostError, ValueError):
        _drain(request)
        raise _Refused("unreadable", HTTPStatus.BAD_REQUEST) from None


def _drain(request: HttpRequest) -> None:
    """Read what is still being sent, a little at a time: closing in the middle would cost the sender the answer."""
    left = DRAIN_BYTES
    try:
        while left > 0 and (chunk := request.read(64 * 1024)):
            left -= len(chunk)
    except (OSError, ValueError):
        # Gone already: there is nobody to answer.
        return


def _respond(page: pages.Page, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    response = HttpResponse(page.body, status=status, headers={"Content-Security-Policy": page.policy})
    return cast(HttpResponse, _closed_to_all(response))


def _closed_to_all(response: HttpResponseBase) -> HttpResponseBase:
    # The page's key is for one visitor: it may stand in nobody's cache.
    response.headers["Cache-Control"] = "no-store"
    return response
