"""Redis as Celery's broker, for workers that go on after it was away.

kombu's own transport counts a message as held until Redis was told that it is done. Where Redis
cannot be told, it is held for good: after as many as a worker may hold the worker takes none any
more, waits for nothing, and so never sees that the connection is lost.
"""

from typing import Any

from kombu.transport import redis


class _QoS(redis.QoS):
    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except Transport.connection_errors:
            # Redis delivers it once more, if it has it still; here its place is free.
            super(redis.QoS, self).ack(delivery_tag)
            raise


class _Channel(redis.Channel):
    QoS = _QoS


class Transport(redis.Transport):
    Channel: Any = _Channel
