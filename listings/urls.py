from django.urls import URLPattern, URLResolver, path

from listings import selling, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.listing_list, name="listing_list"),
    path("listings/<str:reference>/qr.svg", views.listing_qr, name="listing_qr"),
    path("listings/<str:reference>/", views.listing_detail, name="listing_short"),
    path("listings/<str:reference>/<slug:slug>/", views.listing_detail, name="listing_detail"),
    path("how-it-works/", views.how_it_works, name="how_it_works"),
    path("sell/", selling.listing_create, name="listing_create"),
    path("my/listings/", selling.my_listings, name="my_listings"),
    path("my/listings/<str:reference>/edit/", selling.listing_edit, name="listing_edit"),
    path("my/listings/<str:reference>/state/", selling.listing_state, name="listing_state"),
    path(
        "my/listings/<str:reference>/photos/<int:photo_id>/delete/",
        selling.photo_delete,
        name="photo_delete",
    ),
]
