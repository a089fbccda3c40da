from django.urls import URLPattern, URLResolver, path

from listings.pages import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("listings/<str:reference>/qr.svg", views.listing_qr, name="listing_qr"),
    path("listings/<str:reference>/", views.listing_detail, name="listing_short"),
    path("listings/<str:reference>/<slug:slug>/", views.listing_detail, name="listing_detail"),
    path("how-it-works/", views.how_it_works, name="how_it_works"),
]
