"""Actions that take something from a person ask once more, and perhaps why."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

if TYPE_CHECKING:
    # The type checker's alone.
    from django_stubs_ext import StrOrPromise

type Action = Callable[..., HttpResponse | None]


def confirmed(
    question: "StrOrPromise",
    *,
    consequence: "StrOrPromise",
    button: "StrOrPromise",
    form_class: type[forms.Form] = forms.Form,
) -> Callable[[Action], Action]:
    """Shows *question*, the rows and the *consequence* first; runs the action on ``confirmed``.

    What else *form_class* asks is given to the action by name.
    """

    def decorator(action: Action) -> Action:
        @wraps(action)
        def wrapper(
            model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]
        ) -> HttpResponse | None:
            form = form_class(request.POST if "confirmed" in request.POST else None)
            if form.is_valid():
                return action(model_admin, request, queryset, **form.cleaned_data)
            context = {
                **model_admin.admin_site.each_context(request),
                "title": question,
                "consequence": consequence,
                "button": button,
                "form": form,
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
