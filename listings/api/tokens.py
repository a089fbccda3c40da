"""The page on which a person makes and revokes tokens for the API.

Knox keeps a digest alone, so a token is shown once: in the answer to the form, which no
cache keeps. Whoever makes one has proved a moment ago who they are.
"""

from typing import Final

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST
from knox.models import AuthToken

MAX_TOKENS: Final = 10


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_tokens(request: HttpRequest) -> HttpResponseBase:
    """My tokens, by their beginning; POST makes one more."""
    return _make_token(request) if request.method == "POST" else _page(request)


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
@sensitive_variables("token")
def _make_token(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        # One at a time for each person, so that two clicks do not pass the limit.
        user = User.objects.select_for_update().get(username=request.user.get_username())
        if AuthToken.objects.filter(user=user).count() >= MAX_TOKENS:
            messages.error(
                request,
                _("You have %(count)d tokens, and that is the limit. Revoke one first.")
                % {"count": MAX_TOKENS},
            )
            return redirect("account_tokens")
        _made, token = AuthToken.objects.create(user)
    return _page(request, new_token=token)


@login_required
@require_POST
def account_token_revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    get_object_or_404(AuthToken, user=request.user.pk, token_key=token_key).delete()
    messages.success(request, _("The token is revoked: it opens nothing any more."))
    return redirect("account_tokens")


def _page(request: HttpRequest, new_token: str = "") -> HttpResponse:
    tokens = AuthToken.objects.filter(user=request.user.pk).order_by("-created")
    context = {"tokens": tokens, "new_token": new_token, "limit": MAX_TOKENS}
    return render(request, "listings/account_tokens.html", context)
