"""The public questionnaire: shows it, takes the answers, says plainly why not.

Anonymous: no session, no cookie, no script, nothing about the visitor is stored or logged.
"""

import logging
import re
from http import HTTPStatus
from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from surveys import pages
from surveys.answers import InvalidAnswers, Sent, count_field, read_answers, repeats
from surveys.models import Response, SurveyLink
from surveys.page_keys import BadPageKey, new_page_key, read_page_key
from surveys.services import Arrival, arrival_of, build_response, store_response
from surveys.tokens import normalize_short_code

logger = logging.getLogger(__name__)

# Wrong codes from one address in an hour: enough for a hall of people with bad eyesight, hopeless against 10¹⁰ codes.
WRONG_CODES_AN_HOUR = 20
# So much of a body that is too large is read and thrown away, so that the sender hears the answer.
DRAIN_BYTES = 16 * 1024 * 1024

_TOKEN = re.compile(r"[\w-]{32}", re.ASCII)


class _Refused(Exception):
    """The request cannot be read; `page` says why."""

    def __init__(self, page: str, status: HTTPStatus) -> None:
        super().__init__(page)
        self.page, self.status = page, status


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponseBase:
    card = pages.find_card(token) if _TOKEN.fullmatch(token) else None
    if card is None:
        return _by_code(request, token, unknown_link=True)
    if request.method == "POST":
        try:
            sent = _read_body(request)
        except _Refused as refused:
            return _respond(pages.render_page(refused.page, card=card), refused.status)
        return _take(card, sent)
    return _show(card)


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
    return _by_code(request, sent.get("code", [""])[0])


# Showing and taking ---------------------------------------------------------------------------------------------------


def _show(card: pages.Card) -> HttpResponse:
    now = timezone.now()
    if card.link.state(now) != SurveyLink.State.OPEN:
        return _not_open(card)
    key = new_page_key(card.link.pk, now)
    return _respond(pages.blank_page(card, card.today(now)).with_key(key.signed))


def _take(card: pages.Card, sent: Sent) -> HttpResponse:
    now = timezone.now()
    today = card.today(now)
    try:
        key = read_page_key(card.link.pk, sent.get("key", [""])[0])
    except BadPageKey:
        if card.link.state(now) != SurveyLink.State.OPEN:
            return _not_open(card)
        notice = _("Страница устарела. Ответы сохранились: проверьте их и отправьте ещё раз.")
        fresh = new_page_key(card.link.pk, now)
        page = pages.filled_page(card, today, key=fresh.signed, sent=sent, notice=notice)
        return _respond(page, HTTPStatus.UNPROCESSABLE_ENTITY)

    accepted = card.link.accepts(begun_at=key.begun_at, now=now)
    today = card.today(card.link.answered_at(begun_at=key.begun_at, now=now))
    if accepted and "add" in sent:
        # The same key goes back: the answers were begun when the page was first opened.
        return _respond(pages.filled_page(card, today, key=key.signed, sent=_with_more_blocks(card, sent)))
    try:
        answers = read_answers(card.definition, sent, today=today)
    except InvalidAnswers as invalid:
        if not accepted:
            return _not_open(card)
        page = pages.filled_page(card, today, key=key.signed, sent=sent, errors=invalid.errors)
        return _respond(page, HTTPStatus.UNPROCESSABLE_ENTITY)

    if accepted:
        response = build_response(
            origin=card.origin,
            key=key.random,
            answers=answers,
            mode=Response.Mode.ONLINE,
            arrived_at=now,
            answered_on=today,
        )
        arrival = store_response(response)
    elif arrival_of(key.random, answers.digest()) == Arrival.REPEATED:
        # They arrived in time and the reply was lost on its way: whoever asks again is thanked, not sent away.
        arrival = Arrival.REPEATED
    else:
        return _not_open(card)
    if arrival == Arrival.CONFLICT:
        return _respond(pages.render_page("conflict", card=card), HTTPStatus.CONFLICT)
    return _respond(pages.thanks_page(card))


def _not_open(card: pages.Card) -> HttpResponse:
    if card.link.state(timezone.now()) == SurveyLink.State.NOT_YET_OPEN:
        return _respond(pages.render_page("not_yet_open", card=card), HTTPStatus.FORBIDDEN)
    return _respond(pages.render_page("closed", card=card), HTTPStatus.GONE)


def _with_more_blocks(card: pages.Card, sent: Sent) -> Sent:
    """What was sent, with one block more (`add=section`) or less (`add=section-less`) of a repeating section."""
    asked = sent["add"][0]
    for section in card.definition.sections:
        if section.repeat and asked in (section.code, f"{section.code}-less"):
            count = repeats(section, sent) + (1 if asked == section.code else -1)
            return {**sent, count_field(section): [str(max(count, 0))]}
    return sent


# Short codes ----------------------------------------------------------------------------------------------------------


def _by_code(request: HttpRequest, typed: str, *, unknown_link: bool = False) -> HttpResponseBase:
    """Lead to the page of a short code; `unknown_link` when it stood in an address, not in the form."""
    code = normalize_short_code(typed)
    if len(code) == 8:
        wrong = _WrongCodes(request)
        if wrong.count() >= WRONG_CODES_AN_HOUR:
            return _respond(pages.render_page("too_many_codes"), HTTPStatus.TOO_MANY_REQUESTS)
        token = SurveyLink.objects.filter(short_code=code).values_list("token", flat=True).first()
        if token is not None:
            return _closed_to_all(HttpResponseRedirect(reverse("answer", args=[token])))
        wrong.add()
    if unknown_link:
        return _respond(pages.render_page("unknown"), HTTPStatus.NOT_FOUND)
    # The typed text comes back, but no novel.
    return _respond(pages.render_page("enter_code", typed=typed[:40], wrong=True), HTTPStatus.UNPROCESSABLE_ENTITY)


class _WrongCodes:
    """How many wrong codes came from an address in this hour. The address itself is kept nowhere."""

    def __init__(self, request: HttpRequest) -> None:
        # In production only the proxy reaches this process, and it sets the header itself.
        header = "HTTP_X_FORWARDED_FOR" if settings.PRODUCTION else "REMOTE_ADDR"
        address = salted_hmac("surveys.codes", request.META.get(header, "")).hexdigest()
        hour = int(timezone.now().timestamp()) // 3600
        self.key = f"wrong-codes:{hour}:{address}"

    def count(self) -> int:
        try:
            return cast(int, cache.get(self.key, 0))
        except Exception:
            # Without the cache people must still reach their questionnaire.
            logger.exception("wrong codes cannot be counted")
            return 0

    def add(self) -> None:
        try:
            if not cache.add(self.key, 1, 3600):
                cache.incr(self.key)
                # Not every cache keeps the time a counter was given.
                cache.touch(self.key, 3600)
        except Exception:
            logger.exception("wrong codes cannot be counted")


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
