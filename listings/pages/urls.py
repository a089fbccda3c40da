from django.urls import URLPattern, URLResolver, path

import listings.references  # noqa: F401 (registers the converter)
from listings.pages import reporting, seller, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("listings/<reference:reference>/qr.svg", views.listing_qr, name="listing_qr"),
    path("listings/<reference:reference>/report/", reporting.report, name="listing_report"),
    path("listings/<reference:reference>/", views.listing_detail, name="listing_short"),
    path(
        "listings/<reference:reference>/<slug:slug>/", views.listing_detail, name="listing_detail"
    ),
    path("sellers/<uuid:pk>/", seller.seller_page, name="seller_page"),
    path("how-it-works/", views.how_it_works, name="how_it_works"),
]
