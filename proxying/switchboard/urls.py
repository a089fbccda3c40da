"""The switchboard: Twilio's products by their names, the phones in the browser, and faults."""

from django.urls import URLPattern, URLResolver, include, path

from proxying.switchboard.phones import views
from proxying.switchboard.rest import urls as rest

app_name = "switchboard"

urlpatterns: list[URLPattern | URLResolver] = [
    path("proxy/", include("proxying.switchboard.proxy.urls")),
    path("api/", include(rest.api)),
    path("verify/", include(rest.verify)),
    path("lookups/", include(rest.lookups)),
    path("phones/", include("proxying.switchboard.phones.urls")),
    path("faults/", include("proxying.switchboard.faults.urls")),
    path("alerts/", views.alerts, name="alerts"),
]
