"""Pages of errors: plain Russian, and for a failure the number under which it stands in the log."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

API = "/api/"


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if request.path.startswith(API):
        # A program reads no pages.
        return JsonResponse({"detail": title}, status=status)
    context = {"title": title, "text": text, "request_id": getattr(request, "request_id", "")}
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
    return _page(request, 404, "Страница не найдена", "Возможно, адрес введён с ошибкой или у вас нет к нему доступа.")


def server_error(request: HttpRequest) -> HttpResponse:
    # The page must not need anything that may be broken: no database, no user.
    return render(
        None,
        "500.html",
        {"request_id": getattr(request, "request_id", "")},
        status=500,
    )
