"""When beat sends which periodic task."""

from typing import Any


def every(*, with_switchboard: bool) -> dict[str, dict[str, Any]]:
    """``CELERY_BEAT_SCHEDULE``: seconds between runs."""
    tasks = {
        "sweep": _one_at_a_time("proxying.tasks.sweep", 15.0),
        "ask-web": _one_at_a_time("proxying.tasks.ask_web", 15.0),
        "watch-capacity": _one_at_a_time("proxying.tasks.watch_capacity", 15.0),
        "settle-aside": _one_at_a_time("proxying.tasks.settle_aside", 15.0),
        "pass-on-missed-texts": _one_at_a_time("proxying.tasks.pass_on_missed_texts", 60.0),
        "erase-sessions": _one_at_a_time("proxying.tasks.erase_sessions", 60.0),
        # A remembered route is good for a quarter of an hour.
        "remember-routes": _one_at_a_time("proxying.tasks.remember_routes", 240.0),
        "reconcile-numbers": _one_at_a_time("proxying.tasks.reconcile_numbers", 900.0),
        "keep-stock": _each("proxying.tasks.keep_stock", 600.0),
        "forget-counts": _each("proxying.tasks.forget_counts", 3600.0),
        "send-texts": _each("proxying.tasks.send_seller_texts", 15.0),
        "send-notices": _each("listings.tasks.send_notices", 60.0),
        "follow-sellers": _each("listings.tasks.follow_sellers", 60.0),
        "expire-listings": _each("listings.tasks.expire_listings", 600.0),
        "lapse-purchases": _each("listings.tasks.lapse_purchases", 300.0),
        "run-saved-searches": _each("listings.tasks.run_saved_searches", 300.0),
    }
    if with_switchboard:
        tasks["switchboard-tick"] = _each("switchboard.tick", 5.0)
    return tasks


def _each(task: str, seconds: float) -> dict[str, Any]:
    return {"task": task, "schedule": seconds}


def _one_at_a_time(task: str, seconds: float) -> dict[str, Any]:
    """One that waited for a worker until the next was sent has nothing left to do."""
    return {**_each(task, seconds), "options": {"expires": seconds}}
