"""Redis transport of kombu that keeps a worker's message slots through an outage of Redis
(docs/decisions/celery-pubsub.md)."""

from queue import Empty
from typing import Any

from kombu.transport import redis, virtual

from gigstream.processes.progress import mark_progress


class QoS(redis.QoS):
    """Slots for messages that are taken and not acknowledged.

    Upstream, a slot stays in use for ever if the acknowledgement does not reach Redis; a worker without free
    slots takes no more messages. Redis returns such a message after the visibility timeout.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        finally:
            virtual.QoS.ack(self, delivery_tag)


class Channel(redis.Channel):
    """Channel with these slots, which marks each answer to a poll for messages as progress."""

    QoS = QoS

    def _brpop_read(self, **options: Any) -> Any:
        try:
            answer = super()._brpop_read(**options)  # type: ignore[misc]
        except Empty:
            mark_progress()
            raise
        mark_progress()
        return answer


class Transport(redis.Transport):
    """Transport of `redis://`, `rediss://` and `redis+socket://`."""

    Channel = Channel
