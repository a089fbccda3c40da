"""The base of every view that stands for the virtual carrier."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request

from proxying.switchboard.api.views import TwilioView
from proxying.switchboard.errors import NotFound


class CarrierView(TwilioView):
    """404 unless the virtual carrier is on: its numbers, texts and codes are not real ones."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not settings.SWITCHBOARD_VIRTUAL_CARRIER:
            raise NotFound(request.path)
