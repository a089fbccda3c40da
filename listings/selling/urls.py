from django.urls import URLPattern, URLResolver, path

from listings.selling import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("sell/", views.listing_create, name="listing_create"),
    path("my/listings/", views.my_listings, name="my_listings"),
    path("my/listings/<str:reference>/edit/", views.listing_edit, name="listing_edit"),
    path("my/listings/<str:reference>/state/", views.listing_state, name="listing_state"),
    path(
        "my/listings/<str:reference>/photos/<int:photo_id>/delete/",
        views.photo_delete,
        name="photo_delete",
    ),
]
