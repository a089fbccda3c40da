"""A nudge goes out on commit, and nobody's request fails when it cannot."""

from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from django.db import transaction
from kombu.exceptions import OperationalError

from proxying.nudges import nudge


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def listen(heard: list[str]) -> Any:
    app = Celery(set_as_current=False)
    app.conf.task_always_eager = True

    @app.task
    def listen(pk: str) -> None:
        heard.append(pk)

    return listen


@pytest.fixture
def away() -> Any:
    app = Celery(set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = "redis://127.0.0.1:9/0"

    @app.task
    def away(pk: str) -> None:
        pass

    return away


@pytest.mark.django_db(transaction=True)
def test_task_hears_of_the_row_once_it_is_committed(listen: Any, heard: list[str]) -> None:
    pk = uuid4()

    with transaction.atomic():
        nudge(listen, pk)
        assert heard == []

    assert heard == [str(pk)]


@pytest.mark.django_db(transaction=True)
def test_task_hears_nothing_of_a_row_that_is_rolled_back(listen: Any, heard: list[str]) -> None:
    with transaction.atomic():
        nudge(listen, uuid4())
        transaction.set_rollback(True)

    assert heard == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_transaction", [True, False])
def test_broker_that_is_away_fails_nobodys_request(away: Any, *, in_transaction: bool) -> None:
    with pytest.raises(OperationalError):
        away.delay("a row")

    if in_transaction:
        with transaction.atomic():
            nudge(away, uuid4())
    else:
        nudge(away, uuid4())
