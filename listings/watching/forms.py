"""What a person says about a search to keep."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from listings.models import SavedSearch


class SavedSearchForm(forms.ModelForm):  # type: ignore[type-arg]  # no parameter at run time
    class Meta:
        model = SavedSearch
        fields = ("name", "frequency")
        labels: ClassVar = {
            "name": _("Name"),
            "frequency": _("How often should we write?"),
        }
        widgets: ClassVar = {"frequency": forms.RadioSelect}

    def clean_name(self) -> Any:
        # It becomes the subject of a mail, which is one line.
        return " ".join(self.cleaned_data["name"].split())
