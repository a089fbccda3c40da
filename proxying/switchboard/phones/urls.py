"""The page, and the JSON API below it. Its paths stand with and without a slash at the end."""

from django.urls import path, re_path

from proxying.switchboard.faults import views as fault_views
from proxying.switchboard.phones import api, views

app_name = "phones"

urlpatterns = [
    path("", views.phones, name="page"),
    path("add/", views.add_phone, name="add"),
    path("text/", views.send_message, name="send"),
    path("call/", views.place_call, name="call"),
    path("call/<str:sid>/answer/", views.answer_call, name="answer"),
    path("call/<str:sid>/hangup/", views.hang_up_call, name="hangup"),
    path("faults/", fault_views.page, name="faults"),
    path("faults/add/", fault_views.add, name="add_fault"),
    path("faults/<int:pk>/remove/", fault_views.remove, name="remove_fault"),
    path("faults/vanish/", fault_views.vanish, name="vanish"),
    path("faults/deliver/", fault_views.deliver, name="deliver"),
    re_path(r"^api/messages/?$", api.send_message),
    re_path(r"^api/calls/?$", api.place_call),
    re_path(r"^api/calls/(?P<sid>CA[0-9a-f]{32})/answer/?$", api.answer_call),
    re_path(r"^api/calls/(?P<sid>CA[0-9a-f]{32})/hangup/?$", api.hang_up_call),
    re_path(r"^api/phones/?$", api.phones, name="api"),
    re_path(r"^api/phones/(?P<number>[^/]+?)/?$", api.phone),
]
