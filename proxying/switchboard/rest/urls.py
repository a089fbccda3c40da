"""Three products' addresses, each below its own name as on ``https://{product}.twilio.com``."""

from django.urls import path

from proxying.switchboard.api.views import Nowhere
from proxying.switchboard.rest import (
    call_views,
    lookup_views,
    message_views,
    number_views,
    verify_views,
)

_ACCOUNT = "2010-04-01/Accounts/<str:account_sid>"

api = [
    path(
        f"{_ACCOUNT}/AvailablePhoneNumbers/<str:country>/Local.json",
        number_views.AvailableLocalView.as_view(),
    ),
    path(f"{_ACCOUNT}/IncomingPhoneNumbers.json", number_views.IncomingNumbersView.as_view()),
    path(
        f"{_ACCOUNT}/IncomingPhoneNumbers/<str:sid>.json",
        number_views.IncomingNumberView.as_view(),
    ),
    path(f"{_ACCOUNT}/Calls.json", call_views.CallsView.as_view()),
    path(f"{_ACCOUNT}/Calls/<str:sid>.json", call_views.CallView.as_view()),
    path(f"{_ACCOUNT}/Messages.json", message_views.MessagesView.as_view()),
    path(f"{_ACCOUNT}/Messages/<str:sid>.json", message_views.MessageView.as_view()),
    path("<path:anything>", Nowhere.as_view()),
]

verify = [
    path("v2/Services", verify_views.ServicesView.as_view()),
    path(
        "v2/Services/<str:service_sid>",
        verify_views.ServiceView.as_view(),
        name="verify_service",
    ),
    path("v2/Services/<str:service_sid>/Verifications", verify_views.VerificationsView.as_view()),
    path(
        "v2/Services/<str:service_sid>/Verifications/<str:sid>",
        verify_views.VerificationView.as_view(),
    ),
    path(
        "v2/Services/<str:service_sid>/VerificationCheck",
        verify_views.VerificationCheckView.as_view(),
    ),
    path("<path:anything>", Nowhere.as_view()),
]

lookups = [
    path("v2/PhoneNumbers/<str:number>", lookup_views.PhoneNumberView.as_view()),
    path("<path:anything>", Nowhere.as_view()),
]
