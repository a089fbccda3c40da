from django.urls import URLPattern, URLResolver, path

import listings.references  # noqa: F401 (registers the converter)
from listings.watching import saved_searches as searches
from listings.watching import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("favourites/", views.favourite_list, name="favourite_list"),
    path(
        "listings/<reference:reference>/favourite/", views.favourite_toggle, name="favourite_toggle"
    ),
    path("searches/", searches.saved_search_list, name="saved_search_list"),
    path("searches/save/", searches.saved_search_create, name="saved_search_create"),
    path("searches/<int:pk>/edit/", searches.saved_search_edit, name="saved_search_edit"),
    path("searches/<int:pk>/delete/", searches.saved_search_delete, name="saved_search_delete"),
    path(
        "searches/unsubscribe/<str:token>/",
        searches.saved_search_unsubscribe,
        name="saved_search_unsubscribe",
    ),
]
