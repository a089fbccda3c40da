"""Rows that staff look at and nobody types."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

if TYPE_CHECKING:
    # Generic for the type checker only.
    _ModelAdmin = admin.ModelAdmin[Any]
    _StackedInline = admin.StackedInline[Any, Any]
else:
    _ModelAdmin, _StackedInline = admin.ModelAdmin, admin.StackedInline


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(_ReadOnly, _ModelAdmin):
    """Lists and shows. Actions may still change something: each names its permission."""

    class Media:
        css: ClassVar = {"all": ["proxying/admin.css"]}


class ReadOnlyInline(_ReadOnly, _StackedInline):
    extra = 0
    can_delete = False
