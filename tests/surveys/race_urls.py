"""The portal's addresses, and beside them the way answers must not be stored: ask first, then insert."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from nsi_portal.urls import urlpatterns as portal
from surveys.filling import pages
from surveys.filling.page_keys import read_page_key
from surveys.questionnaires.answers import read_answers

COPY = "naive_response"


@login_not_required
@csrf_exempt
def naive_answer(request: HttpRequest, token: str) -> HttpResponse:
    card = pages.find_card(token)
    assert card
    key = read_page_key(card.link.pk, request.POST["key"])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {COPY} WHERE key = %s", [key.random])
        (stored,) = cursor.fetchone()
        answers = read_answers(card.definition, dict(request.POST.lists()), today=card.today(timezone.now()))
        if not stored:
            cursor.execute(f"INSERT INTO {COPY} (key, digest) VALUES (%s, %s)", [key.random, answers.digest()])
    page = pages.thanks_page(card, "ru", "feedback")
    return HttpResponse(page.body)


urlpatterns = [path("naive/<str:token>/", naive_answer), *portal]
