"""How long ago, as people say it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from listings.templatetags.listing_words import age


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "1 min ago"),
        (timedelta(seconds=5), "1 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(minutes=60), "1 h ago"),
        (timedelta(hours=11), "11 h ago"),
        (timedelta(hours=13), "yesterday"),
        (timedelta(days=4), "4 days ago"),
        (timedelta(days=20), "Nov 3"),
        (timedelta(days=400), "Oct 19, 2025"),
    ],
)
def test_age_is_said_in_words(passed, words):
    ten_in_the_morning = "2026-11-23T10:00:00-08:00"

    with time_machine.travel(ten_in_the_morning, tick=False):
        assert age(timezone.now() - passed) == words
