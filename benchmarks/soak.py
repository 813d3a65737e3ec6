"""A clinic's worth of phones for a minute: answers sent at a steady rate, none lost, none doubled.

Each answer is sent until it is thanked for, always with the same key, as by a browser that comes back from no network.
Afterwards what was thanked for is what is stored, each once; and the same while PostgreSQL is killed and started again.
"""

import http.client
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db import connection
from django.utils import timezone

from surveys.filling.page_keys import new_page_key
from surveys.models import Response, SurveyLink

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# So many phones send at once, at most; each waits for its answer.
PHONES = 64
PATIENCE_SECONDS = 90
RETRY_SECONDS = 0.5


@dataclass
class Soak:
    """What came of one load."""

    sent: int
    acknowledged: set[str]
    stored: int
    stored_of_acknowledged: int
    repeats: int
    seconds: float
    latencies: list[float] = field(repr=False)

    @property
    def is_whole(self) -> bool:
        """Nothing thanked for is missing, nothing is there twice or unasked, everybody was thanked."""
        return self.sent == len(self.acknowledged) == self.stored_of_acknowledged == self.stored

    def told(self) -> str:
        quantiles = statistics.quantiles(self.latencies, n=100)
        return (
            f"{self.sent} sent in {self.seconds:.0f} s, {len(self.acknowledged)} acknowledged, {self.stored} stored,"
            f" {self.repeats} sent again; p50 {quantiles[49] * 1000:.0f} ms, p99 {quantiles[98] * 1000:.0f} ms"
        )


def soak(link: SurveyLink, port: int, *, rate: int, seconds: int, meanwhile: Callable[[], None] | None = None) -> Soak:
    """Send `rate` answers a second for `seconds` to the server at `port`; `meanwhile` runs beside it."""
    number = rate * seconds
    keys = [new_page_key(link.pk, timezone.now()) for _ in range(number)]
    bodies = _bodies(link)
    acknowledged: set[str] = set()
    latencies: list[float] = []
    repeats = 0
    lock = threading.Lock()
    waiting = iter(range(number))
    begun = time.monotonic()

    def phone() -> None:
        nonlocal repeats
        http_connection: http.client.HTTPConnection | None = None
        while True:
            with lock:
                index = next(waiting, None)
            if index is None:
                return
            time.sleep(max(0.0, begun + index / rate - time.monotonic()))
            first = time.monotonic()
            body = f"key={keys[index].signed}&{bodies[index % len(bodies)]}"
            while time.monotonic() - first < PATIENCE_SECONDS:
                try:
                    http_connection = http_connection or http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                    http_connection.request("POST", f"/s/{link.token}/", body, FORM)
                    answer = http_connection.getresponse()
                    answer.read()
                    status = answer.status
                except (OSError, http.client.HTTPException):
                    if http_connection:
                        http_connection.close()
                    http_connection, status = None, 0
                if status == 200:
                    with lock:
                        acknowledged.add(keys[index].random)
                        latencies.append(time.monotonic() - first)
                    break
                with lock:
                    repeats += 1
                time.sleep(RETRY_SECONDS)

    phones = [threading.Thread(target=phone, daemon=True) for _ in range(PHONES)]
    before = Response.objects.count()
    for one in phones:
        one.start()
    if meanwhile:
        # In this thread: servers are started from the main one.
        meanwhile()
    for one in phones:
        one.join()
    took = time.monotonic() - begun
    # The server may have been another one meanwhile.
    connection.close()
    return Soak(
        sent=number,
        acknowledged=acknowledged,
        stored=Response.objects.count() - before,
        stored_of_acknowledged=_stored(acknowledged),
        repeats=repeats,
        seconds=took,
        latencies=latencies,
    )


def _stored(keys: set[str]) -> int:
    listed = sorted(keys)
    return sum(Response.objects.filter(key__in=listed[at : at + 5000]).count() for at in range(0, len(listed), 5000))


def _bodies(link: SurveyLink) -> list[str]:
    """Different answers, some with a comment."""
    day = link.institution.region.local_date(timezone.now()).isoformat()
    return [
        urlencode(
            {
                "service_date": day,
                "satisfaction": satisfaction,
                "satisfaction_comment": "Долго ждали приёма" if satisfaction == "no" else "",
                "recommend": recommend,
                "days": recommend + 3,
                "suggestions": "Больше скамеек" if recommend == 7 else "",
            }
        )
        for satisfaction in ("yes", "rather_yes", "rather_no", "no")
        for recommend in range(11)
    ]
