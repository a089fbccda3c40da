"""A nudge: a worker is told on commit that rows wait for it. The periodic task heals a lost one."""

from functools import partial

from celery import current_app
from django.db import transaction


def nudge(task: str) -> None:
    """Sends the *task* of this name on commit. A broker that is away fails nobody's request.

    By name, because business modules import no tasks and those of proxying not at all.
    """
    transaction.on_commit(partial(_send, task), robust=True)


def _send(task: str) -> None:
    # A signature, unlike ``send_task``, runs in place where tasks are set to be eager.
    current_app.signature(task).apply_async()
