"""What the orchestrator asks: is the process alive, and can it serve."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)
_migrated = False


@login_not_required
@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """503 while the database (with all its migrations) does not answer; a missing cache is named, but pages work."""
    problems = [name for name, works in (("database", _database_works), ("cache", _cache_works)) if not works()]
    serves = "database" not in problems
    status = "ok" if not problems else "degraded" if serves else "unavailable"
    return JsonResponse({"status": status, "problems": problems}, status=200 if serves else 503)


def _database_works() -> bool:
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _migrated:
            # Once true, true for the life of the process: the plan is not worked out at every probe.
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return _migrated
    except Exception:
        logger.exception("database is not ready")
        return False


def _cache_works() -> bool:
    try:
        cache.set("health", "ok", 10)
        return bool(cache.get("health") == "ok")
    except Exception:
        logger.exception("cache is not ready")
        return False
