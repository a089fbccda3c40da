from django.urls import URLPattern, URLResolver, include, path

from listings.selling import editing, views

_one_photo: list[URLPattern | URLResolver] = [
    path("delete/", editing.photo_delete, name="photo_delete"),
    path("move/", editing.photo_move, name="photo_move"),
    path("turn/", editing.photo_turn, name="photo_turn"),
]

_one_listing: list[URLPattern | URLResolver] = [
    path("edit/", editing.listing_edit, name="listing_edit"),
    path("state/", views.listing_state, name="listing_state"),
    path("sold/", views.listing_sold, name="listing_sold"),
    path("copy/", views.listing_copy, name="listing_copy"),
    path("delete/", views.listing_delete, name="listing_delete"),
    path("photos/<int:photo_id>/", include(_one_photo)),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("sell/", editing.listing_create, name="listing_create"),
    path("my/listings/", views.my_listings, name="my_listings"),
    path("my/listings/renew/<str:token>/", views.listing_renew, name="listing_renew"),
    path("my/listings/<str:reference>/", include(_one_listing)),
]
