from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.static import serve
from knox.models import AuthToken

from proxying.admin import capacity
from shoppingplace import checklist, health

# Staff log in where everybody does: with its rate limits and second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Both show what lets somebody else in: secrets of authenticator apps, digests of tokens.
admin.site.unregister([Authenticator, AuthToken])

# A plain list to choose from: Django's two lists with arrows are hard to use by keyboard.
for model in (User, Group):
    type(admin.site.get_model_admin(model)).filter_horizontal = ()

admin.site.site_header = admin.site.site_title = format_lazy(
    _("{site} staff"), site=settings.SITE_NAME
)

admin.site.site_url = f"/{settings.URL_PREFIX}"

_site: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz),
    path("admin/setup/", admin.site.admin_view(checklist.page), name="setup"),
    path("admin/capacity/", admin.site.admin_view(capacity.page), name="capacity"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("proxying.urls")),
    path("", include("listings.urls")),
]

if settings.SWITCHBOARD:
    _site.append(path("switchboard/", include("proxying.switchboard.urls")))

if settings.SERVE_MEDIA:
    _site.append(re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}))

# Not by way of SCRIPT_NAME: that is known during a request only, and workers write links too.
urlpatterns = [path(settings.URL_PREFIX, include(_site))]
