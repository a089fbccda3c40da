from django.urls import URLPattern, URLResolver, path

from listings.browsing import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.listing_list, name="listing_list"),
    path("places/", views.place_suggestions, name="place_suggestions"),
]
