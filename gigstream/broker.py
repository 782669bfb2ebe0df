"""kombu's Redis transport as GigStream uses it: a worker keeps all its places while Redis is away
(docs/decisions/celery-pubsub.md)."""

from queue import Empty
from typing import Any

from kombu.transport import redis, virtual

from gigstream.progress import mark


class QoS(redis.QoS):
    """Places for messages that are taken and not acknowledged.

    Upstream a place stays taken for ever when the acknowledgement does not reach Redis; a worker that has
    lost all of them so takes nothing any more. Redis returns such a message after the visibility timeout.
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
    """A channel with these places, which marks each answer to its question for work as progress."""

    QoS = QoS

    def _brpop_read(self, **options: Any) -> Any:
        try:
            answer = super()._brpop_read(**options)  # type: ignore[misc]
        except Empty:
            mark()
            raise
        mark()
        return answer


class Transport(redis.Transport):
    """The transport of `redis://`, `rediss://` and `redis+socket://`."""

    Channel = Channel
