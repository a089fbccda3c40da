from django.urls import URLPattern, URLResolver, path

from proxying import callbacks, number_move, phone_change, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("seller/phone/", views.seller_phone, name="seller_phone"),
    path("seller/phone/code/", views.seller_phone_code, name="seller_phone_code"),
    path(
        "seller/phone/code/resend/",
        views.seller_phone_code_resend,
        name="seller_phone_code_resend",
    ),
    path("seller/phone/change/", phone_change.seller_phone_change, name="seller_phone_change"),
    path(
        "seller/phone/change/code/",
        phone_change.seller_phone_change_code,
        name="seller_phone_change_code",
    ),
    path("seller/number/", views.seller_number, name="seller_number"),
    path("seller/number/move/", number_move.seller_number_move, name="seller_number_move"),
    path("seller/number/state/", views.seller_number_state, name="seller_number_state"),
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
    *(
        path(f"proxy/callbacks/hold/{turn}/", view, name=f"hold_{turn}")
        for turn, view in callbacks.hold_callbacks.items()
    ),
]
