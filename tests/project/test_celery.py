import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from kombu import Connection

from shoppingplace.celery import app
from tests.storm import processes
from tests.storm.processes import Redis


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    with processes.folder() as folder:
        redis = Redis(folder)
        try:
            yield redis
        finally:
            redis.kill()


def test_every_task_of_the_schedule_exists() -> None:
    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_worker_whose_redis_dies_while_it_works_takes_other_work_afterwards(
    own_redis: Redis,
) -> None:
    url = own_redis.url.replace("unix://", "redis+socket://")
    with Connection(url) as connection:
        channel = connection.channel()
        channel.basic_qos(0, 1, False)
        queue = connection.SimpleQueue("work", channel=channel, no_ack=False)
        queue.put("the only one that it may hold")
        held = queue.get(timeout=5)
        assert not channel.qos.can_consume()
        own_redis.kill()

        held.ack_log_error(logging.getLogger(__name__), connection.connection_errors)

        assert channel.qos.can_consume()
        own_redis.restart()
