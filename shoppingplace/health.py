"""Liveness and readiness, for load balancers and supervisors."""

from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse


def livez(request: HttpRequest) -> JsonResponse:
    """200 while the process can answer at all; touches nothing else."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database and cache answer, else 503 with the name of what does not."""
    failed = [name for name, probe in _PROBES.items() if not _answers(probe)]
    body = {"status": "unavailable" if failed else "ready", "failed": failed}
    return JsonResponse(body, status=503 if failed else 200)


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    # The one question to which our cache does not answer as if it were empty.
    cache.has_key("readyz")


_PROBES = {"database": _database, "cache": _cache}


def _answers(probe: Callable[[], None]) -> bool:
    try:
        probe()
    except Exception:  # noqa: BLE001 (whatever a driver raises, the answer is: not ready)
        return False
    return True
