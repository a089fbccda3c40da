"""Searches that a person keeps: make, name, choose how often to hear of them, end."""

from http import HTTPStatus
from typing import Final

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from listings.browsing.filters import ListingFilters
from listings.models import SavedSearch
from listings.watching import unsubscribing
from listings.watching.forms import SavedSearchForm

MOST_A_PERSON: Final = 50
_LONGEST_QUERY: Final = 500
_LONGEST_NAME: Final = 100


@login_required
@never_cache
@require_safe
def saved_search_list(request: HttpRequest) -> HttpResponse:
    searches = SavedSearch.objects.filter(user=_user(request)).order_by("-created_at", "-id")
    return render(request, "listings/watching/searches.html", {"searches": searches})


@never_cache
@require_http_methods(["GET", "POST"])
def saved_search_create(request: HttpRequest) -> HttpResponse:
    """Keeps ``query``; without an account, asks to log in and comes back to a form for it."""
    typed = request.POST if request.method == "POST" else request.GET
    filters = _filters(typed.get("query", ""))
    query = filters.canonical_query()
    if not request.user.is_authenticated:
        asked = {"query": query, "frequency": typed.get("frequency", "")}
        return redirect_to_login(reverse("saved_search_create", query=asked))
    if len(query) > _LONGEST_QUERY:
        messages.error(request, _("This search is too long to keep."))
        return redirect("saved_search_list")
    usual = {
        "name": filters.describe()[:_LONGEST_NAME],
        "frequency": typed.get("frequency") or SavedSearch.Frequency.DAILY,
    }
    if request.method == "GET":
        form = SavedSearchForm(initial=usual)
    else:
        form = SavedSearchForm({**usual, **{k: v for k, v in request.POST.items() if v}})
        if form.is_valid():
            _keep(request, query, form)
            return redirect("saved_search_list")
    context = {"form": form, "query": query, "description": filters.describe()}
    return render(request, "listings/watching/search_form.html", context, status=_status(form))


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def saved_search_edit(request: HttpRequest, pk: int) -> HttpResponse:
    search = get_object_or_404(SavedSearch, pk=pk, user=_user(request))
    form = SavedSearchForm(request.POST if request.method == "POST" else None, instance=search)
    if form.is_valid():
        if "frequency" in form.changed_data:
            search.next_mail_at = timezone.now()
        form.save()
        messages.success(request, _("Saved."))
        return redirect("saved_search_list")
    context = {
        "form": form,
        "search": search,
        "description": _filters(search.query).describe(),
    }
    return render(request, "listings/watching/search_form.html", context, status=_status(form))


@login_required
@require_POST
def saved_search_delete(request: HttpRequest, pk: int) -> HttpResponse:
    search = get_object_or_404(SavedSearch, pk=pk, user=_user(request))
    search.delete()
    messages.success(request, _("The search is deleted. You get no more mail about it."))
    return redirect("saved_search_list")


@csrf_exempt  # RFC 8058: a mail program posts here, with the token alone
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def saved_search_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, for programs open links in mails; POST ends the mails."""
    try:
        pk = unsubscribing.search_of(token)
    except signing.BadSignature:
        raise Http404 from None
    search = SavedSearch.objects.filter(pk=pk).first()
    if search and request.method == "POST":
        search.frequency = SavedSearch.Frequency.NONE
        search.save(update_fields=["frequency"])
    is_over = search is None or search.frequency == SavedSearch.Frequency.NONE
    context = {"search": search, "is_over": is_over}
    return render(request, "listings/watching/unsubscribe.html", context)


def _filters(query: str) -> ListingFilters:
    """*query* as a visitor's; what makes no sense in it is left out."""
    try:
        return ListingFilters(QueryDict(query))
    except (UnicodeDecodeError, ValueError):
        # More fields than any page sends, or bytes that are no text.
        return ListingFilters(QueryDict())


def _keep(request: HttpRequest, query: str, form: SavedSearchForm) -> None:
    """The search with that *query*, new or changed, unless there are too many."""
    user = _user(request)
    with transaction.atomic():
        # One at a time, so that two requests do not both find room for the last one.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        mine = SavedSearch.objects.filter(user=user)
        known = mine.filter(query=query).first()
        if known is None and mine.count() >= MOST_A_PERSON:
            messages.error(
                request,
                _("You keep %(most)d searches, and that is the most. Delete one first.")
                % {"most": MOST_A_PERSON},
            )
            return
        search = known or SavedSearch(user=user, query=query)
        search.name = form.cleaned_data["name"]
        if search.frequency != form.cleaned_data["frequency"]:
            search.next_mail_at = timezone.now()
        search.frequency = form.cleaned_data["frequency"]
        search.save()
    messages.success(request, _("Kept with your searches."))


def _status(form: SavedSearchForm) -> HTTPStatus:
    return HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
