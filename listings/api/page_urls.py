"""The API's one page for people, in the account section."""

from django.urls import path

from listings.api import tokens

urlpatterns = [
    path("account/tokens/", tokens.account_tokens, name="account_tokens"),
    path(
        "account/tokens/<slug:token_key>/revoke/",
        tokens.account_token_revoke,
        name="account_token_revoke",
    ),
]
