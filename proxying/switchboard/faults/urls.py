"""The JSON API. Its paths stand with and without a slash at the end."""

from django.urls import re_path

from proxying.switchboard.faults import api

app_name = "faults"

urlpatterns = [
    re_path(r"^$", api.faults, name="api"),
    re_path(r"^deliver/?$", api.deliver),
    re_path(r"^(?P<pk>[0-9]{1,18})/?$", api.fault),
]
