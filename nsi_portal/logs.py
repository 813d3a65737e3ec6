"""The id of the request under way, for every line of the log. Loaded before Django is ready."""

import logging
from contextvars import ContextVar

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


class RefusalFilter(logging.Filter):
    """Refused requests: one line without a trace each, and none at all from questionnaires and links of letters.

    Answers are stored to the minute lest they be matched with a log; a refused try must not give away the second.
    Whoever reads the link of a letter in the log could come in somebody's stead.
    """

    UNSPOKEN = ("/s/", "/api/v1/public/", "/invitation/", "/signup/", "/accounts/password/reset/key/")

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            return True
        record.exc_info = None
        request = getattr(record, "request", None)
        return not getattr(request, "path", "").startswith(self.UNSPOKEN)


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "request_id"):
            request = getattr(record, "request", None)
            record.request_id = getattr(request, "request_id", None) or current_request_id.get()
        return True
