"""Proxy's addresses, as Twilio has them below https://proxy.twilio.com."""

from django.urls import URLPattern, URLResolver, path, re_path

from proxying.switchboard.api.views import Nowhere
from proxying.switchboard.proxy import interaction_views, pool_views, session_views

app_name = "proxy"

_SERVICE = "v1/Services/<str:service_sid>"
_SESSION = f"{_SERVICE}/Sessions/<str:session_sid>"
_PARTICIPANT = f"{_SESSION}/Participants/<str:participant_sid>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/Services", pool_views.Services.as_view(), name="services"),
    path(_SERVICE, pool_views.OneService.as_view()),
    path(f"{_SERVICE}/PhoneNumbers", pool_views.PhoneNumbers.as_view()),
    path(f"{_SERVICE}/PhoneNumbers/<str:number_sid>", pool_views.OnePhoneNumber.as_view()),
    path(f"{_SERVICE}/Sessions", session_views.Sessions.as_view()),
    path(_SESSION, session_views.OneSession.as_view()),
    path(f"{_SESSION}/Participants", session_views.Participants.as_view()),
    path(_PARTICIPANT, session_views.OneParticipant.as_view()),
    path(f"{_PARTICIPANT}/MessageInteractions", interaction_views.MessageInteractions.as_view()),
    path(
        f"{_PARTICIPANT}/MessageInteractions/<str:interaction_sid>",
        interaction_views.OneMessageInteraction.as_view(),
    ),
    path(f"{_SESSION}/Interactions", interaction_views.Interactions.as_view()),
    path(
        f"{_SESSION}/Interactions/<str:interaction_sid>",
        interaction_views.OneInteraction.as_view(),
    ),
    re_path("", Nowhere.as_view()),
]
