"""Forms of usage, and its rows as JSON."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from gigstream.api.fields import (
    Amount,
    Choice,
    Day,
    Id,
    Instant,
    Items,
    Name,
    StrictSerializer,
    Text,
    Whole,
    WrittenWhole,
    YesNo,
)
from gigstream.api.schema.describing import describe_rows
from gigstream.core.clock import first_of_days
from platforms.models import (
    CreatorDay,
    PlatformDay,
    UsageCorrection,
    UsageFinding,
    UsageReceipt,
    WorkDay,
)
from platforms.usage.calculations.batches import (
    LONGEST_ID,
    LONGEST_LISTENER,
    LONGEST_WORK,
    MOST_SECONDS,
    Refused,
)
from platforms.usage.calculations.packing import MOST_EVENTS
from platforms.usage.enums import KIND_WORDS, Reason
from platforms.usage.selectors import Proof
from platforms.usage.services.outcomes import UsageResult

Form = serializers.Serializer
MOST_DAYS = 366
USUAL_DAYS = 30
LARGEST_NUMBER = 2**53 - 1
_SUM_COLUMNS = (
    "day",
    "plays",
    "listeners",
    "likes",
    "comments",
    "shares",
    "seconds",
    "purchases",
    "sales",
    "tips",
)
_FOLLOWER_COLUMNS = ("followers_gained", "followers_lost")
WORK_DAY_COLUMNS = _SUM_COLUMNS
CREATOR_DAY_COLUMNS = PLATFORM_DAY_COLUMNS = (*_SUM_COLUMNS, *_FOLLOWER_COLUMNS)
RECEIPT_COLUMNS = (
    "number",
    "kind",
    "batch_id",
    "count",
    "root",
    "totals",
    "received_at",
    "previous_hash",
    "hash",
    "signature",
)
CORRECTION_COLUMNS = ("id", "created_at", "kind", "reason", "events", "reverts_id")
FINDING_COLUMNS = (
    "id",
    "day",
    "kind",
    "threshold",
    "plays",
    "found_at",
    "status",
    "contested_at",
    "contest",
    "decided_at",
    "reason",
)


class UsageEventForm(StrictSerializer):
    """A use of a work. The same id is the same event."""

    id = Text(max_length=LONGEST_ID, help_text="your own id of the event")
    work = Text(max_length=LONGEST_WORK, help_text="your own id of the work")
    kind = Choice(choices=list(KIND_WORDS))
    listener = Text(max_length=LONGEST_LISTENER, help_text="your own id of the person; it is not kept")
    occurred_at = Instant()
    seconds = Whole(min_value=0, max_value=MOST_SECONDS, required=False, help_text="of a play")
    amount = Amount(required=False, help_text="of a purchase or tip")


class UsageForm(StrictSerializer):
    """Events, each judged alone."""

    events = Items(UsageEventForm, most=MOST_EVENTS)


class BackfillForm(StrictSerializer):
    """Events of any time, each judged alone, and why they come late."""

    reason = Name(max_length=500)
    events = Items(UsageEventForm, most=MOST_EVENTS)


class EventRefForm(StrictSerializer):
    """An event by its number and time."""

    number = Whole(min_value=0, max_value=LARGEST_NUMBER)
    occurred_at = Instant()


class VoidForm(StrictSerializer):
    """Events that are not to count, all or none."""

    reason = Name(max_length=500)
    events = serializers.ListField(child=EventRefForm(), min_length=1, max_length=MOST_EVENTS)


class AmendmentForm(EventRefForm):
    """An event, and what it is to say instead."""

    new_time = Instant(required=False)
    seconds = Whole(min_value=0, max_value=MOST_SECONDS, required=False)
    amount = Amount(required=False)


class AmendForm(StrictSerializer):
    """Events that are to say something else, all or none."""

    reason = Name(max_length=500)
    events = serializers.ListField(child=AmendmentForm(), min_length=1, max_length=MOST_EVENTS)


class RevertForm(StrictSerializer):
    reason = Name(max_length=500)


class ContestForm(StrictSerializer):
    contest = Text(max_length=1000, help_text="why the plays are not artificial")


class DaysQuery(StrictSerializer):
    """Days, both inclusive; the last 30 without them."""

    first_day = Day(required=False)
    last_day = Day(required=False)


class ReceiptQuery(StrictSerializer):
    after = WrittenWhole(
        min_value=0, max_value=LARGEST_NUMBER, required=False, help_text="number of a receipt"
    )


class EventOutcome(Form):
    """Outcome of an event, by `status`."""

    status = Choice(choices=["accepted", "replayed", "refused"])
    number = Whole(required=False, help_text="of the event; for a conflict that of the one on record")
    reason = Choice(choices=Reason.values, required=False)
    detail = Text(required=False)


ReceiptRow = describe_rows(
    "ReceiptRow",
    UsageReceipt,
    RECEIPT_COLUMNS,
    batch_id=Whole(allow_null=True, help_text="of the events; empty for a correction without new ones"),
    platform_id=Id(),
    key_id=Text(help_text="`kid` of the key in the JWKS"),
)


class UsageOutcome(Form):
    """Outcomes in the order of the request, and the receipt for what was accepted."""

    receipt = ReceiptRow(allow_null=True)
    results = EventOutcome(many=True)


CorrectionRow = describe_rows("CorrectionRow", UsageCorrection, CORRECTION_COLUMNS, receipt_number=Whole())


class Difference(Form):
    """Changes of a creator's day by a correction; what stayed the same is left out."""

    creator_id = Id()
    day = Day()
    plays = Whole(required=False)
    listeners = Whole(required=False)
    likes = Whole(required=False)
    comments = Whole(required=False)
    shares = Whole(required=False)
    seconds = Whole(required=False)
    purchases = Whole(required=False)
    sales = Text(required=False, help_text="USDC; below zero it was taken back")
    tips = Text(required=False, help_text="USDC; below zero it was taken back")
    pay = Text(required=False, help_text="USDC, by rates, purchases and tips; below zero it is taken back")


class PayDifference(Form):
    """Difference of a creator's pay by a correction."""

    creator_id = Id()
    amount = Text(help_text="USDC, over all days; below zero it is taken back")


_LISTENERS_FINAL_ON: Any = serializers.ListField(
    child=Day(),
    help_text="days of it that are so old that their different listeners are counted for good: `listeners` of"
    " these stays as it was",
)
WholeCorrection = describe_rows(
    "WholeCorrection",
    UsageCorrection,
    CORRECTION_COLUMNS,
    listeners_final_on=_LISTENERS_FINAL_ON,
    receipt_number=Whole(),
    differences=Difference(many=True),
    pay=PayDifference(many=True),
)


class BackfillOutcome(UsageOutcome):
    """Outcomes in the order of the request, and the correction if any event was new."""

    correction = WholeCorrection(allow_null=True)


PlatformDayRow = describe_rows("PlatformDayRow", PlatformDay, PLATFORM_DAY_COLUMNS)
WorkDayRow = describe_rows("WorkDayRow", WorkDay, WORK_DAY_COLUMNS, creator_id=Id())
CreatorDayRow = describe_rows("CreatorDayRow", CreatorDay, CREATOR_DAY_COLUMNS)


class PlatformDays(Form):
    """Days of a platform, the newest first; a day without use has no row."""

    days = PlatformDayRow(many=True)


class WorkDays(Form):
    """Days of a work, the newest first; on the day of a move there is one for each creator."""

    days = WorkDayRow(many=True)


class CreatorDays(Form):
    """Days of a creator, the newest first; a day without use has no row."""

    days = CreatorDayRow(many=True)


class ScoreInputs(Form):
    """Sums that a score follows from: 30 days, today the last of them."""

    plays = Whole()
    followers = Whole()
    likes = Whole(help_text="less unlikes")
    comments = Whole()
    works = Whole(help_text="published in the 30 days")


class ScoreParts(Form):
    """The parts of a score, with four decimals."""

    audience = Text(help_text="plays by follower, at most 40")
    reactions = Text(help_text="likes and comments by play, at most 30")
    publishing = Text(help_text="works, at most 30")


class Score(Form):
    """An engagement score from 0 to 100, with its parts and what they follow from."""

    score = Text(help_text="with two decimals")
    parts = ScoreParts()
    inputs = ScoreInputs()


class LeafRow(Form):
    """Content of the leaf of an event."""

    number = Whole()
    work = Id()
    kind = Choice(choices=list(KIND_WORDS))
    occurred_at = Instant()
    seconds = Whole()
    amount = Amount(allow_null=True)


class ProofStep(Form):
    """A step of a proof: the hash beside the path."""

    hash = Text()
    on_left = YesNo()


class ProofAnswer(Form):
    """An event, the receipt that covers it, and the steps from one to the other (RFC 6962)."""

    event = LeafRow()
    index = Whole(help_text="place among the events of the receipt, from 0")
    steps = ProofStep(many=True)
    receipt = ReceiptRow()


class ReceiptKeyRow(Form):
    """A public key as RFC 8037 writes it."""

    kty = Text()
    crv = Text()
    use = Text()
    alg = Text()
    kid = Text()
    x = Text()


class KeySet(Form):
    """The public keys of receipts, as a JWK Set (RFC 7517)."""

    keys = ReceiptKeyRow(many=True)


FindingRow = describe_rows("FindingRow", UsageFinding, FINDING_COLUMNS)


def read_days(given: Mapping[str, Any], *, today: date) -> tuple[date, date]:
    """Return the days that a query names. Raise ValidationError for too many, or in the wrong order."""
    last: date = given.get("last_day", today)
    first: date = given.get("first_day", first_of_days(last, USUAL_DAYS))
    if not 0 <= (last - first).days < MOST_DAYS:
        raise serializers.ValidationError({"first_day": f"give up to {MOST_DAYS} days, the first one first"})
    return first, last


def result_as_json(result: UsageResult) -> dict[str, Any]:
    """Return the outcome of a batch."""
    accepted, replayed, refused = result.accepted, result.replayed, result.refused
    results: list[dict[str, Any]] = []
    for position in range(result.given):
        if position in accepted:
            results.append({"status": "accepted", "number": accepted[position]})
        elif position in replayed:
            results.append({"status": "replayed", "number": replayed[position]})
        else:
            results.append(_refused_as_json(refused[position]))
    return {
        "receipt": None if result.receipt is None else receipt_as_json(result.receipt),
        "results": results,
    }


def _refused_as_json(refused: Refused) -> dict[str, Any]:
    number = {} if refused.number is None else {"number": refused.number}
    return {"status": "refused", **number, "reason": str(refused.reason), "detail": refused.detail}


def receipt_as_json(receipt: UsageReceipt) -> dict[str, Any]:
    """Return the receipt with the name of its key."""
    columns = {name: getattr(receipt, name) for name in RECEIPT_COLUMNS}
    return {**columns, "platform_id": receipt.platform_id, "key_id": receipt.key.name}


def correction_as_json(correction: UsageCorrection) -> dict[str, Any]:
    """Return the correction with the differences that followed, those of pay also by creator."""
    pay: dict[str, Decimal] = {}
    for one in correction.differences:
        if "pay" in one:
            pay[one["creator_id"]] = pay.get(one["creator_id"], Decimal(0)) + Decimal(one["pay"])
    return {
        **{name: getattr(correction, name) for name in CORRECTION_COLUMNS},
        "receipt_number": correction.receipt.number,
        "listeners_final_on": correction.listeners_final_on,
        "differences": correction.differences,
        "pay": [{"creator_id": creator, "amount": f"{amount:.6f}"} for creator, amount in pay.items()],
    }


def days_as_json(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"days": list(rows)}


def proof_as_json(proof: Proof) -> dict[str, Any]:
    """Return the proof as `manage.py verify_usage` reads it."""
    return {
        "event": proof.content.as_json(),
        "index": proof.index,
        "steps": [{"hash": step.hash.hex(), "on_left": step.on_left} for step in proof.steps],
        "receipt": receipt_as_json(proof.receipt),
    }
