from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView

from listings import references  # noqa: F401 (registers the converter)
from listings.api import favourites, my_listings, my_photos, public, purchases

app_name = "api"

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("listings/", public.Listings.as_view(), name="listings"),
    path("listings/<reference:reference>/", public.OneListing.as_view(), name="listing"),
    path("categories/", public.Categories.as_view(), name="categories"),
    path("sellers/<uuid:pk>/", public.OneSeller.as_view(), name="seller"),
    path("sellers/<uuid:pk>/listings/", public.SellersListings.as_view(), name="seller-listings"),
    path("favourites/", favourites.Favourites.as_view(), name="favourites"),
    path("favourites/<reference:reference>/", favourites.OneFavourite.as_view(), name="favourite"),
    path("my/listings/", my_listings.OwnListings.as_view(), name="my-listings"),
    path(
        "my/listings/<reference:reference>/", my_listings.OneOwnListing.as_view(), name="my-listing"
    ),
    path(
        "my/listings/<reference:reference>/state/",
        my_listings.OwnListingState.as_view(),
        name="my-listing-state",
    ),
    path(
        "my/listings/<reference:reference>/renew/",
        my_listings.OwnListingRenewal.as_view(),
        name="my-listing-renew",
    ),
    path(
        "my/listings/<reference:reference>/photos/", my_photos.OwnPhotos.as_view(), name="my-photos"
    ),
    path(
        "my/listings/<reference:reference>/photos/<int:photo_id>/",
        my_photos.OneOwnPhoto.as_view(),
        name="my-photo",
    ),
    path("purchases/", purchases.Purchases.as_view(), name="purchases"),
    path("purchases/<uuid:pk>/", purchases.OnePurchase.as_view(), name="purchase"),
    path("purchases/<uuid:pk>/accept/", purchases.Accept.as_view(), name="purchase-accept"),
    path("purchases/<uuid:pk>/decline/", purchases.Decline.as_view(), name="purchase-decline"),
    path("purchases/<uuid:pk>/cancel/", purchases.Cancel.as_view(), name="purchase-cancel"),
    path("purchases/<uuid:pk>/confirm/", purchases.Confirm.as_view(), name="purchase-confirm"),
    path("purchases/<uuid:pk>/rate/", purchases.Rate.as_view(), name="purchase-rate"),
]
