"""Every request carries an id: it stands in the log, in the answer's header and on the page of an error."""

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

_request_id: ContextVar[str] = ContextVar("request_id", default="-")


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        # Own id, never the client's: what a client sends could be made to look like another line of the log.
        identifier = secrets.token_hex(6)
        token = _request_id.set(identifier)
        request.request_id = identifier  # type: ignore[attr-defined]
        try:
            response = get_response(request)
        finally:
            _request_id.reset(token)
        response.headers["X-Request-Id"] = identifier
        return response

    return middleware


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "request_id"):
            request = getattr(record, "request", None)
            record.request_id = getattr(request, "request_id", None) or _request_id.get()
        return True
