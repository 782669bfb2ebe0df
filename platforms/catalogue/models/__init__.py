from platforms.catalogue.models.collections import Collection, CollectionWork
from platforms.catalogue.models.creators import CreatorProfile
from platforms.catalogue.models.listeners import Follow, Listener, ListenerKey
from platforms.catalogue.models.works import Work, WorkMove, WorkRate

__all__ = [
    "Collection",
    "CollectionWork",
    "CreatorProfile",
    "Follow",
    "Listener",
    "ListenerKey",
    "Work",
    "WorkMove",
    "WorkRate",
]
