from django.urls import URLPattern, URLResolver, path

import listings.references  # noqa: F401 (registers the converter)
from listings.purchasing import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("listings/<reference:reference>/buy/", views.purchase_request, name="purchase_request"),
    path("purchases/", views.purchase_list, name="purchase_list"),
    path("purchases/<uuid:pk>/", views.purchase_detail, name="purchase_detail"),
    path("purchases/<uuid:pk>/<slug:action>/", views.purchase_act, name="purchase_act"),
]
