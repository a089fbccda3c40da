"""Actions that take something from a person ask once more."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

if TYPE_CHECKING:
    # The type checker's alone.
    from django_stubs_ext import StrOrPromise

type Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]


def confirmed(
    question: "StrOrPromise", *, consequence: "StrOrPromise", button: "StrOrPromise"
) -> Callable[[Action], Action]:
    """Shows *question*, the rows and the *consequence* first; runs the action on ``confirmed``."""

    def decorator(action: Action) -> Action:
        @wraps(action)
        def wrapper(
            model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]
        ) -> HttpResponse | None:
            if "confirmed" in request.POST:
                return action(model_admin, request, queryset)
            context = {
                **model_admin.admin_site.each_context(request),
                "title": question,
                "consequence": consequence,
                "button": button,
                "opts": model_admin.opts,
                "objects": queryset,
                "chosen": _chosen(request),
                "action_checkbox_name": ACTION_CHECKBOX_NAME,
            }
            return TemplateResponse(request, "admin/proxying/confirm_action.html", context)

        return wrapper

    return decorator


def _chosen(request: HttpRequest) -> tuple[str, str]:
    """Name and value of the field that said which action: the list's, or the change page's."""
    from_change_page = "CHANGE_FORM-action"
    if from_change_page in request.POST:
        return from_change_page, request.POST[from_change_page]
    choices = request.POST.getlist("action")
    index = int(request.POST.get("index", 0))
    return "action", choices[index]
