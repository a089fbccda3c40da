"""Every page of the marketplace; each part knows its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("listings.browsing.urls")),
    path("", include("listings.purchasing.urls")),
    path("", include("listings.watching.urls")),
    path("", include("listings.selling.urls")),
    path("", include("listings.desk.urls")),
    path("", include("listings.account.urls")),
    path("", include("listings.api.page_urls")),
    path("api/v1/", include("listings.api.urls")),
    # Last, for whatever follows a listing's reference may be its title.
    path("", include("listings.pages.urls")),
]
