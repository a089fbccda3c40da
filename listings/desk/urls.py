from django.urls import URLPattern, URLResolver, path

from listings.desk import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/", views.desk, name="desk"),
    path("desk/buyers/<int:pk>/block/", views.desk_block, name="desk_block"),
    path("desk/buyers/<int:pk>/unblock/", views.desk_unblock, name="desk_unblock"),
    path("desk/items/", views.desk_items, name="desk_items"),
    path("desk/hours/", views.desk_hours, name="desk_hours"),
    path("desk/away/", views.desk_away, name="desk_away"),
    path("desk/back/", views.desk_back, name="desk_back"),
]
