"""Signed notifications of transactions for subscribers, delivered at least once and in no fixed order."""

import json
import urllib.error
import urllib.request
from threading import Lock
from uuid import uuid4

from gigstream.simulators.circle.clock import Clock, format_instant
from gigstream.simulators.circle.faults import DELIVERIES, Faults
from gigstream.simulators.circle.keys import Keys, forged_signature
from gigstream.simulators.circle.store import Body, Store
from gigstream.simulators.circle.transfers import public_transaction

SUBSCRIPTION, LETTER = "subscription", "letter"
ATTEMPTS = 8
FIRST_BACKOFF = 2.0
SECONDS_TO_ANSWER = 5.0
VERSION = 2


class Notifications:
    def __init__(self, store: Store, clock: Clock, keys: Keys, faults: Faults) -> None:
        self._store, self._clock, self._keys, self._faults = store, clock, keys, faults
        self._delivering = Lock()

    def subscribe(self, endpoint: str, name: str = "") -> Body:
        now = self._clock.now()
        made = {
            "id": str(uuid4()),
            "name": name,
            "endpoint": endpoint,
            "enabled": True,
            "restricted": False,
            "notificationTypes": ["*"],
            "createDate": format_instant(now),
            "updateDate": format_instant(now),
        }
        self._store.put(SUBSCRIPTION, made)
        return made

    def notify(self, transaction: Body) -> None:
        """Write a notification of the transaction's state for each subscription."""
        for subscription in self._store.all(SUBSCRIPTION):
            if subscription["enabled"]:
                self._write(subscription, transaction)

    def _write(self, subscription: Body, transaction: Body) -> None:
        now = self._clock.now()
        kind = f"transactions.{transaction['transactionType'].lower()}"
        message = {
            "subscriptionId": subscription["id"],
            "notificationId": str(uuid4()),
            "notificationType": kind,
            "notification": public_transaction(transaction),
            "timestamp": format_instant(now),
            "version": VERSION,
        }
        # "notify" counts as a call: its faults wait with those of other calls.
        struck = self._faults.strike("notify", f"{transaction['id']} {transaction['state']}")
        wrong = {fault.delivery: fault for fault in struck if fault.delivery in DELIVERIES}
        if "lost" in wrong:
            return
        letter = {
            "id": message["notificationId"],
            "endpoint": subscription["endpoint"],
            "body": json.dumps(message),
            "due": now + (wrong["late"].seconds if "late" in wrong else 0),
            "last": "last" in wrong,
            "forged": "forged" in wrong,
            "copies": 2 if "twice" in wrong else 1,
            "attempts": 0,
        }
        self._store.put(LETTER, letter, due=letter["due"])

    def deliver(self) -> int:
        """Send the due notifications; return the number of those that were accepted."""
        with self._delivering:
            now = self._clock.now()
            due = self._store.due(LETTER, by=now)
            return sum(self._offer(letter) for letter in sorted(due, key=lambda letter: letter["last"]))

    def _offer(self, letter: Body) -> bool:
        taken = sum(self._send(letter) for _ in range(letter["copies"])) == letter["copies"]
        letter["attempts"] += 1
        letter["due"] = self._clock.now() + FIRST_BACKOFF * 2 ** letter["attempts"]
        still_open = not taken and letter["attempts"] < ATTEMPTS
        self._store.put(LETTER, letter, due=letter["due"] if still_open else None)
        return taken

    def _send(self, letter: Body) -> bool:
        body = letter["body"].encode()
        request = urllib.request.Request(  # noqa: S310 - the address is checked at subscription
            letter["endpoint"],
            data=body,
            method="POST",
            headers={
                "Content-Type": "application/json",
                "X-Circle-Key-Id": self._keys.signing_key_id,
                "X-Circle-Signature": forged_signature(body) if letter["forged"] else self._keys.sign(body),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER) as answer:  # noqa: S310
                return bool(200 <= answer.status < 300)
        except (urllib.error.URLError, OSError):
            return False
