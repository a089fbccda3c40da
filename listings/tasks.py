"""Celery's doors for listings: what time brings about, and the mails that we owe."""

from celery import shared_task

from listings import notices, reachability
from listings.purchasing import ending
from listings.selling import expiry
from listings.watching import digests


@shared_task
def follow_sellers() -> None:
    """``reachability.follow_all``: what a lost signal left behind."""
    reachability.follow_all()


@shared_task
def send_notices() -> None:
    """``notices.send_due``: the mails that we owe."""
    notices.send_due()


@shared_task
def expire_listings() -> None:
    """``expiry.run``: listings end, and their sellers are warned before."""
    expiry.run()


@shared_task
def lapse_purchases() -> None:
    """``ending.lapse_due``: requests without an answer, reservations whose time is over."""
    ending.lapse_due()


@shared_task
def run_saved_searches() -> None:
    """``digests.run_due``: mails about what saved searches have found."""
    digests.run_due()
