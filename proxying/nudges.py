"""A nudge: a task is told that a row is waiting for it, once that row is committed."""

from functools import partial
from typing import Any
from uuid import UUID

from celery import Task
from django.db import transaction


def nudge(task: "Task[Any, Any]", *pks: UUID) -> None:
    """Sends *task* these ids on commit. A broker that is away fails nobody's request.

    The row is the promise: ``tasks.sweep`` finds it, and only seconds are lost.
    """
    transaction.on_commit(partial(task.delay, *map(str, pks)), robust=True)
