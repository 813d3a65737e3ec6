"""How the API says no."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError, Throttled
from rest_framework.response import Response
from rest_framework.views import exception_handler

from nsi_portal.logs import current_request_id

logger = logging.getLogger(__name__)


def answer_to(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as {"detail": …} or, for wrong fields, {"errors": {field: […]}}; a failure with its number."""
    if isinstance(error, RequestDataTooBig):
        return Response({"detail": "Запрос слишком велик."}, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    response = exception_handler(error, context)
    if response is None:
        number = current_request_id.get()
        logger.exception("the API failed, request %s", number)
        return Response(
            {"detail": "Произошла ошибка. Сообщите администратору её номер.", "request_id": number},
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
        )
    if response.status_code == HTTPStatus.BAD_REQUEST and not isinstance(error, ParseError):
        # Well-formed, but wrong: as on the pages.
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        response.data = {"errors": response.data if isinstance(response.data, dict) else {"": response.data}}
    elif isinstance(error, Throttled):
        response.data = {"detail": "Слишком много запросов, повторите позже."}
    return response
