"""What staff may decide about a reported item, and the words they read on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from listings import moderation
from listings.models import Listing


class ReasonForm(forms.Form):
    """Why; the seller is told."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The seller reads it."),
        max_length=Listing._meta.get_field("hidden_reason").max_length,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )

    def __init__(self, *args: Any, required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required


@dataclass(frozen=True)
class Decision:
    """``carry_out`` takes the listing and the reason, and says whether it changed anything."""

    carry_out: Callable[[Listing, str], bool]
    question: str | Promise
    consequence: str | Promise
    button: str | Promise
    done: str | Promise
    not_done: str | Promise
    needs_reason: bool = True


DECISIONS: Final = {
    "hide": Decision(
        moderation.hide,
        question=_("Hide this item?"),
        consequence=_(
            "Nobody but its seller sees the page any more, purchases under way end, and the"
            " seller is mailed this reason. You can restore it later."
        ),
        button=_("Hide the item"),
        done=_("Item hidden."),
        not_done=_("The item was hidden already."),
    ),
    "restore": Decision(
        moderation.restore,
        question=_("Restore this item?"),
        consequence=_(
            "Everybody sees the page again, if it is for sale and its seller can be reached."
            " The seller is mailed this reason."
        ),
        button=_("Restore the item"),
        done=_("Item restored."),
        not_done=_("The item was not hidden."),
    ),
    "dismiss": Decision(
        lambda listing, _reason: moderation.dismiss(listing),
        question=_("Dismiss these reports?"),
        consequence=_("The item stays as it is, and who reported it is told that you looked."),
        button=_("Dismiss the reports"),
        done=_("Reports dismissed."),
        not_done=_("No report was waiting."),
        needs_reason=False,
    ),
}
