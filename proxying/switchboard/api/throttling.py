"""Proxy's limit: 30 requests a second for each endpoint of each Service, averaged over 5 s.

So 150 may come at once. https://www.twilio.com/docs/proxy/understanding-proxy-limits
"""

import re
import time
from contextlib import suppress
from typing import Any, Final

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

PER_SECOND: Final = 30
WINDOW_SECONDS: Final = 5
KEPT_SECONDS: Final = 60
_SERVICE_SID: Final = re.compile(r"KS[0-9a-f]{32}")


class ProxyThrottle(BaseThrottle):
    """Counts what it admits, second by second, in the cache that all processes share."""

    def allow_request(self, request: Request, view: Any) -> bool:
        service = view.kwargs.get("service_sid", "")
        if not _SERVICE_SID.fullmatch(service):
            service = "none"  # whatever was written there is no key for the cache
        endpoint = f"proxy-requests:{type(view).__name__}:{request.method}:{service}"
        now = int(time.time())
        seconds = [f"{endpoint}:{now - ago}" for ago in range(WINDOW_SECONDS)]
        admitted: dict[str, int] = cache.get_many(seconds)
        if sum(admitted.values()) >= PER_SECOND * WINDOW_SECONDS:
            return False
        cache.add(seconds[0], 0, timeout=KEPT_SECONDS)
        # A full cache may drop the key again before this line: then one goes uncounted.
        with suppress(ValueError):
            cache.incr(seconds[0])
        return True

    def wait(self) -> float:
        """Seconds until it is worth trying again."""
        return 1.0
