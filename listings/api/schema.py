"""What the API's document says beside its views: parameters, and how things go wrong."""

from typing import Any, Final

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from listings.browsing.filters import ANY_DISTANCE, DISTANCES, SORTS
from listings.models import Listing

_PREFIX: Final = f"/{settings.URL_PREFIX}api/v1/"

_DETAIL: Final = inline_serializer(
    "Refusal", {"detail": serializers.CharField(help_text="One sentence.")}
)
_BY_FIELD: Final = OpenApiResponse(
    {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
        "example": {"price": ["A price cannot be less than 0."]},
    },
    "Sentences for each field that is wrong, or one `detail` when nothing could be read.",
)

# For ``responses=`` of ``extend_schema``, by what can happen.
WRONG: Final[dict[int, Any]] = {400: _BY_FIELD}
UNKNOWN: Final[dict[int, Any]] = {
    401: OpenApiResponse(_DETAIL, "No token, or one that is not valid (any more).")
}
MISSING: Final[dict[int, Any]] = {
    404: OpenApiResponse(_DETAIL, "There is none, or it is somebody else's.")
}
GONE: Final[dict[int, Any]] = {410: OpenApiResponse(_DETAIL, "It was there once, and is over.")}
CONFLICT: Final[dict[int, Any]] = {
    409: OpenApiResponse(_DETAIL, "It cannot be done to the thing as it now is.")
}
FORBIDDEN: Final[dict[int, Any]] = {403: OpenApiResponse(_DETAIL, "You may not, and why.")}


def _parameter(name: str, description: str, **options: Any) -> OpenApiParameter:
    return OpenApiParameter(name, description=description, **options)


FILTERS: Final = [
    _parameter("q", "Words that title or description must all hold; beginnings will do."),
    _parameter("category", "A category's `slug`; a branch holds those below it."),
    _parameter("place", "A town, as `Oakland, CA`."),
    _parameter(
        "km",
        "How far from the place at most; 25 unless said.",
        enum=[*map(str, DISTANCES), ANY_DISTANCE],
    ),
    _parameter("min", "The lowest price, in US dollars.", type=float),
    _parameter("max", "The highest price, in US dollars.", type=float),
    _parameter(
        "condition", "May be given several times.", enum=Listing.Condition.values, many=True
    ),
    _parameter("photos", "`1`: only those with photos.", type=bool),
    _parameter("reserved", "`1`: reserved ones too.", type=bool),
    _parameter("sold", "`1`: sold ones too.", type=bool),
    _parameter(
        "sort",
        "`newest` unless said, or `relevance` with `q`; `distance` needs a place. Both of these "
        "end after 1,000 rows.",
        enum=list(SORTS),
    ),
]


def only_this_api(endpoints: list[tuple[Any, ...]], **kwargs: Any) -> list[tuple[Any, ...]]:
    """A preprocessing hook: the site has other APIs, which document themselves elsewhere."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(_PREFIX)]


def throttled_everywhere(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook: every operation may answer 429."""
    answer = {
        "description": "Too often. `Retry-After` says after how many seconds to try again.",
        "headers": {"Retry-After": {"schema": {"type": "integer"}}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
    }
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["429"] = answer
    return result
