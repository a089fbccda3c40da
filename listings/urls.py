"""Every page of the marketplace; each part knows its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("listings.browsing.urls")),
    # Before the pages: there the word after a reference is the title, whatever it is.
    path("", include("listings.purchasing.urls")),
    path("", include("listings.watching.urls")),
    path("", include("listings.pages.urls")),
    path("", include("listings.selling.urls")),
    path("", include("listings.desk.urls")),
    path("", include("listings.account.urls")),
    path("", include("listings.api.page_urls")),
    path("api/v1/", include("listings.api.urls")),
]
