from django.urls import URLPattern, URLResolver, path

from listings.account import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/data/", views.account_data, name="account_data"),
    path("account/delete/", views.account_delete, name="account_delete"),
]
