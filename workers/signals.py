"""Signals of the app, sent in the transaction in which they became true."""

from django.dispatch import Signal

# workers: list[Worker]
workers_registered = Signal()
# worker: Worker, locked and about to be deleted or anonymised, now: datetime
worker_deleted = Signal()
# worker: Worker, who has opened or refreshed a session, device_id: str, empty where it is unknown,
# now: datetime
signed_in = Signal()
# worker: Worker, locked, whose proved payout address was set, now: datetime
wallet_set = Signal()
# worker_id: UUID, network: str, user_id: str, now: datetime; also where the account stays another worker's
social_account_proved = Signal()
# worker: Worker, locked, whose time zone has changed, now: datetime
time_zone_changed = Signal()
# now: datetime; sent by beat once a day
day_passed = Signal()
