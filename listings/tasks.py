"""Celery's doors for listings: what time brings about, and the mails that we owe."""

from celery import shared_task

from listings import notices, reachability


@shared_task
def follow_sellers() -> None:
    """``reachability.follow_all``: what a lost signal left behind."""
    reachability.follow_all()


@shared_task
def send_notices() -> None:
    """``notices.send_due``: the mails that we owe."""
    notices.send_due()
