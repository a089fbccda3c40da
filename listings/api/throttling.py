"""How often one may ask. What is beyond it gets 429 with ``Retry-After``.

Rates stand in ``REST_FRAMEWORK``; counts in the cache, so nobody is refused while it is away.
"""

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle
from rest_framework.views import APIView


class AnonymousThrottle(AnonRateThrottle):
    scope = "api-anonymous"


class PersonThrottle(UserRateThrottle):
    """Counts people who are known, whichever of their tokens they use."""

    scope = "api-person"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return super().get_cache_key(request, view) if request.user.is_authenticated else None


class WriteThrottle(UserRateThrottle):
    """Counts only what changes something."""

    scope = "api-write"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return None if request.method in SAFE_METHODS else super().get_cache_key(request, view)
