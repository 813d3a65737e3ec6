"""The yardsticks: the least a Django view can do, under the same server and middleware as the portal's pages."""

import itertools
import os
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

PAGE = Path(os.environ.get("BENCH_PAGE", os.devnull)).read_bytes()
_numbers = itertools.count()


@login_not_required
def bare_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


@csrf_exempt
@login_not_required
def bare_insert(request: HttpRequest) -> HttpResponse:
    """One INSERT statement of a row as wide as a response, durable like it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_response (key, body) VALUES (%s, %s)",
            [f"{os.getpid()}-{next(_numbers)}", request.body.decode()],
        )
    return HttpResponse(PAGE)


def empty_page(request: HttpRequest) -> HttpResponse:
    """The frame of every staff page with the person's own navigation, and nothing in it."""
    return render(request, "base.html")


urlpatterns = [
    path("bench/page", bare_page),
    path("bench/insert", bare_insert),
    path("bench/empty", empty_page),
    path("", include("nsi_portal.urls")),
]
handler400 = "nsi_portal.errors.bad_request"
handler403 = "nsi_portal.errors.forbidden"
handler404 = "nsi_portal.errors.not_found"
handler500 = "nsi_portal.errors.server_error"
