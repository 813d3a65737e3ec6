"""Pages of errors: plain Russian, and for a failure the number under which it stands in the log."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve

API = "/api/"


def _page(request: HttpRequest, status: int, title: str, text: str, back_url: str = "") -> HttpResponse:
    if request.path.startswith(API):
        # A program reads no pages.
        return JsonResponse({"detail": title}, status=status)
    context = {"title": title, "text": text, "request_id": getattr(request, "request_id", ""), "back_url": back_url}
    return render(request, "error.html", {**context, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, "Запрос не понят", "Вернитесь назад и попробуйте ещё раз.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        403,
        "Нет доступа",
        "Ваша роль не позволяет это сделать. Если это ошибка, обратитесь к администратору НСИ региона.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, "Страница не найдена", "Возможно, адрес введён с ошибкой или у Вас нет к нему доступа.")


def only_by_button(request: HttpRequest) -> HttpResponse:
    """For an address that takes only what a form sends. Whoever had to sign in again is led to it, too."""
    return _page(
        request,
        405,
        "Эта страница открывается только кнопкой",
        "Вернитесь на страницу с этой кнопкой и нажмите её. Если Вы только что вошли на портал заново, посмотрите,"
        " сохранилось ли то, что Вы делали до этого.",
        back_url=_above(request.path_info),
    )


def _above(path: str) -> str:
    """The nearest address above that leads somewhere: it has the button, or leads to it."""
    while path := path.rstrip("/").rpartition("/")[0]:
        try:
            resolve(f"{path}/")
        except Resolver404:
            continue
        return f"{path}/"
    return ""


def server_error(request: HttpRequest) -> HttpResponse:
    # The page must not need anything that may be broken: no database, no user.
    return render(
        None,
        "500.html",
        {"request_id": getattr(request, "request_id", "")},
        status=500,
    )
