from django.urls import URLPattern, URLResolver, path

from proxying import callbacks

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "proxy/callbacks/out-of-session/",
        callbacks.out_of_session_callback,
        name="out_of_session_callback",
    ),
    path(
        "proxy/callbacks/interactions/",
        callbacks.interaction_callback,
        name="interaction_callback",
    ),
    path("proxy/callbacks/intercept/", callbacks.intercept_callback, name="intercept_callback"),
]
